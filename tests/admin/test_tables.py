"""The simple tables: content, shelves, shipping and taxes."""

from __future__ import annotations

import io
from collections.abc import Callable

from flask.testing import FlaskClient
from PIL import Image as PillowImage
from sqlalchemy import func, select

from storefront.catalog.media import picture_at
from storefront.catalog.models import Brand, Category, Collection, Image, Product
from storefront.content.models import Banner, HomeSection, MenuItem, Page
from storefront.foundation.database import db
from storefront.foundation.outbox import OutboxEvent
from storefront.shipping.models import ShippingMethod
from storefront.taxes.models import TaxRate
from storefront.taxes.queries import read_rates
from tests.admin.conftest import Panel
from tests.factories.catalog import make_category, make_product
from tests.factories.checkout import make_world

BANNER = {"title": "Autumn glazes", "text": "Six new ones.", "link_label": "See them", "link_url": "/c/ceramics",
          "tone": "dark", "position": "1", "is_published": "y"}


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def png(width: int = 900, height: int = 1100) -> bytes:
    out = io.BytesIO()
    PillowImage.new("RGB", (width, height), (120, 140, 110)).save(out, "PNG")
    return out.getvalue()


def test_a_banner_stands_on_the_home_page_until_it_is_taken_off(staff: Panel, shopper: FlaskClient) -> None:
    staff.post("/admin/banners/new/", BANNER)
    assert "Autumn glazes" in shopper.get("/").text
    row_id = db.session.scalars(select(Banner.id)).one()
    staff.post(f"/admin/banners/{row_id}/", BANNER | {"title": "Winter glazes"})
    assert "Winter glazes" in shopper.get("/").text
    staff.post(f"/admin/banners/{row_id}/deletion")
    assert "Winter glazes" not in shopper.get("/").text
    staff.post(f"/admin/banners/{row_id}/deletion", status=404)
    assert db.session.scalar(select(func.count()).where(OutboxEvent.name == "HomeChanged")) == 3


def test_a_link_that_leads_nowhere_safe_is_refused_and_the_words_stay(staff: Panel) -> None:
    for link in ("javascript:alert(1)", "//evil.example", "/\\evil.example", "c/ceramics", "", "data:,x"):
        page = staff.post("/admin/banners/new/", BANNER | {"link_url": link}, status=422).text
        assert 'value="Autumn glazes"' in page
        assert "has-error" in page
    assert count(Banner) == 0


def test_an_uploaded_picture_is_kept_also_when_something_else_is_wrong(
        staff: Panel, run_jobs: Callable[[], int]) -> None:
    form = BANNER | {"title": "", "picture": (io.BytesIO(png()), "glaze.png")}
    page = staff.post("/admin/banners/new/", form, status=422).text
    key = page.split('name="picture-kept" type="hidden" value="')[1].split('"')[0]
    assert picture_at(key, "") is not None
    staff.post("/admin/banners/new/", BANNER | {"picture-kept": key})
    row = db.session.scalars(select(Banner)).one()
    assert row.picture == key
    run_jobs()
    picture = picture_at(key, "")
    assert picture is not None
    assert "320w" in picture.avif
    staff.post(f"/admin/banners/{row.id}/", BANNER | {"picture-kept": key, "picture-removed": "1"})
    db.session.rollback()
    assert db.session.scalars(select(Banner.picture)).one() == ""


def test_a_file_that_is_no_picture_is_refused_in_words(staff: Panel) -> None:  # security 32
    product = make_product(slug="bowl")
    for data in (b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a<script>", b"\x89PNG" * 9):
        page = staff.post(f"/admin/products/{product.id}/pictures/upload", {"files": (io.BytesIO(data), "x.png")},
                          status=422).text
        assert "x.png: " in page
    assert count(Image) == 0


def test_pictures_are_added_told_ordered_and_removed(staff: Panel, shopper: FlaskClient) -> None:
    product = make_product(slug="bowl")
    path = f"/admin/products/{product.id}/pictures"
    files = [(io.BytesIO(png(900, height)), f"{height}.png") for height in (1000, 1100)]
    staff.post(f"{path}/upload", {"files": files})
    form = staff.form_of(path)
    form |= {"images-0-alt": ["From above"], "images-1-alt": ["In use"], "images-0-position": ["2"],
             "images-1-position": ["1"]}
    staff.post(path, form)
    db.session.rollback()
    assert list(db.session.scalars(select(Image.alt).order_by(Image.position))) == ["In use", "From above"]
    assert "From above" in shopper.get("/p/bowl").text
    staff.post(path, staff.form_of(path) | {"images-0-is_removed": ["y"]})
    db.session.rollback()
    assert list(db.session.scalars(select(Image.alt))) == ["From above"]


def test_a_section_keeps_its_links_in_their_order(staff: Panel) -> None:
    form = {"title": "Ceramics", "url": "/c/ceramics", "position": "0", "is_published": "y",
            "titles-0-label": "Bowls", "titles-0-url": "/c/ceramics/bowls",
            "titles-2-label": "Cups", "titles-2-url": "/c/ceramics/cups",
            "pictures-0-label": "Low Bowl", "pictures-0-url": "/p/low-bowl"}
    staff.post("/admin/sections/new/", form)
    row = db.session.scalars(select(HomeSection)).one()
    path = f"/admin/sections/{row.id}/"
    assert [link.label for link in row.links] == ["Bowls", "Cups", "Low Bowl"]
    staff.post(path, staff.form_of(path) | {"titles-0-label": [""], "titles-0-url": [""]})
    db.session.rollback()
    assert [link.label for link in db.session.scalars(select(HomeSection)).one().links] == ["Cups", "Low Bowl"]
    page = staff.post(path, staff.form_of(path) | {"titles-0-url": ["nowhere"]}, status=422).text
    assert 'value="nowhere"' in page


def test_a_page_of_words_is_cleaned_and_shown(staff: Panel, shopper: FlaskClient) -> None:  # security 28
    body = '<p onclick="x()">Made in Clare <img src=x onerror=y()><a href="javascript:z()" hx-get="/x">here</a></p>'
    staff.post("/admin/pages/new/", {"title": "About", "slug": "about", "body": body, "is_published": "y"})
    page = shopper.get("/pages/about").text
    assert "Made in Clare" in page
    stored = db.session.scalars(select(Page.body)).one()
    for word in ("onclick", "onerror", "javascript", "hx-get", "<img"):
        assert word not in stored
    row_id = db.session.scalars(select(Page.id)).one()
    staff.post(f"/admin/pages/{row_id}/", {"title": "About us", "slug": "changed", "body": body})
    db.session.rollback()
    row = db.session.scalars(select(Page)).one()
    assert (row.slug, row.title, row.is_published) == ("about", "About us", False)
    assert shopper.get("/pages/about").status_code == 404


def test_a_footer_link_needs_its_group(staff: Panel, shopper: FlaskClient) -> None:
    form = {"place": "footer", "label": "Delivery", "url": "/pages/delivery", "position": "0"}
    assert "stands in a group" in staff.post("/admin/menus/new/", form, status=422).text
    staff.post("/admin/menus/new/", form | {"group": "Help"})
    assert count(MenuItem) == 1
    assert "Delivery" in shopper.get("/").text


def test_a_category_is_added_below_another_and_renamed_in_place(staff: Panel, shopper: FlaskClient) -> None:
    make_category("ceramics")
    form = {"name": "Jugs", "slug": "jugs", "parent": "ceramics", "position": "3", "is_published": "y"}
    staff.post("/admin/categories/new/", form)
    assert "already" in staff.post("/admin/categories/new/", form, status=422).text
    assert shopper.get("/c/ceramics/jugs").status_code == 200
    row_id = db.session.scalars(select(Category.id).where(Category.slug == "jugs")).one()
    staff.post(f"/admin/categories/{row_id}/", {"name": "Jugs and pitchers", "position": "3", "path": "moved"})
    db.session.rollback()
    row = db.session.get_one(Category, row_id)
    assert (row.path, row.name, row.is_published) == ("ceramics/jugs", "Jugs and pitchers", False)


def test_a_collection_is_picked_ordered_and_thinned(staff: Panel) -> None:
    for slug in ("bowl", "cup", "vase"):
        make_product(slug=slug)
    form = {"name": "The quiet desk", "slug": "the-quiet-desk", "is_published": "y", "added": "bowl, CUP\nvase"}
    assert "no product “stool”" in staff.post("/admin/collections/new/", form | {"added": "stool"}, status=422).text
    staff.post("/admin/collections/new/", form)
    assert "already" in staff.post("/admin/collections/new/", form, status=422).text
    path = f"/admin/collections/{db.session.scalars(select(Collection.id)).one()}/"
    staff.post(path, staff.form_of(path) | {"entries-0-position": ["9"], "entries-1-is_removed": ["y"]})
    db.session.rollback()
    entries = db.session.scalars(select(Collection)).one().entries
    assert [db.session.get_one(Product, entry.product_id).slug for entry in entries] == ["vase", "bowl"]


def test_a_brand_that_products_name_is_kept(staff: Panel) -> None:
    make_product(slug="bowl", brand="Hesk Bindery")
    row_id = db.session.scalars(select(Brand.id)).one()
    staff.post(f"/admin/brands/{row_id}/deletion")
    assert "still in use" in staff.get(f"/admin/brands/{row_id}/")
    assert count(Brand) == 1
    staff.post("/admin/brands/new/", {"name": "Hesk", "slug": "hesk-bindery"}, status=422)


def test_a_brand_s_new_name_is_told_of_all_its_products_at_once(
        staff: Panel, count_queries: Callable[[], int]) -> None:
    def rename(name: str) -> int:
        token = staff.token()
        count_queries()
        response = staff.client.post(f"/admin/brands/{brand_id}/", data={"csrf_token": token, "name": name,
                                                                        "slug": "hesk-bindery"})
        asked = count_queries()
        assert response.status_code == 303
        return asked

    make_product(slug="bowl", brand="Hesk Bindery")
    brand_id = db.session.scalars(select(Brand.id)).one()
    alone = rename("Hesk")
    for number in range(6):
        make_product(slug=f"bowl-{number}", brand="Hesk Bindery")
    db.session.rollback()
    ids = db.session.scalars(select(Product.id).where(Product.brand_id == brand_id).order_by(Product.id)).all()
    before = count(OutboxEvent)
    assert rename("Hesk & Sons") == alone
    told = db.session.scalars(select(OutboxEvent).order_by(OutboxEvent.id).offset(before)).all()
    assert [(event.name, event.payload) for event in told] == [
        ("ProductChanged", {"product_id": product_id}) for product_id in ids]


def test_a_shipping_method_is_written_with_its_prices(staff: Panel) -> None:
    make_world()
    zone = db.session.scalars(select(ShippingMethod.zone_id)).first()
    form = {"zone_id": str(zone), "code": "bike", "name": "By bike", "min_days": "1", "max_days": "2", "position": "4",
            "tax_category": "standard", "is_published": "y", "tiers-0-up_to_grams": "2000", "tiers-0-amount": "3.20",
            "tiers-1-up_to_grams": "", "tiers-1-amount": ""}
    for wrong in ({"tiers-0-amount": ""}, {"max_days": "0"}, {"tiers-0-up_to_grams": "", "tiers-0-amount": ""},
                  {"code": "post"}, {"tiers-0-amount": "-1"}):
        staff.post("/admin/methods/new/", form | wrong, status=422)
    staff.post("/admin/methods/new/", form)
    row = db.session.scalars(select(ShippingMethod).where(ShippingMethod.code == "bike")).one()
    assert [(tier.up_to_grams, tier.amount) for tier in row.tiers] == [(2000, 320)]
    path = f"/admin/methods/{row.id}/"
    staff.post(path, staff.form_of(path) | {"name": ["By cargo bike"], "code": ["stolen"], "currency": ["USD"]})
    db.session.rollback()
    row = db.session.scalars(select(ShippingMethod).where(ShippingMethod.code == "bike")).one()
    assert (row.name, row.currency, len(row.tiers)) == ("By cargo bike", "EUR", 1)


def test_a_tax_rate_is_written_in_percent_and_counts_at_once(staff: Panel) -> None:
    make_world()
    form = {"country": "fr", "tax_category": "standard", "name": "TVA", "basis_points": "5,5", "is_inclusive": "y"}
    for wrong in ({"country": "XX"}, {"basis_points": "101"}, {"basis_points": "a"}, {"country": "IE"}):
        staff.post("/admin/tax-rates/new/", form | wrong, status=422)
    assert read_rates("FR") == {}
    staff.post("/admin/tax-rates/new/", form)
    db.session.rollback()
    assert read_rates("FR")["standard"].basis_points == 550
    row_id = db.session.scalars(select(TaxRate.id).where(TaxRate.country == "FR")).one()
    form = {"name": "TVA", "basis_points": "20", "is_inclusive": "y", "country": "DE"}
    staff.post(f"/admin/tax-rates/{row_id}/", form)
    db.session.rollback()
    assert read_rates("FR")["standard"].basis_points == 2000
    assert read_rates("DE") == {}


TABLES = ("banners", "tiles", "sections", "pages", "menus", "zones", "methods", "tax-rates", "brands", "categories",
          "collections", "tax-categories")


def test_an_id_that_is_none_is_not_found(staff: Panel) -> None:
    for table in TABLES:
        for row_id in ("0", "999", "x", "99999999999999999999", "%00", "-1"):
            assert staff.client.get(f"/admin/{table}/{row_id}/").status_code == 404, (table, row_id)


def test_any_question_to_a_table_is_answered(staff: Panel) -> None:
    for table in TABLES:
        for query in ("search=%25%00", "page=-5", "page=x&sort=99&desc=x", "flt0_0=1", "page_size=1e9"):
            assert staff.client.get(f"/admin/{table}/?{query}").status_code == 200, (table, query)
        assert staff.client.get(f"/admin/{table}/?page=99999999999999999999").status_code == 404, table


def test_a_job_that_no_column_can_name_is_tried_again_by_nobody(staff: Panel) -> None:
    staff.post("/admin/jobs/9223372036854775808/retrial", status=404)
