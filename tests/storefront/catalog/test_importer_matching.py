"""Which product of the shop a file means: one SKU in common makes no product another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report
from storefront.catalog.importer.undo import undo_import
from storefront.catalog.models import Product, Redirect, Variant
from storefront.foundation.database import db
from tests.factories.catalog import ACTOR
from tests.storefront.catalog.shopify_files import BOWL, plain, write_export

Import = Callable[..., Report]


@pytest.fixture
def run(app: Flask, tmp_path: Path) -> Import:
    def run(*rows: dict[str, str], **said: Any) -> Report:
        order = Order(path=write_export(tmp_path, *rows), stock=app.extensions["stock"], actor=ACTOR, **said)
        report = import_file(order)
        db.session.rollback()
        return report

    return run


def shown() -> list[tuple[str, str]]:
    rows = db.session.execute(select(Product.slug, Product.name).order_by(Product.id)).all()
    return [(slug, name) for slug, name in rows]


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_one_sku_in_common_takes_no_product_over(run: Import, is_dry_run: bool) -> None:
    run(*BOWL)
    report = run(plain("new-thing", Title="New Thing", Variant_SKU="LB-F"), plain("other"), is_dry_run=is_dry_run)
    assert [str(rejection) for rejection in report.rejections] == [
        "line 2, Variant SKU: SKU LB-F belongs to Low Bowl (/p/low-bowl); a product of another address is taken for it "
        "only with exactly its SKUs. Give it that address or another SKU."]
    assert report.outcomes["created"] == 1
    assert shown()[0] == ("low-bowl", "Low Bowl")
    assert not any(db.session.scalars(select(Variant.is_archived)))


def test_a_product_with_more_than_the_skus_of_another_is_another(run: Import) -> None:
    run(plain(Variant_SKU="C"))
    two = ({**plain("box", Variant_SKU="C"), "Option1 Name": "Size", "Option1 Value": "S"},
           {"Handle": "box", "Option1 Value": "L", "Variant Price": "1", "Variant SKU": "D"})
    assert run(*two).outcomes["rejected"] == 1
    assert shown() == [("card", "Card")]


def test_all_of_its_skus_are_the_product_and_the_dry_run_says_what_it_becomes(run: Import, app: Flask) -> None:
    run(*BOWL)
    renamed = [{**row, "Handle": "new-thing"} for row in BOWL]
    renamed[0]["Title"] = "New Thing"
    report = run(*renamed, is_dry_run=True)
    assert report.changes == [
        "new-thing would be updated: Low Bowl becomes New Thing; /p/low-bowl leads to /p/new-thing"]
    assert shown() == [("low-bowl", "Low Bowl")]
    run(*renamed)
    assert shown() == [("new-thing", "New Thing")]
    assert list(db.session.scalars(select(Redirect.slug))) == ["low-bowl"]


def test_an_address_alone_is_a_change_that_can_be_undone(run: Import, app: Flask) -> None:
    run(*BOWL)
    report = run(*({**row, "Handle": "shallow-bowl"} for row in BOWL))
    assert (report.outcomes["updated"], shown()) == (1, [("shallow-bowl", "Low Bowl")])
    undo_import(import_id=report.import_id, stock=app.extensions["stock"], actor=ACTOR)
    db.session.rollback()
    assert shown() == [("low-bowl", "Low Bowl")]
