"""Which products search must read anew: one set for everything that search keeps (documents, facets).

The relay notes them in the transaction that relays the events; a worker reads the products and forgets the note
unless it was touched again meanwhile. Events that wait for the relay count as well, so nothing is missed between.

Where a restore left the table out nothing is noted: the events that mails and money wait for go on, and the rebuild,
which makes the table, reads every product anew.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, literal, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from storefront.catalog.events import CategoryRenamed, ProductChanged
from storefront.catalog.models import Category, Variant, product_category
from storefront.foundation.database import db, transactional
from storefront.foundation.outbox import OutboxEvent
from storefront.inventory.events import StockChanged
from storefront.search.models import FacetPlace, FacetState, StaleProduct
from storefront.search.tables import lacks_table

Insert = postgresql.Insert | sqlite.Insert
CHUNK = 500  # rows of one statement
SHOWN_BY_LISTS = (ProductChanged.__name__, StockChanged.__name__)
MAX_EVENTS = 1000  # waiting ones that a reader looks through
logger = logging.getLogger(__name__)


@transactional
def note_stale(*, events: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Note the products of the (name, payload) pairs; other events are passed over. Joins the relay's transaction."""
    touch_products(product_ids=_products_of(events))
    _touch_categories({int(payload["category_id"]) for name, payload in events
                       if name == CategoryRenamed.__name__})


@transactional
def _touch_categories(category_ids: Collection[int]) -> None:
    """Note what lies in the categories and below them, which is found by their names: one statement for any number."""
    above, below, place = aliased(Category), aliased(Category), product_category.c
    for part in _chunks(sorted(category_ids)):
        lies = (select(place.product_id, literal(1)).distinct().join(below, below.id == place.category_id)
                .join(above, or_(below.id == above.id, below.path.startswith(above.path + "/")))
                .where(above.id.in_(part)))
        _write(_insert().from_select(["product_id", "version"], lies))


@transactional
def touch_products(*, product_ids: Collection[int]) -> None:
    """Note the products as stale."""
    for part in _chunks(sorted(product_ids)):
        rows = [{"product_id": product_id, "version": 1} for product_id in part]
        _write(_insert().values(rows))


def _insert() -> Insert:
    if db.engine.dialect.name == "postgresql":
        return postgresql.insert(StaleProduct)
    return sqlite.insert(StaleProduct)


def _write(insert: Insert) -> None:
    statement: Insert = insert.on_conflict_do_update(
        index_elements=[StaleProduct.product_id], set_={"version": StaleProduct.version + 1})
    try:
        with db.session.begin_nested():  # without the table the rest of the transaction stands
            db.session.execute(statement)
    except DBAPIError as error:
        if not lacks_table(error):
            raise
        logger.error("search follows no product: %s is missing until `flask search rebuild`",
                     StaleProduct.__tablename__)


def waits() -> ColumnElement[bool]:
    """Return the SQL of whether read_stale would find something, for a statement that asks more besides."""
    event = exists().where(OutboxEvent.relayed_at.is_(None), OutboxEvent.name.in_(SHOWN_BY_LISTS))
    return or_(exists(select(StaleProduct.product_id)), event)


def is_anything_stale() -> bool:
    """Tell whether a note waits; reads only. Without the table none does."""
    try:
        return db.session.scalar(select(StaleProduct.product_id).limit(1)) is not None
    except DBAPIError as error:
        if not lacks_table(error):
            raise
    db.session.rollback()
    return False


def claim_stale(limit: int) -> dict[int, int]:
    """Return noted products with their versions, for forget_stale; call it inside the transaction that reads them."""
    # Those that lie side by side first: a thousand changes then write few blocks, and each of them once.
    place = select(FacetPlace.block_id).where(
        FacetPlace.generation == select(FacetState.generation).scalar_subquery(),
        FacetPlace.product_id == StaleProduct.product_id).scalar_subquery()
    rows = db.session.execute(select(StaleProduct.product_id, StaleProduct.version)
                              .order_by(place, StaleProduct.product_id).limit(limit))
    return dict(rows.all())


@transactional
def forget_stale(*, seen: Mapping[int, int]) -> None:
    """Forget the notes, but not those that were touched after they were seen."""
    for part in _chunks(sorted(seen.items())):
        db.session.execute(delete(StaleProduct)
                           .where(tuple_(StaleProduct.product_id, StaleProduct.version).in_(part)))


def read_stale(limit: int) -> set[int]:
    """Return at least `limit` products, or all, whose changes are committed and not in what search keeps.

    What only words are found by (a category's other name) waits for the relay: lists do not ask for it.
    """
    noted = set(db.session.scalars(select(StaleProduct.product_id).limit(limit)))
    if len(noted) >= limit:
        return noted
    waiting = db.session.execute(
        select(OutboxEvent.name, OutboxEvent.payload)
        .where(OutboxEvent.relayed_at.is_(None), OutboxEvent.name.in_(SHOWN_BY_LISTS))
        .order_by(OutboxEvent.id).limit(MAX_EVENTS)).all()
    return noted | _products_of(waiting)


def _products_of(events: Iterable[tuple[str, Mapping[str, Any]]]) -> set[int]:
    products, variants = set(), set()
    for name, payload in events:
        if name == ProductChanged.__name__:
            products.add(int(payload["product_id"]))
        elif name == StockChanged.__name__ and payload.get("shown") != "stock":  # how few are left filters nothing
            variants.add(int(payload["variant_id"]))
    for part in _chunks(sorted(variants)):
        products |= set(db.session.scalars(select(Variant.product_id).where(Variant.id.in_(part))))
    return products


def _chunks(rows: Collection[Any]) -> Iterable[Any]:
    listed = list(rows)
    return (listed[start:start + CHUNK] for start in range(0, len(listed), CHUNK))
