"""The rule of a collection: what a product must be to lie in it, and how SQL says so.

Kept as JSON with the collection and read back strictly: what a newer release wrote is refused, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, false, func, or_
from sqlalchemy.orm import aliased

from storefront.catalog.models import Category, Price, Product, ProductStatus, Variant, product_category
from storefront.foundation.clock import now

MAX_DAYS = 3650
MOST = 2**31 - 1  # of what the column of prices holds
Ids = Annotated[tuple[int, ...], Meta(min_length=1, max_length=200)]
Words = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=120)], ...], Meta(min_length=1, max_length=50)]
Amount = Annotated[int, Meta(ge=0, le=10**12)]
# The catalog knows no stock: whoever counts it hands in (app.py) which variants can be bought, as ids.
sellable_variants: list[Callable[[], Select[int]]] = []


class _Condition(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="type"):
    """One thing that must be so."""


class OfBrand(_Condition, frozen=True, tag="brand"):
    """Any of these brands makes it."""

    brand_ids: Ids


class Tagged(_Condition, frozen=True, tag="tag"):
    """It has any of these tags, capitals or not."""

    tags: Words


class InCategory(_Condition, frozen=True, tag="category"):
    """It is filed in any of these categories, or below one."""

    category_ids: Ids


class Priced(_Condition, frozen=True, tag="price"):
    """Its lowest price lies between these, both included; minor units of the shop's currency."""

    lowest: Amount | None = None
    highest: Amount | None = None


class InStock(_Condition, frozen=True, tag="in_stock"):
    """One of its variants can be bought now."""


class Reduced(_Condition, frozen=True, tag="on_sale"):
    """One of its variants costs less than its compare-at price."""


class PublishedLately(_Condition, frozen=True, tag="published_lately"):
    """It came on sale today or on one of the days before (UTC)."""

    days: Annotated[int, Meta(ge=1, le=MAX_DAYS)]


class PublishedBetween(_Condition, frozen=True, tag="published_between"):
    """It came on sale from the one day to the other, both included (UTC)."""

    first: date | None = None
    last: date | None = None


Condition = OfBrand | Tagged | InCategory | Priced | InStock | Reduced | PublishedLately | PublishedBetween
RuleOrder = Literal["newest", "price", "-price", "best"]


class Rule(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which products on sale lie in the collection, and how those stand that nobody placed by hand."""

    conditions: Annotated[tuple[Condition, ...], Meta(min_length=1, max_length=20)]
    matches: Literal["all", "any"] = "all"
    order: RuleOrder = "newest"

    @property
    def ages(self) -> bool:
        """Tell whether products leave it by the calendar alone."""
        return any(isinstance(condition, PublishedLately) for condition in self.conditions)


def read_rule(data: Any) -> Rule:
    """Return the rule that a collection's JSON holds; raises msgspec.ValidationError."""
    return msgspec.convert(data, Rule)


def to_json(rule: Rule) -> dict[str, Any]:
    """Return the rule as a JSON column keeps it."""
    built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(rule))  # lists, as they are read back
    return built


def is_matching(rule: Rule, currency: str) -> ColumnElement[bool]:
    """Return the SQL of whether a product is active and fits the rule today, looked up for each that is named."""
    join = and_ if rule.matches == "all" else or_
    today = now().date()
    return and_(Product.status == ProductStatus.ACTIVE,
                join(*(_compile(condition, currency, today) for condition in rule.conditions)))


def grew_too_old(rule: Rule, since: date) -> ColumnElement[bool]:
    """Return the SQL of whether the product was new enough for one of the rule's conditions on that day, and is not."""
    today = now().date()
    return or_(*(and_(Product.published_at >= _midnight(since - timedelta(days=condition.days - 1)),
                      Product.published_at < _midnight(today - timedelta(days=condition.days - 1)))
                 for condition in rule.conditions if isinstance(condition, PublishedLately)), false())


def _compile(condition: Condition, currency: str, today: date) -> ColumnElement[bool]:  # noqa: PLR0911  # one for each kind
    match condition:
        case OfBrand(brand_ids):
            return Product.brand_id.in_(brand_ids)
        case Tagged(tags):
            return or_(*(_has_tag(tag) for tag in tags))
        case InCategory(category_ids):
            return _is_below(category_ids)
        case Priced(lowest, highest):
            return Product.lowest_amount.between(min(lowest or 0, MOST),
                                                 MOST if highest is None else min(highest, MOST))
        case InStock():
            return _can_be_bought()
        case Reduced():
            return exists().where(Variant.product_id == Product.id, Variant.is_archived.is_(False),
                                  Price.variant_id == Variant.id, Price.currency == currency,
                                  Price.compare_at_amount > Price.amount)
        case PublishedLately(days):
            return Product.published_at >= _midnight(today - timedelta(days=days - 1))
        case PublishedBetween(first, last):
            return Product.published_at.between(_midnight(first or date.min),
                                                datetime.combine(last or date.max, time.max, UTC))


def _has_tag(tag: str) -> ColumnElement[bool]:
    # Tags are kept as JSON, which writes é as \u00e9 and a quote within a tag as \": in quotes, a tag is found whole.
    return cast(Product.tags, String).icontains(json.dumps(tag), autoescape=True)


def _is_below(category_ids: tuple[int, ...]) -> ColumnElement[bool]:
    own, top, filed = aliased(Category), aliased(Category), product_category.c
    above = top.path + "/"
    return exists().where(filed.product_id == Product.id, own.id == filed.category_id, top.id.in_(category_ids),
                          or_(own.id == top.id, func.substr(own.path, 1, func.length(above)) == above))


def _can_be_bought() -> ColumnElement[bool]:
    found = [source() for source in sellable_variants]
    return exists().where(
        Variant.product_id == Product.id, Variant.is_archived.is_(False),
        *(ids.where(ids.selected_columns[0] == Variant.id).correlate(Variant).exists() for ids in found))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
