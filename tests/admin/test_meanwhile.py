"""Two of the staff on one form: the second save writes over nothing that was never seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from storefront.catalog.models import Category, Price, Product, Variant
from storefront.content.models import Page
from storefront.foundation.database import db
from storefront.inventory.models import StockLevel, StockPolicy
from storefront.promotions.models import Promotion
from storefront.shipping.models import ShippingMethod, ShippingTier
from storefront.shipping.services import save_method, save_zone
from storefront.taxes.models import TaxRate
from storefront.taxes.services import save_category, save_rate
from tests.admin.conftest import Panel, problems_of, read_form
from tests.admin.test_products import CHOICES, variants_of
from tests.factories.catalog import make_category, make_product
from tests.factories.content import make_page
from tests.factories.promotions import make_promotion

MEANWHILE = "Somebody else changed this"


def read_words(product_id: int) -> tuple[str, str]:
    db.session.rollback()
    row = db.session.execute(select(Product.name, Product.subtitle).where(Product.id == product_id)).one()
    return row.name, row.subtitle


def read_prices(product_id: int) -> dict[str, int]:
    db.session.rollback()
    rows = db.session.execute(select(Variant.title, Price.amount).join(Price, Price.variant_id == Variant.id)
                              .where(Variant.product_id == product_id, Variant.is_archived.is_(False)))
    return dict(rows.all())


def test_a_name_that_somebody_saved_meanwhile_stays(staff: Panel) -> None:
    product = make_product(slug="bowl", name="Bowl", subtitle="")
    path = f"/admin/products/{product.id}/"
    first, second = staff.form_of(path), staff.form_of(path)
    staff.post(path, first | {"name": ["Wide Bowl"]})
    refused = staff.post(path, second | {"subtitle": ["For soup"]}, status=422)
    assert MEANWHILE in problems_of(refused.text)[0]
    assert "Name is now “Wide Bowl”." in problems_of(refused.text)[0]
    assert read_words(product.id) == ("Wide Bowl", "")
    again = read_form(refused.text)
    assert (again["name"], again["subtitle"]) == (["Wide Bowl"], ["For soup"])
    staff.post(path, again)
    assert read_words(product.id) == ("Wide Bowl", "For soup")


def test_who_wrote_otherwise_in_the_same_field_keeps_their_words_and_reads_the_others(staff: Panel) -> None:
    product = make_product(slug="bowl", name="Bowl")
    path = f"/admin/products/{product.id}/"
    first, second = staff.form_of(path), staff.form_of(path)
    facts = {"facts-0-label": ["Material"], "facts-0-value": ["Stoneware"]}
    staff.post(path, first | facts | {"name": ["Wide Bowl"]})
    refused = staff.post(path, second | {"name": ["Low Bowl"], "facts-0-label": ["Care"], "facts-0-value": ["Hand"]},
                         status=422)
    said = problems_of(refused.text)[0]
    assert "Name is now “Wide Bowl”; saved again it becomes yours: “Low Bowl”." in said
    assert "Facts is now “Material: Stoneware”; saved again it becomes yours: “Care: Hand”." in said
    again = read_form(refused.text)
    assert (again["name"], again["facts-0-value"]) == (["Low Bowl"], ["Hand"])
    staff.post(path, again)
    assert read_words(product.id)[0] == "Low Bowl"


def test_a_form_sent_twice_is_no_quarrel(staff: Panel) -> None:
    product = make_product(slug="bowl", name="Bowl")
    path = f"/admin/products/{product.id}/"
    form = staff.form_of(path) | {"name": ["Wide Bowl"], "description": ["One.\r\n\r\nTwo."]}
    staff.post(path, form)
    staff.post(path, form)
    staff.post(path, staff.form_of(path) | {"subtitle": ["For soup"]})
    assert read_words(product.id) == ("Wide Bowl", "For soup")


def test_no_price_is_lost_without_a_word(staff: Panel) -> None:
    product = make_product(slug="bowl", options=CHOICES, amount=15500)
    path = f"/admin/products/{product.id}/variants"
    first, second = staff.form_of(path), staff.form_of(path)
    staff.post(path, first | {"variants-0-amount": ["31.00"]})
    refused = staff.post(path, second | {"variants-1-amount": ["32.00"]}, status=422)
    assert "Moss / Small: Price is now “31.00”." in problems_of(refused.text)[0]
    assert read_prices(product.id)["Moss / Small"] == 3100
    assert read_prices(product.id)["Moss / Large"] == 15500
    staff.post(path, read_form(refused.text))
    assert read_prices(product.id) == {"Moss / Small": 3100, "Moss / Large": 3200, "Chalk / Small": 15500,
                                       "Chalk / Large": 15500}


def test_what_was_typed_follows_its_variant_to_another_line(staff: Panel) -> None:
    product = make_product(slug="bowl", options={"Glaze": ["Moss", "Chalk"]}, amount=1000)
    path = f"/admin/products/{product.id}/variants"
    form = staff.form_of(path)
    options = staff.form_of(f"/admin/products/{product.id}/options")
    # The first value leaves: Chalk, in the second line when the form was opened, is now in the first.
    staff.post(f"/admin/products/{product.id}/options", options | {"options-0-values-0-value": [""]})
    refused = staff.post(path, form | {"variants-1-amount": ["32.00"], "variants-0-amount": ["77.00"]}, status=422)
    assert "Moss: Price “77.00” has no place any more." in problems_of(refused.text)[0]
    again = read_form(refused.text)
    assert (again["variants-0-answers"], again["variants-0-amount"]) == (["Chalk"], ["32.00"])
    staff.post(path, again)
    assert read_prices(product.id) == {"Chalk": 3200}


def test_an_option_renamed_meanwhile_keeps_its_variants(staff: Panel) -> None:
    product = make_product(slug="bowl", options={"Glaze": ["Moss", "Chalk"]}, amount=1000)
    path = f"/admin/products/{product.id}/options"
    before = variants_of(product.id)
    first, second = staff.form_of(path), staff.form_of(path)
    staff.post(path, first | {"options-0-values-0-value": ["Fern"]})
    refused = staff.post(path, second | {"options-0-values-2-value": ["Ash"]}, status=422)
    assert "Glaze: Fern: Value is now “Fern”." in problems_of(refused.text)[0]
    staff.post(path, read_form(refused.text))
    assert variants_of(product.id) == {"Fern": before["Moss"], "Chalk": before["Chalk"]}
    db.session.rollback()
    product = db.session.get_one(Product, product.id)
    assert [value.value for value in product.options[0].values] == ["Fern", "Chalk", "Ash"]


def test_the_rule_for_when_none_are_left_is_not_turned_back(staff: Panel) -> None:
    product = make_product(slug="bowl", stock=5)
    path = f"/admin/products/{product.id}/stock"
    first, second = staff.form_of(path), staff.form_of(path)
    staff.post(path, first | {"levels-0-policy": ["continue"]})
    refused = staff.post(path, second | {"levels-0-delta": ["3"]}, status=422)
    assert MEANWHILE in problems_of(refused.text)[0]
    again = read_form(refused.text)
    assert (again["levels-0-policy"], again["levels-0-delta"]) == (["continue"], ["3"])
    staff.post(path, again)
    db.session.rollback()
    level = db.session.scalars(select(StockLevel).join(Variant, Variant.id == StockLevel.variant_id)
                               .where(Variant.product_id == product.id)).one()
    assert (level.on_hand, level.policy) == (8, StockPolicy.CONTINUE)


def open_category() -> str:
    return f"/admin/categories/{make_category('ceramics')}/"


def open_page() -> str:
    return f"/admin/pages/{make_page()}/"


def open_promotion() -> str:
    return f"/admin/promotions/{make_promotion()}/"


def open_method() -> str:
    zone_id = save_zone(name="Ireland", countries=["IE"])
    return f"/admin/methods/{save_method(zone_id=zone_id, code='post', name='An Post', tiers=[(1000, 450)])}/"


def open_rate() -> str:
    save_category(code="standard", name="Standard")
    save_rate(country="IE", tax_category="standard", basis_points=2300, is_inclusive=True)
    db.session.rollback()
    return f"/admin/tax-rates/{db.session.scalars(select(TaxRate.id)).one()}/"


@pytest.mark.parametrize(("open_one", "theirs", "mine"), [
    (open_category, (Category.name, "name", "Pots"), (Category.intro, "intro", "Fired slowly.")),
    (open_page, (Page.title, "title", "We"), (Page.summary, "summary", "Who we are.")),
    (open_promotion, (Promotion.name, "name", "Spring"), (Promotion.title, "title", "In spring")),
    (open_method, (ShippingTier.amount, "tiers-0-amount", "9.90"), (ShippingMethod.detail, "detail", "By bicycle.")),
    (open_rate, (TaxRate.basis_points, "basis_points", "21"), (TaxRate.name, "name", "Vat")),
])
def test_every_form_of_a_whole_thing_keeps_what_both_wrote(
    staff: Panel, open_one: Callable[[], str], theirs: tuple[Any, str, str], mine: tuple[Any, str, str],
) -> None:
    path = open_one()
    first, second = staff.form_of(path), staff.form_of(path)
    staff.post(path, first | {theirs[1]: [theirs[2]]})
    saved = read_one(theirs[0])
    refused = staff.post(path, second | {mine[1]: [mine[2]]}, status=422)
    assert MEANWHILE in problems_of(refused.text)[0]
    assert read_one(theirs[0]) == saved
    staff.post(path, read_form(refused.text))
    assert read_one(theirs[0]) == saved
    assert read_one(mine[0]) == mine[2]


def read_one(column: Any) -> Any:
    db.session.rollback()
    return db.session.scalars(select(column)).one()


def test_the_summary_names_the_line_that_is_wrong(staff: Panel) -> None:
    product = make_product(slug="bowl", options={"Glaze": ["Moss", "Chalk"]}, amount=1000)
    form = staff.form_of(f"/admin/products/{product.id}/variants") | {"variants-1-compare_at_amount": ["9.00"]}
    summary = problems_of(staff.post(f"/admin/products/{product.id}/variants", form, status=422).text)[0]
    assert "Chalk: Compare-at price : The compare-at price is a former price" in summary
    assert "Moss" not in summary
