"""The forms of promotions: plain fields with units, turned into terms and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from wtforms import BooleanField, DateTimeLocalField, SelectField, SelectMultipleField, ValidationError
from wtforms.validators import Optional

from admin.fields import AmountField, PercentField, Required, WholeField, choices, line, text
from admin.forms import Form
from admin.product_lists import list_categories
from storefront.catalog.models import Collection, Product
from storefront.foundation.database import db
from storefront.promotions.models import LANES, Promotion
from storefront.promotions.terms import (
    AmountOff,
    Benefit,
    BuyGet,
    Conditions,
    Goods,
    PercentOff,
    ShippingOff,
    UnitAmountOff,
    read_benefit,
    read_conditions,
)

KINDS = {
    "percent_off": "A percentage off these goods",
    "amount_off": "An amount off these goods together",
    "unit_amount_off": "An amount off each of these goods",
    "shipping_off": "A percentage off the delivery (100 makes it free)",
    "buy_get": "Buy some, get the cheapest for less",
}
NEEDS = {"percent_off": ("percent",), "amount_off": ("amount",), "unit_amount_off": ("amount",),
         "shipping_off": ("percent",), "buy_get": ("buy", "get", "percent")}
MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]  # as browsers write and read them
WHEN_HINT = "In UTC. Leave empty for no such limit."


class PromotionForm(Form):
    """All of a promotion but its codes."""

    name = line("Name", Required("Give it a name that staff will know it by."), most=120,
                description="Only staff see it.")
    title = line("Title", Required("Give it the title that shoppers read."), most=80,
                 description="Shoppers read it beside the amount, such as “Welcome”.")
    is_active = BooleanField("It counts (within its dates)", default=True)
    needs_code = BooleanField("Only for who enters a code", description="Codes are added once this is saved.")
    starts_at = DateTimeLocalField("Starts", [Optional()], format=MOMENTS, description=WHEN_HINT)
    ends_at = DateTimeLocalField("Ends", [Optional()], format=MOMENTS, description=WHEN_HINT)
    kind = SelectField("What it gives", choices=choices(KINDS.items()), default="percent_off")
    percent = PercentField("Percent")
    amount = AmountField("Amount off")
    buy = WholeField("Buy", low=1, high=1000)
    get = WholeField("And get", low=1, high=1000)
    limit = WholeField("At most this often in one order", low=1, high=1000)
    products = text("Products", rows=3, description="The addresses of the products, one on each line, such as "
                    "day-book. Without products, categories and collections it is for all goods.")
    categories = SelectMultipleField("Categories, with all below them", coerce=int)
    collections = SelectMultipleField("Collections", coerce=int)
    reward_products = text("Products that are given", rows=3, description="Empty: the same goods.")
    reward_categories = SelectMultipleField("Categories that are given", coerce=int)
    minimum_amount = AmountField("Only from goods worth", description="Of the goods above, before any discount.")
    minimum_quantity = WholeField("Only from this many of them", high=100_000)
    is_first_order = BooleanField("Only for a first order")
    lane = SelectField("Lane", coerce=int, default=5,
                       choices=choices((number, str(number)) for number in range(1, LANES + 1)),
                       description="Lane 1 applies first. In one lane only one promotion applies, the best; promotions "
                                   "in different lanes add up, each on what is left.")
    priority = WholeField("Priority within the lane", high=1000, default=0,
                          description="A higher one goes before a larger discount.")

    def validate_percent(self, field: Any) -> None:
        self._demand(field, "percent", "Enter a percentage above 0.")

    def validate_amount(self, field: Any) -> None:
        self._demand(field, "amount", "Enter the amount to take off.")

    def validate_buy(self, field: Any) -> None:
        self._demand(field, "buy", "Say how many are to be bought.")

    def validate_get(self, field: Any) -> None:
        self._demand(field, "get", "Say how many are then given.")

    def validate_ends_at(self, field: Any) -> None:
        if field.data and self.starts_at.data and field.data <= self.starts_at.data:
            raise ValidationError("This is not after its start: choose a later end.")

    def validate_products(self, field: Any) -> None:
        _read_products(field.data)

    def validate_reward_products(self, field: Any) -> None:
        _read_products(field.data)

    def _demand(self, field: Any, name: str, sentence: str) -> None:
        if name in NEEDS.get(self.kind.data, ()) and not field.data and not field.errors:
            raise ValidationError(sentence)


def promotion_form(sent: Any, row: Promotion | None) -> PromotionForm:
    """Return the form, as it was sent or filled from the row."""
    form = PromotionForm(sent, data=_facts(row) if row else {})
    categories = choices((category_id, name) for category_id, _, name in list_categories())
    form.categories.choices = form.reward_categories.choices = categories
    form.collections.choices = choices(
        db.session.execute(select(Collection.id, Collection.name).order_by(Collection.name)))
    return form


def read_form(form: PromotionForm) -> dict[str, Any]:
    """Return what save_promotion takes."""
    return {
        "name": form.name.data, "title": form.title.data, "is_active": form.is_active.data,
        "needs_code": form.needs_code.data, "starts_at": _utc(form.starts_at.data), "ends_at": _utc(form.ends_at.data),
        "lane": form.lane.data, "priority": form.priority.data or 0, "conditions": _conditions(form),
        "benefit": _benefit(form),
    }


def _conditions(form: PromotionForm) -> Conditions:
    goods = Goods(_read_products(form.products.data), tuple(form.categories.data or ()),
                  tuple(form.collections.data or ()))
    return Conditions(goods, form.minimum_amount.data or 0, form.minimum_quantity.data or 0, form.is_first_order.data)


def _benefit(form: PromotionForm) -> Benefit:
    percent, amount = form.percent.data or 0, form.amount.data or 0
    match form.kind.data:
        case "percent_off":
            return PercentOff(percent)
        case "amount_off":
            return AmountOff(amount)
        case "unit_amount_off":
            return UnitAmountOff(amount)
        case "shipping_off":
            return ShippingOff(percent)
    reward = Goods(_read_products(form.reward_products.data), tuple(form.reward_categories.data or ()))
    return BuyGet(form.buy.data or 0, form.get.data or 0, percent, None if reward.is_everything else reward,
                  form.limit.data or 0)


def _facts(row: Promotion) -> Mapping[str, Any]:
    conditions, benefit = read_conditions(row.conditions), read_benefit(row.benefit)
    goods, reward = conditions.goods, (benefit.reward if isinstance(benefit, BuyGet) else None) or Goods()
    said: dict[str, Any] = {
        "name": row.name, "title": row.title, "is_active": row.is_active, "needs_code": row.needs_code,
        "starts_at": row.starts_at, "ends_at": row.ends_at, "lane": row.lane, "priority": row.priority,
        "kind": row.benefit["type"], "products": _write_products(goods.product_ids),
        "categories": list(goods.category_ids), "collections": list(goods.collection_ids),
        "reward_products": _write_products(reward.product_ids), "reward_categories": list(reward.category_ids),
        "minimum_amount": conditions.minimum_amount or None, "minimum_quantity": conditions.minimum_quantity or None,
        "is_first_order": conditions.is_first_order,
        "percent": getattr(benefit, "basis_points", None), "amount": getattr(benefit, "amount", None),
    }
    if isinstance(benefit, BuyGet):
        said |= {"buy": benefit.buy, "get": benefit.get, "limit": benefit.limit or None}
    return said


def _read_products(said: str | None) -> tuple[int, ...]:
    slugs = list(dict.fromkeys((said or "").split()))
    if not slugs:
        return ()
    ids = dict(db.session.execute(select(Product.slug, Product.id).where(Product.slug.in_(slugs))).all())
    missing = [slug for slug in slugs if slug not in ids]
    if missing:
        raise ValidationError(f"There is no product {', '.join(missing)[:200]}.")
    return tuple(ids[slug] for slug in slugs)


def _write_products(product_ids: tuple[int, ...]) -> str:
    slugs = dict(db.session.execute(select(Product.id, Product.slug).where(Product.id.in_(product_ids))).all())
    return "\n".join(slugs[product_id] for product_id in product_ids if product_id in slugs)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


class CodeForm(Form):
    """A code and its limits."""

    code = line("Code", Required("Enter the code, such as WELCOME10."), most=40,
                description="Letters, digits and hyphens; capitals or not is all the same.")
    usage_limit = WholeField("Uses in total", low=1, high=10**9, description="Empty: without limit.")
    per_customer_limit = WholeField("Uses for each customer", low=1, high=1000,
                                    description="Counted by e-mail address, guests too. Empty: without limit.")


class CodesForm(Form):
    """Many random codes at once."""

    count = WholeField("How many", [Required("Say how many.")], low=1, high=1000, default=20)
    prefix = line("They begin with", most=20, description="Such as SPRING, or nothing.")
    usage_limit = WholeField("Uses of each", low=1, high=10**9, default=1, description="Empty: without limit.")
    per_customer_limit = WholeField("Uses of each by one customer", low=1, high=1000,
                                    description="Empty: without limit.")


class LimitsForm(Form):
    """The limits of a code that exists."""

    usage_limit = WholeField("Uses in total", low=1, high=10**9)
    per_customer_limit = WholeField("For each customer", low=1, high=1000)
    is_active = BooleanField("It counts")
