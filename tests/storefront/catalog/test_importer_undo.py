"""Undo puts back what an import changed, as long as nobody changed it since, and says what it could not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.import_models import Import, ImportState, LineKind
from storefront.catalog.importer import undo as undoing
from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report, read_lines
from storefront.catalog.importer.undo import CannotUndo, count_undone, undo_import
from storefront.catalog.models import Product, ProductStatus, Redirect
from storefront.catalog.services import change_status
from storefront.foundation.database import db
from storefront.inventory.services import correct_stock, receive_stock
from tests.factories.catalog import ACTOR, make_product
from tests.storefront.catalog.catalog_dump import dump
from tests.storefront.catalog.shopify_files import BOWL, plain, write_export
from tests.storefront.catalog.woo_files import simple, write_woo


def run(app: Flask, path: Path, **said: Any) -> Report:
    report = import_file(Order(path=path, stock=app.extensions["stock"], actor=ACTOR, **said))
    db.session.rollback()
    return report


def undo(app: Flask, report: Report, **said: Any) -> dict[str, str]:
    """Undo the import and return what stayed and why, by slug."""
    undo_import(import_id=report.import_id, stock=app.extensions["stock"], actor=ACTOR, **said)
    db.session.rollback()
    return {line.slug: line.text for line in read_lines(report.import_id, LineKind.KEPT)}


def products() -> dict[str, Any]:
    found: dict[str, Any] = dump(with_ledgers=False)["products"]
    return found


def test_what_an_import_made_goes_off_sale_and_can_come_again(app: Flask, tmp_path: Path) -> None:
    path = write_export(tmp_path, *BOWL, plain(Variant_SKU="C"), plain("old", Status="archived"))
    report = run(app, path)
    came = products()
    assert undo(app, report) == {}
    assert products() == {}
    gone = db.session.scalars(select(Product).order_by(Product.id)).all()
    assert {row.status for row in gone} == {ProductStatus.DISCONTINUED}
    assert [row.slug for row in gone] == [f"{slug}-undone-{row.id}" for slug, row in
                                          zip(("low-bowl", "card", "old"), gone, strict=True)]
    row = db.session.get_one(Import, report.import_id)
    assert (row.state, count_undone(row.id)) == (ImportState.UNDONE, (3, 0))
    assert run(app, path).outcomes["created"] == 3
    assert products() == came
    with pytest.raises(CannotUndo):
        undo(app, report)


def test_what_was_there_is_as_it_was(app: Flask, tmp_path: Path) -> None:
    run(app, write_export(tmp_path, *BOWL, plain(), plain("gone"), plain("renamed", Variant_SKU="R")))
    change_status(product_id=db.session.query(Product.id).filter_by(slug="card").scalar(), status="inactive",
                  actor=ACTOR)
    before = products()
    changed = [dict(row) for row in BOWL[:1]]
    changed[0] |= {"Title": "Other", "Variant Price": "99", "Variant Inventory Qty": "70", "Vendor": "Else",
                   "Type": "Else", "Image Src": "https://cdn.example/new.jpg", "Option1 Value": "New"}
    report = run(app, write_export(
        tmp_path, *changed, plain(Variant_Inventory_Qty="50", Published="TRUE"), plain("gone", Status="archived"),
        plain("new-name", Variant_SKU="R")))
    assert report.outcomes["updated"] == 4
    assert products() != before
    assert undo(app, report) == {}
    assert products() == before
    assert db.session.get_one(Redirect, "new-name").product_id


def test_what_somebody_changed_since_stays_and_is_said(app: Flask, tmp_path: Path) -> None:
    made = make_product(slug="mug", stock=0)
    first = run(app, write_export(tmp_path, plain("a"), plain("b"), plain("c"), plain("mug", Variant_SKU="MUG")))
    later = run(app, write_export(tmp_path, plain("a", Title="Later")))
    b = db.session.scalars(select(Product).where(Product.slug == "b")).one()
    correct_stock(variant_id=b.variants[0].id, delta=-1, actor=ACTOR, reason="sold")
    kept = undo(app, first)
    assert kept == {"a": "It was changed after the import.", "b": "It was sold or counted after the import."}
    assert sorted(products()) == ["a", "b", "mug"]
    assert products()["mug"]["name"] == "Mug"
    assert products()["mug"]["levels"] == [[("deny", 0, 0, 0)]]
    assert undo(app, later) == {}
    assert products()["a"]["name"] == "A"
    assert made.id


def test_units_that_were_sold_since_stay_counted(app: Flask, tmp_path: Path) -> None:
    run(app, write_export(tmp_path, plain(Variant_Inventory_Qty="2")))
    report = run(app, write_export(tmp_path, plain(Variant_Inventory_Qty="9")))
    variant_id = db.session.scalars(select(Product)).one().variants[0].id
    correct_stock(variant_id=variant_id, delta=-1, actor=ACTOR, reason="sold")
    assert undo(app, report) == {}
    assert products()["card"]["levels"] == [[("deny", 1, 0, 0)]]


def test_what_an_import_made_goes_in_as_many_statements_however_much_it_is(
    app: Flask, tmp_path: Path, count_queries: Callable[[], int]
) -> None:
    counts = []
    for number in (2, 9):
        report = run(app, write_export(tmp_path, *(plain(f"p-{place}", Variant_SKU=f"P{place}", Type="Cards")
                                                   for place in range(number))))
        count_queries()
        assert undo(app, report) == {}
        counts.append(count_queries())
    assert counts[0] == counts[1]


def test_one_whose_units_lie_elsewhere_stays_alone(app: Flask, tmp_path: Path) -> None:
    report = run(app, write_export(tmp_path, plain("a", Variant_SKU="A"), plain("b", Variant_Inventory_Qty="4"),
                                   plain("c", Variant_SKU="C")))
    b = db.session.scalars(select(Product).where(Product.slug == "b")).one().variants[0].id
    correct_stock(variant_id=b, delta=-1, actor=ACTOR, reason="moved")
    receive_stock(variant_id=b, quantity=1, actor=ACTOR, location_code="attic")
    assert undo(app, report) == {"b": "It was sold or counted after the import."}
    assert sorted(products()) == ["b"]


def test_undo_goes_on_where_it_was_stopped(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "BATCH", 3)
    report = run(app, write_woo(tmp_path, *(simple(number) for number in range(1, 9))))
    assert not undo_import(import_id=report.import_id, stock=app.extensions["stock"], actor=ACTOR, seconds=1e-9)
    db.session.rollback()
    assert len(products()) == 5
    undo(app, report)
    assert products() == {}
    assert run(app, write_woo(tmp_path, *(simple(number) for number in range(1, 9)))).outcomes["created"] == 8


def test_there_is_nothing_to_undo_of_a_dry_run(app: Flask, tmp_path: Path) -> None:
    report = run(app, write_export(tmp_path, plain()), is_dry_run=True)
    with pytest.raises(CannotUndo, match="nothing to undo"):
        undo(app, report)
    result = app.test_cli_runner().invoke(args=["catalog", "undo", "99"])
    assert (result.exit_code, result.output) == (1, "There is no such import.\n")


def test_the_command_says_what_it_put_back(app: Flask, tmp_path: Path) -> None:
    path = write_export(tmp_path, plain(), plain("b"))
    imported = app.test_cli_runner().invoke(args=["catalog", "import", str(path)])
    assert "`flask catalog undo 1` puts back what this import changed." in imported.output
    row = db.session.scalars(select(Product).where(Product.slug == "b")).one()
    change_status(product_id=row.id, status="inactive", actor=ACTOR)
    result = app.test_cli_runner().invoke(args=["catalog", "undo", "1"])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "1 product put back, 1 left as it is.",
        "  b: It was changed after the import."]
