"""What the panel says to whoever types, in the words of people, and what it reads of what people type."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from admin.collection_forms import read_slugs
from admin.product_lists import Search, read_products
from storefront.catalog.entries import VariantEntry
from storefront.catalog.models import Brand, Product, ProductStatus
from storefront.catalog.queries import read_variants
from storefront.catalog.services import create_product
from storefront.content.models import MenuItem, MenuPlace, Page
from storefront.foundation.database import db
from storefront.foundation.decimals import with_point
from storefront.promotions.models import Promotion
from storefront.shipping.models import ShippingZone
from storefront.taxes.models import TaxRate
from storefront.taxes.services import save_category
from tests.admin.conftest import Panel, problems_of
from tests.factories.catalog import ACTOR, make_category, make_product, product_entry


@pytest.mark.parametrize(("typed", "amount"), [("20,50", 2050), ("20,5", 2050), ("20.50", 2050), ("1234,00", 123400)])
def test_a_decimal_comma_is_read_in_a_price(staff: Panel, typed: str, amount: int) -> None:
    product = make_product(slug="bowl")
    path = f"/admin/products/{product.id}/variants"
    staff.post(path, staff.form_of(path) | {"variants-0-amount": [typed]})
    db.session.rollback()
    assert read_variants([product.variant_id])[product.variant_id].price.amount == amount


@pytest.mark.parametrize("typed", ["3,5", "3.5 %", "3,50%"])
def test_a_decimal_comma_is_read_in_a_percentage(staff: Panel, typed: str) -> None:
    save_category(code="standard", name="Standard")
    said = {"country": "NZ", "tax_category": "standard", "name": "GST", "basis_points": typed}
    staff.post("/admin/tax-rates/new/", said)
    assert db.session.scalars(select(TaxRate.basis_points).where(TaxRate.country == "NZ")).one() == 350


@pytest.mark.parametrize("text", ["1,234", "1,5,0", ",5", "1.000,50", "12", "", "a,5", "٣,5"])
def test_a_comma_that_may_mean_two_things_stays(text: str) -> None:
    assert with_point(text) == text


def test_pages_and_menus_are_listed_in_words(staff: Panel) -> None:
    db.session.add(Page(slug="hello", title="Hello", summary="", body="", is_published=True,
                        updated_at=datetime(2026, 2, 3, 9, 30, 12, 345, UTC)))
    db.session.add(MenuItem(place=MenuPlace.FOOTER, group="Help", label="Hello", url="/pages/hello", position=1))
    db.session.commit()
    assert ">3 Feb 2026, 09:30 UTC<" in staff.get("/admin/pages/")
    assert ">Footer<" in staff.get("/admin/menus/")


def test_a_second_brand_of_one_name_is_refused(staff: Panel) -> None:
    staff.post("/admin/brands/new/", {"name": "Héron & Co", "slug": "heron"})
    page = staff.post("/admin/brands/new/", {"name": " HÉRON & co", "slug": "heron-2"}, status=422).text
    assert "There is a brand Héron &amp; Co already. Use that one, or choose another name." in page
    staff.post("/admin/brands/new/", {"name": "Other", "slug": "other"})
    rows = dict(db.session.execute(select(Brand.name, Brand.id)).all())
    assert "already" in staff.post(f"/admin/brands/{rows['Other']}/", {"name": "héron & co", "slug": "other"}, 422).text
    staff.post(f"/admin/brands/{rows['Héron & Co']}/", {"name": "Héron & CO", "slug": "heron"})  # its own
    db.session.rollback()
    assert sorted(db.session.scalars(select(Brand.name))) == ["Héron & CO", "Other"]


def test_a_brand_with_an_address_of_its_own_is_known_by_its_name(staff: Panel) -> None:
    staff.post("/admin/brands/new/", {"name": "Heron & Co", "slug": "hc"})
    product = make_product(slug="bowl", brand="Heron & Co")
    path = f"/admin/products/{product.id}/"
    staff.post(path, staff.form_of(path) | {"subtitle": ["For soup"]})
    assert db.session.scalars(select(Brand.slug)).all() == ["hc"]


def test_a_country_stands_in_one_zone(staff: Panel) -> None:
    before = db.session.scalar(select(func.count()).select_from(ShippingZone))
    staff.post("/admin/zones/new/", {"name": "Isles", "countries": "IS, FO"})
    page = staff.post("/admin/zones/new/", {"name": "North", "countries": "no, fo, is"}, status=422).text
    assert "Faroe Islands, Iceland stand in the zone Isles already." in page
    isles = db.session.scalars(select(ShippingZone.id).where(ShippingZone.name == "Isles")).one()
    staff.post(f"/admin/zones/{isles}/", {"name": "Isles", "countries": "IS"})
    staff.post("/admin/zones/new/", {"name": "North", "countries": "NO, FO"})
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(ShippingZone)) == (before or 0) + 2


def test_products_are_placed_by_sku_in_capitals_or_not(staff: Panel) -> None:
    for slug in ("chest", "cup"):
        make_product(slug=slug)
    create_product(entry=product_entry(slug="twin", variants=(
        VariantEntry(sku="chest-x", amount=1),)), actor=ACTOR)
    assert read_slugs(["CHEST", "chest", "cUp", "Twin", "CHEST-X", "none"]) == {
        "CHEST": "chest", "chest": "chest", "cUp": "cup", "Twin": "twin", "CHEST-X": "twin"}
    staff.post("/admin/collections/new/", {"name": "Desk", "slug": "desk", "added": "Cup\nchest-X"})


def test_stock_and_prices_name_the_variant_and_the_field(staff: Panel) -> None:
    product = make_product(slug="bowl", options={"Glaze": ["Moss"], "Size": ["Small", "Large"]})
    for tab, field, label in (("stock", "levels-1-delta", "Change by"), ("variants", "variants-1-amount", "Price")):
        path = f"/admin/products/{product.id}/{tab}"
        [told] = problems_of(staff.post(path, staff.form_of(path) | {field: ["x"]}, status=422).text)[:1]
        assert f"Moss / Large: {label} :" in told
    path = f"/admin/products/{product.id}/stock"
    page = staff.post(path, staff.form_of(path) | {"levels-1-delta": ["-99"]}, status=422).text
    assert "Moss / Large: That many are not there" in problems_of(page)[0]


def test_a_menu_of_categories_says_where_each_lies(staff: Panel) -> None:
    make_category("ceramics", "Ceramics")
    make_category("ceramics/bowls", "Bowls")
    page = staff.get("/admin/promotions/new/")
    assert ">Ceramics › Bowls<" in page
    assert ">ceramics/bowls<" not in page
    assert db.session.scalars(select(Promotion)).all() == []


@pytest.mark.parametrize(("path", "said", "sentence"), [
    ("/admin/banners/new/", {"title": ""}, "Give it a title."),
    ("/admin/banners/new/", {"tone": "pink"}, "Choose from the list: what was sent does not stand in it"),
    ("/admin/promotions/new/", {"starts_at": "tomorrow"}, "Enter a day and a time, such as 2026-12-24 18:00."),
    ("/admin/menus/new/", {"label": ""}, "Say what the link is called."),
])
def test_what_is_missing_or_wrong_is_said_in_the_shop_s_words(
        staff: Panel, path: str, said: dict[str, str], sentence: str) -> None:
    assert sentence in staff.post(path, said, status=422).text


def test_staff_are_sent_to_no_shell(staff: Panel) -> None:
    assert "from a file under Imports" in staff.get("/admin/products/")
    assert "flask" not in staff.get("/admin/products/")


@pytest.mark.parametrize("order", ["newest", "name", "-name", "price", "-price", "by magic"])
def test_products_are_listed_in_the_order_that_was_chosen(staff: Panel, order: str) -> None:
    for slug, amount, status in (("cup", 300, "active"), ("bowl", 500, "draft"), ("jug", 300, "active")):
        make_product(slug=slug, amount=amount, status=status, stock=0)
    expected = {"name": ["Bowl", "Cup", "Jug"], "-name": ["Jug", "Cup", "Bowl"], "price": ["Cup", "Jug", "Bowl"],
                "-price": ["Bowl", "Jug", "Cup"]}.get(order, ["Jug", "Bowl", "Cup"])
    page = staff.get(f"/admin/products/?order={order}")
    assert re.findall(r'class="table__name"[^>]*>([^<]+)<', page) == expected
    assert ('<option value="name" selected>' in page) == (order == "name")
    in_draft = read_products(Search(order=order, status="active"), 1)[1] if order != "by magic" else []
    assert [row.name for row in in_draft] == [name for name in expected if name != "Bowl"][:len(in_draft)]
    assert db.session.scalar(select(func.count()).where(Product.status == ProductStatus.DRAFT)) == 1
