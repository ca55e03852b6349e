"""Products as lists show them: two queries for any number of cards, a third when one of them is reduced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from storefront.catalog.addresses import product_url
from storefront.catalog.history import read_lowest_prices
from storefront.catalog.media import Picture, picture_of
from storefront.catalog.models import (
    Brand,
    Image,
    Option,
    OptionValue,
    Price,
    Product,
    ProductStatus,
    Variant,
    variant_option_value,
)
from storefront.catalog.variants import first_image_id
from storefront.foundation.database import db
from storefront.foundation.money import Money


@dataclass(frozen=True, slots=True)
class Swatch:
    """A color that the product comes in."""

    label: str
    color: str


@dataclass(frozen=True, slots=True)
class Stars:
    """What reviews say of a product: `average` such as 4.3, of five."""

    average: str
    reviews: int


@dataclass(frozen=True, slots=True)
class Card:
    """A product on sale as a list shows it; whether it is sold out is for inventory to say."""

    id: int
    slug: str
    url: str
    name: str
    brand: str
    picture: Picture | None
    price: Money  # the lowest
    compare_at: Money | None
    has_price_range: bool
    swatches: list[Swatch]
    variant_ids: list[int]
    lowest_before: Money | None = None  # of the 30 days before the reduction, see history.py
    stars: Stars | None = None


CardRow = Row[int, str, str, str | None, int, int, Image | None]
CardSelect = Select[int, str, str, str | None, int, int, Image | None]


def count_stars(rating: int, reviews: int) -> Stars | None:
    """Return the average of hundredths of a star; None where nobody said anything."""
    return Stars(f"{rating / 100:.1f}", reviews) if reviews else None


def is_on_sale(currency: str) -> ColumnElement[bool]:
    """Return the SQL of what the public may see: active, with a variant that has a price."""
    priced = exists().where(
        Variant.product_id == Product.id, Variant.is_archived.is_(False),
        Price.variant_id == Variant.id, Price.currency == currency,
    )
    return and_(Product.status == ProductStatus.ACTIVE, priced)


@cache
def select_cards(currency: str) -> CardSelect:
    """Return the statement of products on sale with brand and first picture; callers order and limit it.

    Made once, as the two below: to build them costs more than to run them.
    """
    return (
        select(Product.id, Product.slug, Product.name, Brand.name, Product.rating, Product.review_count, Image)
        .outerjoin(Brand, Brand.id == Product.brand_id)
        .outerjoin(Image, Image.id == first_image_id(_id_of(Product.id)).correlate(Product))
        .where(is_on_sale(currency))
    )


@cache
def select_cards_of(currency: str) -> CardSelect:
    """Return the same of the products `:ids`."""
    return select_cards(currency).where(Product.id.in_(bindparam("ids", expanding=True)))


def build_cards(rows: Sequence[CardRow], currency: str) -> list[Card]:
    """Return the rows of select_cards as cards in the same order, prices and swatches read in one query."""
    if not rows:
        return []
    offers = _read_offers([row[0] for row in rows], currency)
    shown = {row[0]: offers[row[0]].cheapest for row in rows}
    lowest = read_lowest_prices([cheapest.variant_id for cheapest in shown.values() if cheapest.is_reduced])
    return [_card(row, offers[row[0]], currency, lowest) for row in rows]


@dataclass(slots=True)
class _Offers:
    """The variants of one product: id → (amount, compare-at amount), and the colors among them."""

    prices: dict[int, tuple[int, int | None]]
    swatches: dict[tuple[int, int], Swatch]

    @property
    def cheapest(self) -> _Cheapest:
        variant_id, (amount, compare_at) = min(self.prices.items(), key=lambda item: item[1][0])
        return _Cheapest(variant_id, amount, compare_at if compare_at is not None and compare_at > amount else None)


@dataclass(frozen=True, slots=True)
class _Cheapest:
    """The variant whose price a card shows; `compare_at` only when it is reduced."""

    variant_id: int
    amount: int
    compare_at: int | None

    @property
    def is_reduced(self) -> bool:
        return self.compare_at is not None


@cache
def _select_offers() -> Select[*tuple[Any, ...]]:
    pair = variant_option_value.c
    return (
        select(Variant.product_id, Variant.id, Price.amount, Price.compare_at_amount, OptionValue.value,
               OptionValue.swatch, Option.position, OptionValue.position)
        .join(Price, and_(Price.variant_id == Variant.id, Price.currency == bindparam("currency")))
        .outerjoin(variant_option_value, pair.variant_id == Variant.id)
        .outerjoin(OptionValue, and_(OptionValue.id == pair.option_value_id, OptionValue.swatch != ""))
        .outerjoin(Option, Option.id == OptionValue.option_id)
        .where(Variant.product_id.in_(bindparam("ids", expanding=True)), Variant.is_archived.is_(False))
        .order_by(Variant.position, Variant.id)
    )


def _read_offers(product_ids: Sequence[int], currency: str) -> dict[int, _Offers]:
    rows = db.session.execute(_select_offers(), {"ids": product_ids, "currency": currency})
    found: dict[int, _Offers] = defaultdict(lambda: _Offers({}, {}))
    for product_id, variant_id, amount, compare_at, label, color, option_place, place in rows:
        found[product_id].prices[variant_id] = (amount, compare_at)
        if color:
            found[product_id].swatches[option_place, place] = Swatch(label, color)
    return found


def _card(row: CardRow, offers: _Offers, currency: str, lowest: Mapping[int, int]) -> Card:
    product_id, slug, name, brand, rating, review_count, image = row
    cheapest = offers.cheapest
    before = lowest.get(cheapest.variant_id)
    return Card(
        id=product_id, slug=slug, url=product_url(slug), name=name, brand=brand or "",
        picture=picture_of(image) if image else None, price=Money(cheapest.amount, currency),
        compare_at=Money(cheapest.compare_at, currency) if cheapest.compare_at is not None else None,
        has_price_range=any(other != cheapest.amount for other, _ in offers.prices.values()),
        swatches=[offers.swatches[place] for place in sorted(offers.swatches)], variant_ids=list(offers.prices),
        lowest_before=Money(before, currency) if before is not None else None,
        stars=count_stars(rating, review_count),
    )


def _id_of(column: InstrumentedAttribute[int]) -> ColumnElement[int]:
    return column.expression
