"""A decimal comma is read where a whole column can mean nothing else; what may be a thousand is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report
from storefront.catalog.models import Price, Product, Variant
from storefront.foundation.csv_files import Row
from storefront.foundation.database import db
from storefront.foundation.decimals import DecimalSigns, read_commas
from tests.factories.catalog import ACTOR
from tests.storefront.catalog.shopify_files import plain, write_export
from tests.storefront.catalog.woo_files import simple, variable, variation, write_woo


def run(app: Flask, path: Path) -> Report:
    report = import_file(Order(path=path, stock=app.extensions["stock"], actor=ACTOR))
    db.session.rollback()
    return report


def amounts() -> dict[str, int]:
    rows = db.session.execute(select(Product.slug, Price.amount).join(Variant, Variant.product_id == Product.id)
                              .join(Price, Price.variant_id == Variant.id).order_by(Price.id))
    return dict(rows.all())


@pytest.mark.parametrize(("cell", "read"), [
    ("12,50", "12.50"), ("12,5", "12.5"), ("0,05", "0.05"), ("1,234", "1,234"), ("1.234,50", "1.234,50"),
    ("1,2,3", "1,2,3"), (",50", ",50"), ("12,", "12,"), ("-1,50", "-1,50"), ("١,٥", "١,٥"), ("12", "12"), ("", ""),
])
def test_only_one_comma_with_one_or_two_figures_behind_it_is_a_decimal_sign(cell: str, read: str) -> None:
    assert read_commas(Row(2, {"Price": cell}), ["Price"])["Price"] == read


def test_one_point_in_a_column_makes_its_commas_doubtful() -> None:
    signs = DecimalSigns(("Price", "Weight", "Depth"))
    for price, weight in (("12,50", "1,5"), ("1,234", "2"), ("7", "2.5")):
        signs.note(Row(2, {"Price": price, "Weight": weight}))
    assert signs.commas == {"Price"}
    assert DecimalSigns(signs.undecided, signs.commas).commas == {"Price"}


def test_a_file_with_commas_is_taken_to_the_cent_and_a_thousand_is_not_guessed(app: Flask, tmp_path: Path) -> None:
    rows = [plain("a", Variant_Price="12,50"), plain("b", Variant_Price="7"), plain("c", Variant_Price="1,234")]
    report = run(app, write_export(tmp_path, *rows))
    assert [(rejection.line, rejection.column) for rejection in report.rejections] == [(4, "Variant Price")]
    assert amounts() == {"a": 1250, "b": 700}
    assert run(app, write_export(tmp_path, *rows)).outcomes["unchanged"] == 2


def test_a_column_of_both_signs_keeps_its_points_alone(app: Flask, tmp_path: Path) -> None:
    report = run(app, write_export(tmp_path, plain("a", Variant_Price="12,50"), plain("b", Variant_Price="7.25")))
    assert [rejection.line for rejection in report.rejections] == [2]
    assert amounts() == {"b": 725}


def test_rows_that_stand_apart_from_their_product_are_read_alike(app: Flask, tmp_path: Path) -> None:
    path = write_woo(tmp_path, variation(10, "W-9", "Blue", Regular_price="3,25"), variable(9),
                     simple(1, Regular_price="9,90", **{"Weight (kg)": "0,25"}))
    assert run(app, path).rejections == []
    assert amounts() == {"thing-9": 325, "thing-1": 990}
    assert sorted(db.session.scalars(select(Variant.weight_grams))) == [0, 250]
