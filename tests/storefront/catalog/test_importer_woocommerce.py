"""WooCommerce's product export: attached variations, lists in one cell, kinds that the shop cannot sell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report
from storefront.catalog.models import Category, Product, ProductStatus, Redirect, Variant
from storefront.catalog.services import rename_product
from storefront.foundation.database import db
from storefront.inventory.queries import read_levels
from storefront.inventory.services import correct_stock
from tests.conftest import SHARED
from tests.factories.catalog import ACTOR, make_product
from tests.storefront.catalog.shopify_files import plain, write_export
from tests.storefront.catalog.woo_files import simple, variable, variation, write_woo

SAMPLE = SHARED / "data" / "woocommerce" / "sample_products.csv"
Run = Callable[..., Report]


@pytest.fixture
def run(app: Flask) -> Run:
    def run(path: Path, **said: Any) -> Report:
        report = import_file(Order(path=path, stock=app.extensions["stock"], actor=ACTOR, **said))
        db.session.rollback()
        return report

    return run


def product(slug: str) -> Product:
    return db.session.scalars(select(Product).where(Product.slug == slug)).one()


def stock(slug: str) -> list[tuple[str, int]]:
    return [(level.policy.value, level.on_hand) for variant in product(slug).variants
            for level in read_levels(variant.id)]


def test_the_real_sample_comes_in_whole(run: Run) -> None:
    if not SAMPLE.exists():
        pytest.skip("the real export is not on this machine")
    report = run(SAMPLE)
    assert (report.rejections, report.outcomes["created"], report.variants, report.images) == ([], 15, 22, 26)
    shirt, hoodie, album = product("t-shirt"), product("hoodie"), product("album")
    assert [(variant.sku, variant.title) for variant in shirt.variants] == [
        ("cc-t-shirt-red", "Red"), ("cc-t-shirt-blue", "Blue"), ("cc-t-shirt-green", "Green")]
    assert [option.name for option in hoodie.options] == ["Color", "Logo"]
    assert len(hoodie.variants) == 6
    red = next(variant for variant in hoodie.variants if variant.sku == "cc-hoodie-red")
    assert (red.title, red.prices[0].amount, red.prices[0].compare_at_amount) == ("Red / No", 4200, 4500)
    assert red.image is not None
    assert red.image.source_url.endswith("hoodie-no-pocket-red.png")
    assert shirt.facts == [["Size", "Large, Medium, Small"]]
    assert (album.extra["Woo: Type"], album.variants[0].needs_shipping) == ("simple, downloadable, virtual", False)
    assert album.extra["Woo: Download 1 name"] == "Album" or "Woo: Download 1 URL" in album.extra
    assert {row.slug: row.status for row in db.session.scalars(select(Product)) if row.status != "active"} == {
        "hoodie-with-pocket": ProductStatus.APPROVED, "logo-collection": ProductStatus.DRAFT,
        "classicpress-donation": ProductStatus.DRAFT}
    assert sorted(db.session.scalars(select(Category.path))) == [
        "clothing", "clothing/accessories", "clothing/hoodies", "clothing/tshirts", "donation", "music"]
    assert len(report.notes) == 6
    again = run(SAMPLE)
    assert (again.outcomes["unchanged"], db.session.scalar(select(func.count(Variant.id)))) == (15, 22)


def test_variations_attach_wherever_they_stand(run: Run, tmp_path: Path) -> None:
    report = run(write_woo(
        tmp_path, variation(20, "W-9", "Blue", Stock="3", Images="https://x.example/b.jpg"), simple(1), variable(
            9, Images="https://x.example/a.jpg, https://x.example/b.jpg"),
        variation(21, "id:9", "Green", Backorders_allowed="1", **{"Backorders allowed?": "1", "Stock": "-2"}),
        variation(22, "NOWHERE", "Red")))
    assert [str(rejection) for rejection in report.rejections] == [
        "line 6, Parent: The row belongs to “NOWHERE”, which no row of the file is."]
    row = product("thing-9")
    assert [(variant.sku, variant.title, variant.image_id is not None) for variant in row.variants] == [
        ("W-20", "Blue", True), ("W-21", "Green", False)]
    assert (len(row.images), stock("thing-9"), stock("thing-1")) == (2, [("deny", 3), ("continue", -2)],
                                                                     [("untracked", 0)])


def test_a_shared_count_is_shared_out_and_an_open_attribute_said(run: Run, tmp_path: Path) -> None:
    report = run(write_woo(tmp_path, variable(9, Stock="5"), variation(1, "W-9", "Blue", Stock="parent"),
                           variation(2, "W-9", "Green", Stock="parent"), variation(3, "W-9", "", SKU="W-ANY")))
    assert stock("thing-9") == [("deny", 3), ("deny", 2), ("untracked", 0)]
    assert [variant.title for variant in product("thing-9").variants] == ["Blue", "Green", "Any"]
    assert "Some variations of “Thing 9” leave Color open" in report.notes[0]
    assert "5 pieces for all its variations together" in report.notes[1]


def test_lists_prices_words_and_addresses(run: Run, tmp_path: Path, client: FlaskClient) -> None:
    run(write_woo(tmp_path, simple(
        1, Name="Café Cup", Categories="Home > Café, Sale", Tags="a\\, b, c", Sale_price="8", Tax_class="reduced-rate",
        Short_description="<b>Short</b> words", Description="One\\n\\nTwo", Permalink="https://old.example/product/cup-2/",
        Attribute_1_name="Size", **{"Weight (kg)": "1.5", "Meta: _wp_old_slug": "first-cup", "Type": "simple, virtual",
                                    "Attribute 1 value(s)": "S, M", "Attribute 1 visible": "1"}),
        simple(2, Sale_price="8", Date_sale_price_ends="2020-01-01"), simple(3, Name="Thing 2", SKU="")))
    row = product("cup-2")
    assert ([category.path for category in row.categories], row.tags) == (["home/cafe", "sale"], ["a, b", "c"])
    assert (row.subtitle, row.tax_category) == ("Short words", "reduced-rate")
    assert row.description == "<p>One</p>\n<p>Two</p>"
    variant = row.variants[0]
    assert (variant.prices[0].amount, variant.prices[0].compare_at_amount) == (800, 1000)
    assert (variant.weight_grams, variant.needs_shipping, row.facts) == (1500, False, [["Size", "S, M"]])
    assert product("thing-2").variants[0].prices[0].amount == 1000
    assert product("thing-2-2").variants[0].sku is None
    for old in ("/p/first-cup", "/product/cup-2/", "/products/cup-2"):
        answer = client.get(old)
        assert answer.status_code in (301, 308), old
        assert answer.location.endswith("/p/cup-2")


def test_identity_is_the_sku_or_the_number_and_not_the_name(run: Run, tmp_path: Path) -> None:
    make_product(slug="thing-1", amount=700)  # has the SKU THING-1
    run(write_woo(tmp_path, simple(1), simple(2, SKU="")))
    assert (product("thing-1").lowest_amount, product("thing-1-2").lowest_amount) == (700, 1000)
    report = run(write_woo(tmp_path, simple(2, SKU="", Name="Renamed"), simple(1, Name="Other", Regular_price="12")))
    assert report.outcomes["updated"] == 2
    assert (product("thing-2").name, product("thing-1-2").name) == ("Renamed", "Other")
    assert product("thing-1-2").lowest_amount == 1200


def test_what_staff_decided_and_sold_stays(run: Run, tmp_path: Path) -> None:
    path = write_woo(tmp_path, simple(1, Stock="9", Categories="Cups"))
    run(path)
    correct_stock(variant_id=product("thing-1").variants[0].id, delta=-4, actor=ACTOR, reason="sold")
    rename_product(product_id=product("thing-1").id, slug="cup", actor=ACTOR)
    assert run(path).outcomes["unchanged"] == 1
    assert stock("cup") == [("deny", 5)]
    assert run(write_woo(tmp_path, simple(1, Stock="7", Categories="Cups"))).stock_counted == 1
    assert stock("cup") == [("deny", 7)]


@pytest.mark.parametrize(("said", "column", "words"), [
    ({"Regular price": ""}, "Regular price", "no price"), ({"Regular price": "1,500"}, "Regular price", "not an"),
    ({"Name": "///"}, "Name", "no name"), ({"Published": "yes"}, "Published", "none of 1, 0, -1"),
    ({"Stock": "many"}, "Stock", "no number"), ({"Weight (kg)": "heavy"}, "Weight (kg)", "no weight"),
    ({"Date sale price ends": "soon", "Sale price": "1"}, "Date sale price ends", "no date"),
    ({"SKU": "W-1"}, "Parent", "already the product of line 2"), ({"SKU": "S" * 121}, "SKU", "121 characters"),
    ({"Type": "variable"}, "Type", "None of its variations"),
])
def test_a_bad_cell_is_named_and_keeps_nothing_else_out(
    run: Run, tmp_path: Path, said: dict[str, str], column: str, words: str
) -> None:
    report = run(write_woo(tmp_path, simple(1), simple(2, **said), simple(3)))
    assert [(rejection.line, rejection.column) for rejection in report.rejections] == [(3, column)]
    assert words in report.rejections[0].reason
    assert list(db.session.scalars(select(Product.slug).order_by(Product.id))) == ["thing-1", "thing-3"]


def test_a_bad_picture_and_an_unknown_kind_are_said(run: Run, tmp_path: Path) -> None:
    report = run(write_woo(tmp_path, simple(1, Images="a.jpg, https://x.example/a.jpg"), simple(2, Type="bundle")))
    assert [(rejection.column, rejection.line) for rejection in report.rejections] == [("Images", 2)]
    assert len(product("thing-1").images) == 1
    assert product("thing-2").status is ProductStatus.DRAFT
    assert "of the type bundle" in report.notes[0]


def test_an_address_leads_on_through_renames_until_another_takes_it(
    run: Run, tmp_path: Path, client: FlaskClient
) -> None:
    run(write_export(tmp_path, plain("a", Variant_SKU="A")))
    for slug in ("b", "c"):
        rename_product(product_id=db.session.query(Product.id).scalar(), slug=slug, actor=ACTOR)
        db.session.rollback()
    for old in ("a", "b"):
        assert client.get(f"/p/{old}").location.endswith("/p/c")
    # A file with both is of two products: the old address is taken again, and the rest of the chain stays.
    report = run(write_export(tmp_path, plain("c", Variant_SKU="A"), plain("a", Variant_SKU="NEW")))
    assert report.outcomes["created"] == 1
    assert client.get("/p/a").status_code == 200
    assert client.get("/p/b").location.endswith("/p/c")
    assert [row.slug for row in db.session.scalars(select(Redirect))] == ["b"]
    rename_product(product_id=product("a").id, slug="d", actor=ACTOR)
    assert client.get("/p/a").location.endswith("/p/d")
