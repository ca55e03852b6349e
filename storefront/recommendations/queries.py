"""Reads of what goes with what, and of the orders and products that it is computed from."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, String, case, cast, func, select, union

from storefront.catalog.cards import Card, is_on_sale
from storefront.catalog.models import Category, Product
from storefront.catalog.queries import read_cards
from storefront.foundation.cache import cached
from storefront.foundation.clock import now
from storefront.foundation.database import db
from storefront.foundation.shop import facts
from storefront.orders.models import Order, OrderLine
from storefront.orders.states import OrderState
from storefront.recommendations.likeness import Traits, words_of
from storefront.recommendations.models import Ground, Recommendation
from storefront.recommendations.similarity import Neighbor, Purchase, add_up, tidy_history

SHOWN = 4
SPARE = 8  # cards read for the page: some may be sold out
HALF_LIFE = 180  # days after which a purchase says half as much
WINDOW = timedelta(days=730)  # older purchases say nothing
# A line that somebody has bought and not changed their mind about: what was sent back or called off says nothing.
_BOUGHT = (
    Order.state.in_((OrderState.PLACED, OrderState.PARTLY_FULFILLED, OrderState.FULFILLED, OrderState.DELIVERED,
                     OrderState.COMPLETED)),
    OrderLine.refunded_quantity < OrderLine.quantity, OrderLine.canceled_quantity < OrderLine.quantity,
)
BATCH = 2000


@cached("catalog", "recommendations")
def read_beside(product_id: int) -> tuple[str, list[Card]]:
    """Return why (`bought`, `alike` or nothing) and the cards on sale to show beside a product, best first.

    At most SPARE, of which a page shows SHOWN: those that can be bought. One query, and the two of the cards.
    """
    return read_beside_many([product_id])[product_id]


def read_beside_many(product_ids: Collection[int]) -> dict[int, tuple[str, list[Card]]]:
    """Return what read_beside answers for each of the products, in as many queries as for one."""
    rows = db.session.execute(
        select(Recommendation.product_id, Recommendation.ground, Recommendation.other_id)
        .where(Recommendation.product_id.in_(product_ids)).order_by(Recommendation.rank)).all()
    cards = {card.id: card for card in read_cards([other for _, _, other in rows])}
    kept: dict[int, dict[Ground, list[Card]]] = {
        product_id: {ground: [] for ground in Ground} for product_id in product_ids}
    for product_id, ground, other in rows:
        if other in cards:
            kept[product_id][ground].append(cards[other])
    return {product_id: _best(found) for product_id, found in kept.items()}


def _best(found: dict[Ground, list[Card]]) -> tuple[str, list[Card]]:
    # One thing that was bought with it says less than several of its kind.
    best = Ground.BOUGHT if len(found[Ground.BOUGHT]) > 1 or not found[Ground.ALIKE] else Ground.ALIKE
    return (best.value, found[best][:SPARE]) if found[best] else ("", [])


def read_goes_with(product_ids: Sequence[int], limit: int) -> list[Card]:
    """Return cards on sale that were bought with these products (oldest in the cart first), in at most three queries.

    Never one of these, and none where nobody bought anything with them.
    """
    rows = db.session.execute(
        select(Recommendation.product_id, Recommendation.other_id, Recommendation.score)
        .where(Recommendation.product_id.in_(product_ids), Recommendation.ground == Ground.BOUGHT)
        .order_by(Recommendation.product_id, Recommendation.rank)).all()
    neighbors = {product_id: [Neighbor(other, score) for _, other, score in group]
                 for product_id, group in groupby(rows, key=itemgetter(0))}
    sums = add_up(list(dict.fromkeys(product_ids)), neighbors)
    best = sorted(sums, key=lambda other: (-sums[other], other))[:limit]
    return read_cards(best) if best else []


def list_shown_beside(product_ids: Collection[int]) -> list[int]:
    """Return the ids of the products whose pages may show one of these beside them."""
    return list(db.session.scalars(
        select(Recommendation.product_id).where(Recommendation.other_id.in_(product_ids)).distinct()
        .order_by(Recommendation.product_id)))


def read_neighbors(product_ids: Collection[int], ground: Ground) -> dict[int, list[int]]:
    """Return the ids kept beside each product, best first."""
    rows = db.session.execute(
        select(Recommendation.product_id, Recommendation.other_id)
        .where(Recommendation.product_id.in_(product_ids), Recommendation.ground == ground)
        .order_by(Recommendation.product_id, Recommendation.rank))
    return {product_id: [other for _, other in group] for product_id, group in groupby(rows, key=itemgetter(0))}


def list_with_neighbors(ground: Ground) -> set[int]:
    """Return the ids of all products that have some."""
    return set(db.session.scalars(select(Recommendation.product_id).where(Recommendation.ground == ground).distinct()))


def count_ranked(ground: Ground, rank: int) -> int:
    """Return how many products have at least so many beside them."""
    return db.session.scalar(select(func.count()).where(Recommendation.ground == ground,
                                                        Recommendation.rank == rank)) or 0


def list_on_sale() -> set[int]:
    """Return the ids of the products on sale."""
    return set(db.session.scalars(select(Product.id).where(is_on_sale(facts().currency))))


def count_on_sale() -> int:
    """Return how many products are on sale."""
    return db.session.scalar(select(func.count()).select_from(Product).where(is_on_sale(facts().currency))) or 0


def read_sales(product_ids: Collection[int]) -> dict[int, int]:
    """Return how often those of the products that are on sale were bought until last night."""
    rows = db.session.execute(select(Product.id, Product.sales_count).where(
        Product.id.in_(product_ids), is_on_sale(facts().currency))).all()
    return dict(rows)


def read_popularity(product_ids: Collection[int] | None = None) -> dict[int, int]:
    """Return how often each product (or each of these) was bought."""
    counted = (select(OrderLine.product_id, func.count()).join(Order, Order.id == OrderLine.order_id)
               .where(*_BOUGHT).group_by(OrderLine.product_id))
    if product_ids is not None:
        counted = counted.where(OrderLine.product_id.in_(product_ids))
    rows = db.session.execute(counted).all()
    return dict(rows)


def list_with_sales() -> set[int]:
    """Return the ids of the products that the catalog counts as bought."""
    return set(db.session.scalars(select(Product.id).where(Product.sales_count > 0)))


def list_ordered(order_id: uuid.UUID) -> list[int]:
    """Return the ids of an order's products."""
    return list(db.session.scalars(select(OrderLine.product_id).where(OrderLine.order_id == order_id).distinct()
                                   .order_by(OrderLine.product_id)))


def stream_histories(first_id: int, last_id: int) -> Iterator[list[Purchase]]:
    """Return, one after the other, all that each shopper bought who bought any product from the one id to the other.

    Reads every order; who it was is needed to keep purchases apart and leaves this file with none of them.
    """
    shoppers = (select(_shopper()).select_from(Order).join(OrderLine, OrderLine.order_id == Order.id)
                .where(OrderLine.product_id.between(first_id, last_id)))
    return _stream_histories(_shopper().in_(shoppers))


def stream_histories_of(product_ids: Collection[int]) -> Iterator[list[Purchase]]:
    """Return the same of who bought any of these few products, by indexes: no other order is read."""
    holding = select(OrderLine.order_id).where(OrderLine.product_id.in_(product_ids))
    keys = select(Order.customer_key).where(Order.id.in_(holding), Order.customer_key != "")
    return _stream_histories(Order.id.in_(union(holding, select(Order.id).where(Order.customer_key.in_(keys)))))


def _stream_histories(is_theirs: ColumnElement[bool]) -> Iterator[list[Purchase]]:
    today = now()
    statement = (
        select(_shopper(), Order.id, Order.placed_at, OrderLine.product_id).select_from(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(*_BOUGHT, Order.placed_at >= today - WINDOW, is_theirs)
        .order_by(_shopper(), Order.placed_at, Order.id, OrderLine.position)
    )
    for _, rows in groupby(_stream(statement), key=itemgetter(0)):
        yield tidy_history(_purchases(rows, today))


def stream_traits(skipped: int = 0) -> Iterator[Traits]:
    """Return what the products on sale are, in the order of category path, price and id, without the first ones."""
    statement = (
        select(Product.id, Category.path, Product.brand_id, Product.tags, Product.name, Product.lowest_amount)
        .outerjoin(Category, Category.id == Product.category_id).where(is_on_sale(facts().currency))
        .order_by(func.coalesce(Category.path, ""), Product.lowest_amount, Product.id).offset(skipped)
    )
    for product_id, path, brand_id, tags, name, amount in _stream(statement):
        yield Traits(product_id, tuple(path.split("/")) if path else (), brand_id,
                     frozenset(tag.lower() for tag in tags), words_of(name), amount)


def _shopper() -> ColumnElement[str]:
    """One mailbox is one shopper; an order of before the key was kept stands for itself."""
    return case((Order.customer_key != "", Order.customer_key), else_=cast(Order.id, String))


def _purchases(rows: Iterable[tuple[str, uuid.UUID, datetime, int]], today: datetime) -> Iterator[Purchase]:
    for step, (_, lines) in enumerate(groupby(rows, key=itemgetter(1))):
        for _, _, placed_at, product_id in lines:
            yield Purchase(product_id, step, 0.5 ** ((today - placed_at).days / HALF_LIFE))


def _stream(statement: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """Read row by row on a connection of its own: what is computed meanwhile may be written."""
    with db.engine.connect() as reader:
        yield from reader.execution_options(yield_per=BATCH).execute(statement)
