"""Importing Shopify's product export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog import services
from storefront.catalog.entries import VariantEntry
from storefront.catalog.importer.importing import import_file
from storefront.catalog.importer.order import Order
from storefront.catalog.importer.report import Report
from storefront.catalog.models import Category, Image, ImageState, Product, ProductStatus, Variant
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.models import StockMovement
from storefront.inventory.queries import read_levels
from storefront.inventory.services import correct_stock
from tests.factories.catalog import ACTOR, make_category, make_product, product_entry
from tests.storefront.catalog.catalog_dump import all_rows
from tests.storefront.catalog.shopify_files import BOWL, plain, write_export
from tests.storefront.catalog.test_media import picture

Import = Callable[..., Report]
REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "shopify"


@pytest.fixture
def run(app: Flask) -> Import:
    def run(path: Path, **said: Any) -> Report:
        order = Order(path=path, **{"stock": app.extensions["stock"], "actor": ACTOR} | said)
        report = import_file(order, lambda position, report: None)
        db.session.rollback()
        return report

    return run


def product(slug: str) -> Product:
    return db.session.scalars(select(Product).where(Product.slug == slug)).one()


def stock(slug: str) -> list[tuple[str, int]]:
    """Policy and what is on hand, by variant."""
    return [(level.policy.value, level.on_hand) for variant in product(slug).variants
            for level in read_levels(variant.id)]


def test_a_product_comes_with_all_that_its_rows_say(run: Import, tmp_path: Path) -> None:
    report = run(write_export(tmp_path, *BOWL))
    assert report.rejections == []
    assert report.outcomes == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 0}
    row = product("low-bowl")
    assert (row.name, row.description) == ("Low Bowl", "<p>Wide, <strong>shallow</strong></p>")
    assert (row.brand.name, row.category.path, row.category.name) == ("Plainsong", "bowls", "Bowls")
    assert (row.tags, row.status, row.seo_title, row.seo_description) == (
        ["thrown", "stoneware"], ProductStatus.ACTIVE, "A bowl", "Wide")
    assert [(o.name, [v.value for v in o.values]) for o in row.options] == [
        ("Glaze", ["Moss", "Fog"]), ("Colour", ["Green", "Grey"])]
    assert [(v.sku, v.title, v.weight_grams, v.gtin, v.prices[0].amount, v.prices[0].compare_at_amount)
            for v in row.variants] == [("LB-M", "Moss / Green", 420, "4006381333931", 2400, 3000),
                                       ("LB-F", "Fog / Grey", 420, "", 2600, None)]
    assert [(i.source_url, i.alt, i.state) for i in row.images] == [
        ("https://cdn.example/a.jpg", "A bowl", ImageState.PENDING),
        ("https://cdn.example/b.jpg?v=1", "The rim", ImageState.PENDING),
        ("https://cdn.example/c.jpg", "", ImageState.PENDING)]
    assert [v.image.source_url if v.image else None for v in row.variants] == [None, "https://cdn.example/a.jpg"]
    assert row.extra == {"Product Category": "Home & Garden > Kitchen", "Type": "Bowls", "Published": "true",
                         "Gift Card": "false", "Status": "active",
                         "Hand feel (product.metafields.custom.hand)": "smooth"}
    assert row.variants[0].extra["Cost per item"] == "9.50"
    assert stock("low-bowl") == [("deny", 7), ("continue", -2)]
    names = db.session.scalars(select(OutboxEvent.name)).all()
    assert [name for name in names if name == "ImageAdded"] == ["ImageAdded"] * 3


def test_a_second_import_changes_nothing_and_says_so(run: Import, tmp_path: Path) -> None:
    path = write_export(tmp_path, *BOWL, plain(), plain("print", Type="Paper"))
    run(path)
    before = all_rows()
    report = run(path)
    assert report.outcomes == {"created": 0, "updated": 0, "unchanged": 3, "rejected": 0}
    assert "Nothing changed: the shop already says what the file says." in report.lines()
    assert all_rows() == before


def test_default_title_is_no_option(run: Import, tmp_path: Path) -> None:
    run(write_export(tmp_path, plain(), plain("book", Option1_Value="Walden")))
    assert (product("card").options, product("card").variants[0].title) == ([], "")
    assert [o.name for o in product("book").options] == ["Title"]


@pytest.mark.parametrize(("said", "status"), [
    ({}, "active"), ({"Published": "false"}, "approved"), ({"Status": "draft"}, "draft"), ({"Status": ""}, "active"),
    ({"Status": "", "Published": "false"}, "draft"), ({"Status": "archived"}, "discontinued"),
    ({"Status": "unlisted"}, "approved"), ({"Gift_Card": "true"}, "draft"),
])
def test_only_what_is_active_and_published_is_on_sale(
    run: Import, tmp_path: Path, said: dict[str, str], status: str
) -> None:
    run(write_export(tmp_path, plain(**said)))
    assert product("card").status == status


def test_a_gift_card_is_kept_as_a_draft_and_said(run: Import, tmp_path: Path) -> None:
    report = run(write_export(tmp_path, plain(Gift_Card="true", Variant_Requires_Shipping="false")))
    assert "gift card" in report.notes[0]
    assert (product("card").status, product("card").variants[0].needs_shipping) == (ProductStatus.DRAFT, False)


@pytest.mark.parametrize(("cells", "expected"), [
    ("420,,kg", 420), ("0.0,,kg", 0), (",1.2,kg", 1200), (",2,lb", 907), (",1,oz", 28), (",,", 0),
])
def test_weights_are_grams(run: Import, tmp_path: Path, cells: str, expected: int) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Handle,Title,Variant Price,Variant Grams,Variant Weight,Variant Weight Unit\n"
                    f"card,Card,1,{cells}\n")
    assert run(path).rejections == []
    assert product("card").variants[0].weight_grams == expected


def test_a_blank_tracker_is_not_counted(run: Import, tmp_path: Path) -> None:
    report = run(write_export(tmp_path, plain(Variant_Inventory_Tracker="")))
    assert (stock("card"), report.stock_counted) == ([("untracked", 0)], 0)


def test_stock_is_counted_only_where_the_file_says_something_new(run: Import, tmp_path: Path) -> None:
    run(write_export(tmp_path, plain()))
    variant_id = product("card").variants[0].id
    correct_stock(variant_id=variant_id, delta=-2, actor=ACTOR, reason="sold")
    assert run(write_export(tmp_path, {**plain(), "Body (HTML)": "x"})).stock_counted == 0
    assert stock("card") == [("deny", 3)]
    report = run(write_export(tmp_path, plain(Variant_Inventory_Qty="9")))
    assert (report.stock_counted, stock("card")) == (1, [("deny", 9)])
    moves = db.session.execute(select(StockMovement.on_hand, StockMovement.reason).order_by(StockMovement.id)).all()
    assert [tuple(move) for move in moves] == [(5, "imported"), (-2, "sold"), (6, "imported")]
    run(write_export(tmp_path, plain(Variant_Inventory_Qty="9", Variant_Inventory_Tracker="")))
    assert stock("card") == [("untracked", 9)]


def test_what_staff_decided_stays_where_the_file_says_nothing_new(run: Import, tmp_path: Path) -> None:
    path = write_export(tmp_path, plain(Type="Paper"))
    run(path)
    made = product("card").id
    make_category("gifts/cards")
    entry = product_entry(slug="card", name="Card", categories=("gifts/cards",), status="inactive",
                          variants=(VariantEntry(amount=350, extra=product("card").variants[0].extra),),
                          extra=product("card").extra)
    services.save_product(entry=entry, actor=ACTOR)
    assert run(path).outcomes["unchanged"] == 1
    assert [category.path for category in product("card").categories] == ["gifts/cards"]
    assert product("card").status is ProductStatus.INACTIVE
    run(write_export(tmp_path, plain(Type="Post", Published="TRUE")))
    assert (product("card").id, product("card").category.path) == (made, "post")  # type: ignore[union-attr]
    assert product("card").status is ProductStatus.ACTIVE


def test_a_type_finds_the_category_with_its_slug(run: Import, tmp_path: Path) -> None:
    make_category("ceramics/bowls", "Bowls and dishes")
    before = db.session.query(Category).count()
    run(write_export(tmp_path, *BOWL))
    assert product("low-bowl").category.path == "ceramics/bowls"  # type: ignore[union-attr]
    assert db.session.query(Category).count() == before


def test_a_dry_run_says_what_would_change_and_changes_nothing(run: Import, app: Flask, tmp_path: Path) -> None:
    path = write_export(tmp_path, *BOWL)
    before = all_rows()
    report = run(path, is_dry_run=True)
    assert report.outcomes["created"] == 1
    assert report.changes[0].startswith("low-bowl would be created: ")
    assert all_rows() == before
    run(path)
    changed = [dict(row) for row in BOWL]
    changed[0]["Variant Price"] = "25.00"
    before = all_rows()
    report = run(write_export(tmp_path, *changed), is_dry_run=True)
    assert report.changes == ["low-bowl would be updated: price of LB-M from €24.00 to €25.00"]
    assert all_rows() == before
    assert product("low-bowl").lowest_amount == 2400


def test_pictures_come_from_a_folder_by_their_name(run: Import, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(picture(400, 200))
    (folder / "b.jpg").write_bytes(b"no picture")
    report = run(write_export(tmp_path, *BOWL), images_dir=folder)
    assert (report.images, report.images_taken, report.images_to_fetch) == (3, 1, 2)
    assert [(image.state.value, image.width) for image in product("low-bowl").images] == [
        ("ready", 400), ("pending", 0), ("pending", 0)]
    assert [(rejection.column, rejection.line) for rejection in report.rejections] == [("Image Src", 2)]
    assert run(write_export(tmp_path, *BOWL)).outcomes["unchanged"] == 1
    assert product("low-bowl").images[0].state is ImageState.READY


def test_a_picture_outside_the_folder_is_not_taken(run: Import, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(picture(40, 20))
    folder = tmp_path / "pictures"
    folder.mkdir()
    report = run(write_export(tmp_path, plain(Image_Src="https://cdn.example/..%2Fsecret.jpg")), images_dir=folder)
    assert (report.images_taken, report.images_to_fetch) == (0, 1)


def test_a_product_that_an_sku_keeps_out_keeps_nothing_else_out(run: Import, tmp_path: Path) -> None:
    make_product(slug="other", stock=0)  # has the SKU OTHER
    report = run(write_export(
        tmp_path, plain("one"), {**plain("two"), "Option1 Name": "Size", "Option1 Value": "S", "Variant SKU": "OTHER"},
        {"Handle": "two", "Option1 Value": "L", "Variant Price": "1", "Variant SKU": "TWO-L"}, plain("three")))
    assert [str(rejection) for rejection in report.rejections] == [
        "line 3, Variant SKU: SKU OTHER belongs to Other (/p/other); a product of another address is taken for it only "
        "with exactly its SKUs. Give it that address or another SKU."]
    assert report.outcomes == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    assert sorted(db.session.scalars(select(Product.slug))) == ["one", "other", "three"]


@pytest.mark.parametrize(("file", "variants", "images", "in_order"), [
    ("apparel.csv", 22, 20, ["ocean-blue-shirt", "classic-varsity-top"]),
    ("home-and-garden.csv", 21, 21, ["clay-plant-pot", "copper-light"]),
])
def test_real_exports_come_in_whole(
    run: Import, file: str, variants: int, images: int, in_order: list[str]
) -> None:
    if not (REAL / file).exists():
        pytest.skip(f"the real export {file} is not on this machine")
    report = run(REAL / file)
    assert report.rejections == []
    assert (report.outcomes["created"], report.variants, report.images) == (20, variants, images)
    assert [db.session.query(table).count() for table in (Product, Variant, Image)] == [20, variants, images]
    assert list(db.session.scalars(select(Product.slug).order_by(Product.id).limit(2))) == in_order
    names = set(db.session.scalars(select(Product.name)))
    assert len(names) == 20
    assert "" not in names
    before = all_rows()
    assert run(REAL / file).outcomes["unchanged"] == 20
    assert all_rows() == before


def test_the_real_home_and_garden_says_sizes_and_former_prices(run: Import) -> None:
    if not REAL.exists():
        pytest.skip("the real exports are not on this machine")
    run(REAL / "home-and-garden.csv")
    pot, light = product("clay-plant-pot"), product("copper-light")
    assert [(v.title, v.prices[0].amount) for v in pot.variants] == [("Regular", 999), ("Large", 1599)]
    assert (light.options, light.variants[0].prices[0].compare_at_amount) == ([], 7500)
    assert (pot.category.path, pot.brand.name) == ("outdoor", "Company 123")  # type: ignore[union-attr]
    assert stock("biodegradable-cardboard-pots") == [("deny", 8)]
    assert stock("clay-plant-pot") == [("untracked", 0), ("untracked", 0)]
