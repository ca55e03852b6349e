"""Categories and brands that an import makes: after the shop's own, told beforehand, gone with its undo if empty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.import_models import LineKind
from storefront.catalog.importer import importing
from storefront.catalog.importer.columns import CATEGORIES
from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report, read_lines
from storefront.catalog.importer.undo import undo_import
from storefront.catalog.models import Brand, Category
from storefront.catalog.services import save_category
from storefront.foundation.database import db
from tests.factories.catalog import ACTOR, make_category, make_product
from tests.storefront.catalog.shopify_files import COLUMNS, plain, text_of


def run(app: Flask, tmp_path: Path, *rows: dict[str, str], **said: Any) -> Report:
    path = tmp_path / "export.csv"
    path.write_text(text_of(rows, [*COLUMNS, CATEGORIES]))
    report = import_file(Order(path=path, stock=app.extensions["stock"], actor=ACTOR, **said))
    db.session.rollback()
    return report


def undo(app: Flask, report: Report) -> dict[str, str]:
    """Undo the import; return why which category or brand stays."""
    undo_import(import_id=report.import_id, stock=app.extensions["stock"], actor=ACTOR)
    db.session.rollback()
    return {line.name: line.text for line in read_lines(report.import_id, LineKind.KEPT) if line.column}


def paths() -> list[str]:
    return list(db.session.scalars(select(Category.path).order_by(Category.position, Category.path)))


ROWS = (plain("a", Type="Aprons", Vendor="Acme"), plain("b", Type="Bells", Vendor="Acme"),
        plain("c", Vendor="Bolt", **{CATEGORIES: "cups/small"}))


def test_a_dry_run_names_what_would_be_new_once(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH", 1)
    report = run(app, tmp_path, *ROWS, plain("d", Type="Bells"), is_dry_run=True)
    said = list(report.counted())
    assert "4 categories would be new: Aprons, Bells, Cups, Small." in said
    assert "2 brands would be new: Acme, Bolt." in said
    assert [line.split(":")[0] for line in report.changes] == [f"{slug} would be created" for slug in "abcd"]
    assert paths() == []
    report = run(app, tmp_path, *ROWS)
    assert "4 categories are new: Aprons, Bells, Cups, Small." in report.counted()
    assert not any("new" in sentence for sentence in run(app, tmp_path, *ROWS).counted())


def test_new_categories_stand_after_those_of_the_shop(app: Flask, tmp_path: Path) -> None:
    save_category(path="zips", name="Zips", position=7)
    save_category(path="cups", name="Cups", position=3)
    save_category(path="cups/tall", name="Tall", position=2)
    run(app, tmp_path, *ROWS)
    places = dict(db.session.execute(select(Category.path, Category.position)).all())
    assert places == {"cups": 3, "zips": 7, "aprons": 8, "bells": 9, "cups/tall": 2, "cups/small": 3}


def test_undo_takes_what_is_empty_and_names_what_stays(app: Flask, tmp_path: Path) -> None:
    make_category("own")
    report = run(app, tmp_path, *ROWS, plain("d", Type="Drums"), plain("e", Type="Eggs"))
    make_product(slug="ours", categories=("bells",), brand="Bolt")
    save_category(path="cups/small/tiny", name="Tiny")
    save_category(path="drums", name="Drums", intro="Loud.", position=3)
    assert undo(app, report) == {
        "Bells": "Products lie in it.", "Small": "Categories lie below it.", "Cups": "Categories lie below it.",
        "Drums": "It was edited after the import.", "Bolt": "Products are of it."}
    assert sorted(paths()) == ["bells", "cups", "cups/small", "cups/small/tiny", "drums", "own"]
    assert list(db.session.scalars(select(Brand.name).order_by(Brand.name))) == ["Bolt"]
    again = run(app, tmp_path, *ROWS)
    assert again.outcomes["created"] == 3
    assert "1 category is new: Aprons." in again.counted()


def test_a_category_that_was_made_for_a_refused_change_is_not_believed_to_be_there(app: Flask, tmp_path: Path) -> None:
    run(app, tmp_path, plain("a", Variant_SKU="A"), plain("b", Variant_SKU="B"))
    report = run(app, tmp_path, plain("a", Variant_SKU="B", Type="New"), plain("c", Type="New"), plain("b", Type="New"))
    assert [rejection.line for rejection in report.rejections] == [2]
    assert paths() == ["new"]
    assert "1 category is new: New." in report.counted()
