"""Products, as staff write, price, count and sell them."""

from __future__ import annotations

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import delete, func, select

from storefront.catalog.models import Price, Product, ProductStatus, Redirect, Variant
from storefront.catalog.queries import read_variants
from storefront.catalog.services import change_price
from storefront.foundation.database import db
from storefront.foundation.ids import new_uuid
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.models import StockMovement
from storefront.inventory.queries import read_availability, read_movements
from storefront.inventory.services import reserve_stock
from tests.admin.conftest import Panel
from tests.factories.catalog import make_category, make_product

CHOICES = {"Glaze": ["Moss", "Chalk"], "Size": ["Small", "Large"]}


def read_product(product_id: int) -> Product:
    db.session.rollback()
    return db.session.scalars(select(Product).where(Product.id == product_id)).one()


def variants_of(product_id: int) -> dict[str, int]:
    db.session.rollback()
    rows = db.session.scalars(select(Variant).where(Variant.product_id == product_id, Variant.is_archived.is_(False)))
    return {row.title: row.id for row in rows}


def events(name: str) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(OutboxEvent.name == name)) or 0


def available(variant_id: int) -> int | None:
    db.session.rollback()
    return read_availability([variant_id])[variant_id].available


def test_a_product_written_in_the_panel_is_bought_in_the_shop(staff: Panel, shopper: FlaskClient) -> None:
    make_category("ceramics/bowls")
    made = staff.post("/admin/products/new", {"name": "Heron Jug", "amount": "48.00", "sku": "HERON",
                                              "category": "ceramics/bowls"})
    path = made.location
    product_id = int(path.strip("/").split("/")[-1])
    assert shopper.get("/p/heron-jug").status_code == 404
    staff.post(f"{path}stock", {"reason": "received", "levels-0-variant_id": str(only_variant(product_id)),
                                "levels-0-delta": "12", "levels-0-policy": "deny"})
    for status in ("pending_review", "approved", "active"):
        staff.post(f"{path}status", {"status": status})
    page = shopper.get("/p/heron-jug")
    assert page.status_code == 200
    assert "Heron Jug" in page.text
    assert "€48.00" in page.text
    assert available(only_variant(product_id)) == 12


def only_variant(product_id: int) -> int:
    return next(iter(variants_of(product_id).values()))


def test_what_the_words_page_saves_stands_on_the_product_page(staff: Panel, shopper: FlaskClient) -> None:
    product = make_product(slug="bowl", categories=("ceramics",))
    form = staff.form_of(f"/admin/products/{product.id}/")
    form |= {"name": ["Wide Bowl"], "description": ["First.\n\nSecond <script>alert(1)</script>"],
             "facts-0-label": ["Material"], "facts-0-value": ["Stoneware"]}
    before = events("ProductChanged")
    staff.post(f"/admin/products/{product.id}/", form)
    page = shopper.get("/p/bowl").text
    assert "Wide Bowl" in page
    assert "Stoneware" in page
    assert "alert(1)" not in page
    assert events("ProductChanged") == before + 1


def test_saving_a_page_as_it_stands_changes_nothing(staff: Panel) -> None:
    product = make_product(slug="bowl", options=CHOICES, categories=("ceramics", "ceramics/bowls"))
    before, ids = events("ProductChanged"), variants_of(product.id)
    for tab in ("", "options", "variants"):
        path = f"/admin/products/{product.id}/{tab}"
        staff.post(path, staff.form_of(path))
    assert variants_of(product.id) == ids
    assert events("ProductChanged") == before


def test_a_changed_price_is_what_the_shop_charges(staff: Panel, shopper: FlaskClient) -> None:
    product = make_product(slug="bowl", options=CHOICES, amount=2400)
    path = f"/admin/products/{product.id}/variants"
    form = staff.form_of(path)
    form["variants-2-amount"], form["variants-2-compare_at_amount"] = ["31.50"], ["40"]
    staff.post(path, form)
    db.session.rollback()
    prices = {info.title: info.price.amount for info in read_variants(product.variant_ids).values()}
    assert prices == {"Moss / Small": 2400, "Moss / Large": 2400, "Chalk / Small": 3150, "Chalk / Large": 2400}
    assert "€24.00" in shopper.get("/p/bowl").text


def test_a_variant_without_a_price_gets_one(staff: Panel) -> None:
    product = make_product(slug="bowl")
    db.session.execute(delete(Price))
    db.session.commit()
    path = f"/admin/products/{product.id}/"
    assert "has no price" in staff.post(path, staff.form_of(path), status=422).text
    staff.post(f"{path}variants", staff.form_of(f"{path}variants") | {"variants-0-amount": ["12"]})
    db.session.rollback()
    assert read_variants([product.variant_id])[product.variant_id].price.amount == 1200


def test_a_price_changed_by_somebody_else_meanwhile_is_not_undone_by_saving_words(staff: Panel) -> None:
    product = make_product(slug="bowl", amount=2400)
    form = staff.form_of(f"/admin/products/{product.id}/")
    change_price(variant_id=product.variant_id, currency="EUR", amount=2900, compare_at_amount=None, actor="staff:2")
    staff.post(f"/admin/products/{product.id}/", form | {"subtitle": ["For soup"]})
    db.session.rollback()
    assert read_variants([product.variant_id])[product.variant_id].price.amount == 2900


WRONG = [
    ("amount", "free", "not an amount"), ("amount", "-4", "not an amount"), ("amount", "", "Enter a price"),
    ("amount", "1.005", "EUR has two, such as 12.50."), ("amount", "1,234", "nothing between thousands"),
    ("compare_at_amount", "2", "must be above"), ("gtin", "12AB", "digits"),
    ("weight_grams", "heavy", "whole number"),
]


def test_a_wrong_number_gets_a_sentence_and_nothing_is_lost(staff: Panel) -> None:
    product = make_product(slug="bowl", amount=2400)
    path = f"/admin/products/{product.id}/variants"
    for name, value, sentence in WRONG:
        form = staff.form_of(path) | {"variants-0-sku": ["NEW-SKU"]} | {f"variants-0-{name}": [value]}
        page = staff.post(path, form, status=422).text
        assert sentence in page, name
        assert 'value="NEW-SKU"' in page
        assert f'value="{value}"' in page
    db.session.rollback()
    info = read_variants([product.variant_id])[product.variant_id]
    assert (info.price.amount, info.sku) == (2400, "BOWL")


def test_a_difference_leaves_what_was_sold_meanwhile_counted(staff: Panel) -> None:
    product = make_product(slug="bowl", stock=10)
    path = f"/admin/products/{product.id}/stock"
    form = staff.form_of(path)
    reserve_stock(order_id=new_uuid(), holder_id=new_uuid(), quantities={product.variant_id: 3}, actor="guest")
    staff.post(path, form | {"levels-0-delta": ["+5"], "reason": ["received"]})
    assert available(product.variant_id) == 12
    newest = read_movements(product.variant_id)[0]
    assert (newest.on_hand, newest.reason) == (5, "received")
    assert newest.actor.startswith("staff:")


def test_stock_that_is_promised_cannot_be_counted_away(staff: Panel) -> None:
    product = make_product(slug="bowl", options={"Size": ["Small", "Large"]}, stock=4)
    path = f"/admin/products/{product.id}/stock"
    reserve_stock(order_id=new_uuid(), holder_id=new_uuid(), quantities={product.variant_ids[1]: 3}, actor="guest")
    moves = db.session.scalar(select(func.count()).select_from(StockMovement))
    form = staff.form_of(path) | {"levels-0-delta": ["2"], "levels-1-delta": ["-2"]}
    page = staff.post(path, form, status=422).text
    assert "already promised" in page
    assert 'value="-2"' in page
    assert (available(product.variant_ids[0]), available(product.variant_ids[1])) == (4, 1)
    assert db.session.scalar(select(func.count()).select_from(StockMovement)) == moves


def test_stock_of_another_product_cannot_be_changed_through_this_one(staff: Panel) -> None:  # security 18
    one, other = make_product(slug="bowl", stock=4), make_product(slug="cup", stock=4)
    form = {"reason": "received", "levels-0-variant_id": str(other.variant_id), "levels-0-delta": "50",
            "levels-0-policy": "deny"}
    staff.post(f"/admin/products/{one.id}/stock", form, status=422)
    assert (available(one.variant_id), available(other.variant_id)) == (4, 4)


def test_a_renamed_value_and_sku_keep_the_variant_with_its_stock(staff: Panel) -> None:
    product = make_product(slug="bowl", options=CHOICES, stock=7)
    before = variants_of(product.id)
    path = f"/admin/products/{product.id}/options"
    form = staff.form_of(path)
    at = next(name for name, value in form.items() if name.endswith("-value") and value == ["Moss"])
    staff.post(path, form | {at: ["Forest"]})
    form = staff.form_of(f"/admin/products/{product.id}/variants")
    staff.post(f"/admin/products/{product.id}/variants", form | {"variants-0-sku": ["FOREST-1"]})
    after = variants_of(product.id)
    assert after == {title.replace("Moss", "Forest"): variant_id for title, variant_id in before.items()}
    assert available(after["Forest / Small"]) == 7


def test_a_new_value_offers_combinations_and_a_cleared_one_archives_them(staff: Panel) -> None:
    product = make_product(slug="bowl", options={"Size": ["Small", "Large"]})
    path = f"/admin/products/{product.id}"
    form = staff.form_of(f"{path}/options")
    staff.post(f"{path}/options", form | {"options-0-values-1-value": [""], "options-0-values-2-value": ["Huge"]})
    assert list(variants_of(product.id)) == ["Small"]
    form = staff.form_of(f"{path}/variants")
    assert form["variants-1-answers"] == ["Huge"]
    staff.post(f"{path}/variants", form | {"variants-1-is_offered": ["y"], "variants-1-sku": ["BOWL-HUGE"],
                                           "variants-1-amount": ["60"]})
    assert list(variants_of(product.id)) == ["Small", "Huge"]
    db.session.rollback()
    gone = db.session.scalars(select(Variant).where(Variant.title == "Large")).one()
    assert gone.is_archived


def test_the_last_variant_cannot_be_taken_away(staff: Panel) -> None:
    product = make_product(slug="bowl", options={"Size": ["Small"]})
    path = f"/admin/products/{product.id}"
    form = staff.form_of(f"{path}/variants")
    form.pop("variants-0-is_offered")
    assert "take it off sale" in staff.post(f"{path}/variants", form, status=422).text
    form = staff.form_of(f"{path}/options")
    form |= {"options-0-values-0-value": ["Medium"], "options-0-values-0-before": [""]}
    assert "no variant would be left" in staff.post(f"{path}/options", form, status=422).text
    assert list(variants_of(product.id)) == ["Small"]


def test_the_sku_of_another_product_is_refused_in_words(staff: Panel) -> None:
    make_product(slug="cup")
    product = make_product(slug="bowl")
    path = f"/admin/products/{product.id}/variants"
    page = staff.post(path, staff.form_of(path) | {"variants-0-sku": ["CUP"]}, status=422).text
    assert "SKU CUP belongs to Cup." in page


def test_adding_a_product_never_writes_over_another(staff: Panel) -> None:
    lamp = make_product(slug="dome-lamp", options={"Shade": ["Moss", "Chalk"]})
    only = make_product(slug="cup")
    for sku, owner in (("DOME-LAMP-MOSS", "Dome Lamp"), ("CUP", "Cup")):
        form = {"name": "Heron Jug", "amount": "48", "sku": sku, "category": ""}
        page = staff.post("/admin/products/new", form, status=422).text
        assert f"SKU {sku} belongs to {owner}." in page
        assert f'value="{sku}"' in page
    db.session.rollback()
    rows = db.session.scalars(select(Product).order_by(Product.id)).all()
    assert [(row.id, row.slug, row.name, row.status) for row in rows] == [
        (lamp.id, "dome-lamp", "Dome Lamp", ProductStatus.ACTIVE), (only.id, "cup", "Cup", ProductStatus.ACTIVE)]
    assert list(variants_of(lamp.id)) == ["Moss", "Chalk"]


def test_a_new_address_leaves_the_old_one_leading_there(staff: Panel, shopper: FlaskClient) -> None:
    product = make_product(slug="bowl")
    path = f"/admin/products/{product.id}/"
    staff.post(path, staff.form_of(path) | {"slug": ["wide-bowl"]})
    assert shopper.get("/p/wide-bowl").status_code == 200
    assert db.session.get(Redirect, "bowl") is not None


def test_the_address_of_another_product_is_refused_and_the_other_one_untouched(staff: Panel) -> None:
    make_product(slug="cup", name="Morning Cup")
    product = make_product(slug="bowl")
    path = f"/admin/products/{product.id}/"
    page = staff.post(path, staff.form_of(path) | {"slug": ["cup"], "name": ["Stolen"]}, status=422).text
    assert "Another product has the address cup" in page
    assert read_product(product.id).slug == "bowl"
    assert db.session.scalars(select(Product.name).where(Product.slug == "cup")).one() == "Morning Cup"


def test_a_second_product_of_the_same_name_gets_an_address_of_its_own(staff: Panel) -> None:
    make_product(slug="bowl", name="Bowl", stock=0)
    staff.post("/admin/products/new", {"name": "Bowl", "amount": "9", "sku": "", "category": ""})
    db.session.rollback()
    assert sorted(db.session.scalars(select(Product.slug))) == ["bowl", "bowl-2"]


def test_a_status_goes_its_way_only(staff: Panel) -> None:
    product = make_product(slug="bowl", status="draft")
    staff.post(f"/admin/products/{product.id}/status", {"status": "active"})
    assert "cannot become active" in staff.get(f"/admin/products/{product.id}/")
    staff.post(f"/admin/products/{product.id}/status", {"status": "sold"}, status=404)
    assert read_product(product.id).status is ProductStatus.DRAFT


def test_columns_that_no_form_shows_are_not_written(staff: Panel) -> None:  # security 18
    product = make_product(slug="bowl")
    path = f"/admin/products/{product.id}/"
    extra = {"status": "discontinued", "id": "99", "rating": "500", "sales_count": "9", "view_count": "9",
             "lowest_amount": "1", "published_at": "2001-01-01", "extra": "{}", "review_count": "7", "brand_id": "5"}
    staff.post(path, staff.form_of(path) | extra)
    row = read_product(product.id)
    assert (row.status, row.rating, row.sales_count, row.view_count, row.lowest_amount, row.review_count) == (
        ProductStatus.ACTIVE, 0, 0, 0, 2400, 0)


def test_an_id_that_is_none_is_not_found(staff: Panel) -> None:
    for product_id in ("0", "999999", "99999999999999999999", "-1", "x", "1%00"):
        for tab in ("", "options", "variants", "stock", "pictures"):
            assert staff.client.get(f"/admin/products/{product_id}/{tab}").status_code == 404, (product_id, tab)


def test_any_search_of_the_list_is_answered(staff: Panel) -> None:
    make_product(slug="bowl", stock=2)
    for query in ("q=bo%25wl", "q=%00", "status=x&brand=x&category=-1", "brand=99999999999999",
                  "q=BOWL&status=active&stock=low"):
        assert ("Bowl</a>" in staff.get(f"/admin/products/?{query}")) == ("%25" not in query), query


def test_a_page_of_the_list_costs_the_same_for_one_product_and_for_thirty(
        staff: Panel, count_queries: Callable[[], int]) -> None:
    make_product(slug="first")
    count_queries()
    staff.get("/admin/products/")
    few = count_queries()
    for number in range(30):
        make_product(slug=f"bowl-{number}", stock=1)
    count_queries()
    staff.get("/admin/products/")
    assert count_queries() == few
