"""Export and import again: nothing changes, in this shop or in another."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from demo.seed import seed_shop
from storefront.catalog.entries import ImageEntry, OptionEntry, OptionValueEntry, ProductEntry, VariantEntry
from storefront.catalog.exporter import Export
from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report
from storefront.catalog.media import store_picture
from storefront.catalog.models import Price, ProductStatus, Variant
from storefront.catalog.services import change_status, save_product
from storefront.foundation.csv_files import guard, unguard
from storefront.foundation.database import db
from storefront.inventory.services import correct_stock, receive_stock
from tests.conftest import SHARED
from tests.factories.catalog import ACTOR, make_category, make_product
from tests.storefront.catalog.catalog_dump import all_rows, dump
from tests.storefront.catalog.shopify_files import BOWL, plain, write_export
from tests.storefront.catalog.test_media import picture
from tests.storefront.catalog.woo_files import simple, variable, variation, write_woo

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''-1", "'quoted'", "plain", "", "'")


@pytest.fixture
def run(app: Flask) -> Callable[..., Report]:
    def run(path: Path, **said: Any) -> Report:
        report = import_file(Order(path=path, stock=app.extensions["stock"], actor=ACTOR, **said))
        db.session.rollback()
        return report

    return run


def export(app: Flask, folder: Path) -> Path:
    path = folder / "export-of-this-shop.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(Export(app.extensions["stock"]).pieces())
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def assert_round(app: Flask, run: Callable[..., Report], folder: Path) -> Path:
    """Export, import, and find every product unchanged and the catalog as it was."""
    goods, before = len(dump()["products"]), all_rows()
    path = export(app, folder)
    report = run(path)
    assert (report.rejections, report.changes, report.notes) == ([], [], [])
    assert report.outcomes == {"created": 0, "updated": 0, "unchanged": goods, "rejected": 0}
    assert report.done > 0
    assert all_rows() == before
    return path


def test_a_file_of_each_kind_comes_round(app: Flask, run: Callable[..., Report], tmp_path: Path) -> None:
    run(write_export(tmp_path, *BOWL, plain(Published="false"), plain("draft", Status="draft"),
                     plain("old", Status="archived"), plain("untracked", Variant_Inventory_Tracker=""),
                     plain("odd", Variant_Barcode="ABC", Title="=HYPERLINK(1)", Vendor="@home")))
    run(write_woo(tmp_path, simple(1, Stock="5", Tags="-5%"), variable(9), variation(10, "W-9", "Blue"),
                  variation(11, "id:9", "Green", Sale_price="8"), simple(2, Type="grouped", Regular_price="")))
    path = assert_round(app, run, tmp_path)
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows_of(path) for cell in row.values())
    assert {row["Title"] for row in rows_of(path)} >= {"'=HYPERLINK(1)"}


def test_what_staff_did_comes_round(app: Flask, run: Callable[..., Report], tmp_path: Path) -> None:
    """Words, swatches, facts, uploads, several categories, counts that moved, products taken off sale."""
    run(write_export(tmp_path, *BOWL))
    key = store_picture(picture(400, 200)).key
    made = make_vase(key)
    make_product(slug="tray", stock=3, policy="continue", status="draft")
    make_product(slug="mug", stock=0, policy="untracked")
    change_status(product_id=make_product(slug="lamp").id, status="inactive", actor=ACTOR)
    correct_stock(variant_id=made, delta=-4, actor=ACTOR, reason="sold")
    assert_round(app, run, tmp_path)


def make_vase(key: str) -> int:
    for path in ("ceramics/vases", "gifts"):
        make_category(path)
    result = save_product(actor=ACTOR, entry=ProductEntry(
        slug="vase", name="Vase", subtitle="Tall", facts=(("Height", "30 cm"), ("Care", "a, b")),
        tags=("one, two", "three"), categories=("ceramics/vases", "gifts"), brand="Café", seo_title="-10%",
        description="<p>a</p>\n<p>b</p>", tax_category="books", images=(ImageEntry(key=key, alt="A vase"),),
        status=ProductStatus.ACTIVE,
        options=(OptionEntry(name="Glaze", values=(OptionValueEntry(value="Fog", swatch="#aabbcc"),
                                                   OptionValueEntry(value="Moss"))),),
        variants=(VariantEntry(sku="V-M", amount=100, values=("Moss",), image_index=0),
                  VariantEntry(sku="V-F", amount=200, values=("Fog",), compare_at_amount=300, needs_shipping=False))))
    variant_id = db.session.query(Variant.id).filter_by(product_id=result.product_id, sku="V-F").scalar()
    receive_stock(variant_id=variant_id, quantity=9, actor=ACTOR)
    return int(variant_id)


def test_the_demo_shop_comes_round(app: Flask, run: Callable[..., Report], tmp_path: Path) -> None:
    seed_shop(keys={})
    assert_round(app, run, tmp_path)


@pytest.mark.parametrize("name", ["apparel", "home-and-garden"])
def test_a_real_export_comes_round(app: Flask, run: Callable[..., Report], tmp_path: Path, name: str) -> None:
    source = SHARED / "data" / "shopify" / f"{name}.csv"
    if not source.exists():
        pytest.skip("the real exports are not on this machine")
    run(source)
    path = assert_round(app, run, tmp_path)
    assert run(source).outcomes["unchanged"] == 20
    said = {row["Handle"]: row for row in reversed(rows_of(source))}
    for row in reversed(rows_of(path)):
        for column in ("Title", "Vendor", "Type", "Tags", "Published", "Option1 Value", "Variant Inventory Qty"):
            if row["Title"]:
                assert row[column] == said[row["Handle"]][column], (row["Handle"], column)


def test_no_cell_is_a_formula_and_none_is_lost() -> None:
    for cell in FORMULAS:
        assert not guard(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
        assert unguard(guard(cell)) == cell


def test_the_command_writes_the_file_and_says_what_it_left_out(app: Flask, tmp_path: Path) -> None:
    make_product(slug="bowl")
    for price in db.session.query(Price):
        price.currency = "JPY"
    db.session.commit()
    make_product(slug="mug")
    result = app.test_cli_runner().invoke(args=["catalog", "export", str(tmp_path / "out.csv")])
    assert result.output == ("1 product in 1 row written to out.csv, for Shopify.\n"
                             "  “bowl” has no price; it was left out.\n")
    assert [row["Handle"] for row in rows_of(tmp_path / "out.csv")] == ["mug"]
    result = app.test_cli_runner().invoke(args=["catalog", "export", str(tmp_path / "no" / "out.csv")])
    assert result.exit_code == 1
    assert "No such file or directory" in result.output
