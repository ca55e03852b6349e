"""How lists of products are ordered and cut into pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import Select, UnaryExpression, func, select
from sqlalchemy.orm import InstrumentedAttribute

from storefront.catalog.cards import Card, build_cards, is_on_sale, select_cards_of
from storefront.catalog.models import Product
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.pagination import Pager

Sort = Literal["newest", "price", "-price", "best"]
SORTS: tuple[Sort, ...] = get_args(Sort)
PAGE_SIZE = 24

Order = Sequence[UnaryExpression[Any] | InstrumentedAttribute[Any]]
ORDERS: dict[Sort, Order] = {
    "newest": (Product.published_at.desc(), Product.id.desc()),
    "price": (Product.lowest_amount, Product.id),
    "-price": (Product.lowest_amount.desc(), Product.id.desc()),
    "best": (Product.sales_count.desc(), Product.id.desc()),
}


@dataclass(frozen=True, slots=True)
class CardPage:
    """One page of a list; `number` counts from 1, `total` counts the products of all pages."""

    cards: list[Card]
    total: int
    number: int
    pages: int


def read_card_page(found: Select[int], order: Sequence[Any], number: int, currency: str) -> CardPage:
    """Return a page of the products on sale whose ids the statement finds, in four queries.

    Raises NotFound for a page after the last; an empty list has one page.
    """
    found = found.where(is_on_sale(currency))
    total = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    pager = Pager(number, PAGE_SIZE, total)
    if not 1 <= number <= pager.pages:
        raise NotFound("There is no such page of this list.")
    ids = db.session.scalars(found.order_by(*order).limit(PAGE_SIZE).offset(pager.offset)).all() if total else []
    return CardPage(read_cards_of(ids, currency), total, number, pager.pages)


def read_cards_of(product_ids: Sequence[int], currency: str) -> list[Card]:
    """Return the cards of those products that are on sale, in the order asked for, in two queries."""
    if not product_ids:
        return []
    rows = db.session.execute(select_cards_of(currency), {"ids": product_ids}).all()
    cards = {card.id: card for card in build_cards(rows, currency)}
    return [cards[product_id] for product_id in dict.fromkeys(product_ids) if product_id in cards]
