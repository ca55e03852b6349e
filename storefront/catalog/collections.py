"""Collections: lists of products picked by hand or found by a rule.

What a rule finds is kept as rows beside what was picked, so whoever asks where a product lies (listings,
promotions, pages to be rendered) joins one table. The rows follow what changes, at its cost: a product within the
transaction that changes it; stock when the worker of search reads the products that were noted; the calendar once a
day, by the products that have just grown too old. A new rule is asked about the whole shop, part by part in jobs.
"""

from __future__ import annotations

from collections.abc import Collection as Collected
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from time import monotonic

from sqlalchemy import ColumnElement, delete, false, insert, literal, or_, select, update

from storefront.catalog.changes import Changes
from storefront.catalog.errors import TooManyPlaced, UnknownProduct
from storefront.catalog.events import CollectionChanged, RuleDue
from storefront.catalog.models import Collection, CollectionEntry, Product
from storefront.catalog.rules import Rule, grew_too_old, is_matching, read_rule, to_json
from storefront.foundation.cache import invalidate
from storefront.foundation.clock import now
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import record
from storefront.foundation.shop import facts

GROUP = "catalog"
BATCH = 5000  # products that are asked about in one transaction
MAX_PLACED = 500  # products by hand: what a form of the panel can show
AT_ONCE = 2  # batches of a new rule that whoever saves it waits for; a job does the others
SLICE_SECONDS = 10.0  # of the 40 that a job may take


@transactional
def save_collection(*, slug: str, name: str, intro: str = "", product_slugs: Sequence[str] = (),
                    is_published: bool = True, rule: Rule | None = None) -> int:
    """Make the collection say this and return its id; a second call changes nothing.

    It holds the products named, in this order, and after them what the rule finds: of a large shop a new rule finds
    the first products at once and the others within a minute. Raises UnknownProduct naming the slugs that no
    product has, and TooManyPlaced.
    """
    if len(product_slugs) > MAX_PLACED:
        raise TooManyPlaced(f"At most {MAX_PLACED} products can be placed by hand. Let a rule find the others, or "
                            "make a second collection.")
    rows = db.session.execute(select(Product.slug, Product.id).where(Product.slug.in_(product_slugs))).all()
    ids = dict(rows)  # of a list: a Result has keys() and would be read as a mapping
    missing = [wanted for wanted in product_slugs if wanted not in ids]
    if missing:
        raise UnknownProduct(f"There is no product {', '.join(missing)}.")
    collection = db.session.scalar(select(Collection).where(Collection.slug == slug).with_for_update())
    if collection is None:
        collection = Collection(slug=slug, name="", intro="", is_published=is_published)
        db.session.add(collection)
        db.session.flush()
    changes = Changes()
    for attribute, value in {"name": name, "intro": intro, "is_published": is_published,
                             "rule": to_json(rule) if rule else None}.items():
        changes.put(collection, attribute, value)
    db.session.flush()
    unpicked = _pick(collection.id, [ids[product_slug] for product_slug in dict.fromkeys(product_slugs)], changes)
    if changes.said:
        _tell(collection.id)
    if "rule" in changes.said:
        _follow_new_rule(collection, rule)
    elif rule is not None:
        _follow({collection.id: rule}, unpicked)
    return collection.id


def follow_products(product_ids: Collected[int]) -> None:
    """Put products that have just changed where the rules want them, within the service that changed them.

    However many they are, it costs the rules and two reads, and what is to be written.
    """
    _follow(_read_rules(), product_ids)


@transactional
def ask_for_aged() -> None:
    """Let jobs look at the products that grew too old for a rule since they were last asked for (the schedule)."""
    today = now().date()
    for row in db.session.scalars(select(Collection).order_by(Collection.id).where(
            Collection.rule.is_not(None), or_(Collection.aged_on.is_(None), Collection.aged_on < today))):
        if row.aged_on is None or read_rule(row.rule).ages:  # of before this was kept: all are looked at once
            record(RuleDue(row.id, 0, row.aged_on.isoformat() if row.aged_on else ""))
        row.aged_on = today


@transactional
def ask_about_all() -> None:
    """Let jobs ask every rule about every product, when nobody can say any more which of them changed."""
    for collection_id in _read_rules():
        record(RuleDue(collection_id, 0, ""))


def work_on_rule(*, collection_id: int, after: int, since: str, seconds: float = SLICE_SECONDS) -> None:
    """Ask the collection's rule about products for some seconds, and for a job to go on (a job).

    They are asked about by id, from the one after `after`: all of them, or those that grew too old for the rule
    since that day.
    """
    until = monotonic() + seconds
    place = after
    while monotonic() < until:
        place = _ask_batch(collection_id=collection_id, after=place, since=since)
        if not place:
            return
    _go_on(collection_id=collection_id, after=place, since=since)


@transactional
def _go_on(*, collection_id: int, after: int, since: str) -> None:
    record(RuleDue(collection_id, after, since))


@transactional
def _ask_batch(*, collection_id: int, after: int, since: str) -> int:
    """Return the last product that the rule was asked about, or 0 when there were no more; in three statements."""
    rule = _read_rules().get(collection_id)
    if rule is None:
        return 0
    asked = [Product.id > after, *([grew_too_old(rule, date.fromisoformat(since))] if since else [])]
    last = db.session.scalar(select(Product.id).where(*asked).order_by(Product.id).offset(BATCH - 1).limit(1))
    asked += [Product.id <= last] if last else []
    fits = is_matching(rule, facts().currency)
    mine = CollectionEntry.collection_id == collection_id
    moved = execute_counted(delete(CollectionEntry).where(
        mine, CollectionEntry.is_pinned.is_(False), CollectionEntry.product_id.in_(select(Product.id).where(*asked)),
        CollectionEntry.product_id.not_in(select(Product.id).where(*asked, fits))))
    moved += execute_counted(insert(CollectionEntry).from_select(
        ["collection_id", "product_id", "position", "is_pinned"],
        select(literal(collection_id), Product.id, literal(0), false()).where(
            *asked, fits, Product.id.not_in(select(CollectionEntry.product_id).where(mine, *_between(after, last))))))
    if moved:
        _tell(collection_id)
    return last or 0


def _between(after: int, last: int | None) -> list[ColumnElement[bool]]:
    return [CollectionEntry.product_id > after, *([CollectionEntry.product_id <= last] if last else [])]


def _follow_new_rule(collection: Collection, rule: Rule | None) -> None:
    """Ask it about the first products now and about the others in jobs; without a rule what it found leaves."""
    collection.aged_on = now().date()
    db.session.flush()
    if rule is None:
        execute_counted(delete(CollectionEntry).where(CollectionEntry.collection_id == collection.id,
                                                      CollectionEntry.is_pinned.is_(False)))
        return
    place = 0
    for _ in range(AT_ONCE):
        place = _ask_batch(collection_id=collection.id, after=place, since="")
        if not place:
            return
    record(RuleDue(collection.id, place, ""))


def _follow(rules: Mapping[int, Rule], product_ids: Collected[int]) -> None:
    """Put the products where these rules (by collection) want them and tell of the collections that moved."""
    if not rules or not product_ids:
        return
    currency = facts().currency
    fits = [is_matching(rule, currency) for rule in rules.values()]
    wanted = {(collection_id, product_id)
              for product_id, *row in db.session.execute(select(Product.id, *fits).where(Product.id.in_(product_ids)))
              for collection_id, fit in zip(rules, row, strict=True) if fit}
    present = {(collection_id, product_id): is_pinned for collection_id, product_id, is_pinned in db.session.execute(
        select(CollectionEntry.collection_id, CollectionEntry.product_id, CollectionEntry.is_pinned)
        .where(CollectionEntry.product_id.in_(product_ids), CollectionEntry.collection_id.in_(rules)))}
    left = {key for key, is_pinned in present.items() if not is_pinned} - wanted
    entered = wanted - present.keys()
    for collection_id, pairs in groupby(sorted(left), key=itemgetter(0)):
        execute_counted(delete(CollectionEntry).where(
            CollectionEntry.collection_id == collection_id,
            CollectionEntry.product_id.in_([product_id for _, product_id in pairs])))
    if entered:
        db.session.execute(insert(CollectionEntry), [
            {"collection_id": collection_id, "product_id": product_id, "position": 0, "is_pinned": False}
            for collection_id, product_id in sorted(entered)])
    for collection_id in sorted({collection_id for collection_id, _ in left | entered}):
        _tell(collection_id)


def _read_rules() -> dict[int, Rule]:
    rows = db.session.execute(select(Collection.id, Collection.rule).where(Collection.rule.is_not(None))
                              .order_by(Collection.id))
    return {collection_id: read_rule(data) for collection_id, data in rows}


def _pick(collection_id: int, product_ids: list[int], changes: Changes) -> list[int]:
    """Let these products stand first, placed by hand; returns those that were and no longer are."""
    picked = (CollectionEntry.collection_id == collection_id, CollectionEntry.is_pinned)
    before = db.session.scalars(select(CollectionEntry.product_id).where(*picked)
                                .order_by(CollectionEntry.position, CollectionEntry.product_id)).all()
    if list(before) == product_ids:
        return []
    execute_counted(delete(CollectionEntry).where(CollectionEntry.collection_id == collection_id, CollectionEntry
                                                  .product_id.in_({*before, *product_ids})))
    if product_ids:
        db.session.execute(insert(CollectionEntry), [
            {"collection_id": collection_id, "product_id": product_id, "position": place, "is_pinned": True}
            for place, product_id in enumerate(product_ids)])
    changes.said.append("products")
    return sorted(set(before) - set(product_ids))


def _tell(collection_id: int) -> None:
    """Let lists read it anew: its version is what they keep it by."""
    execute_counted(update(Collection).where(Collection.id == collection_id)
                    .values(version=Collection.version + 1))
    invalidate(GROUP)
    record(CollectionChanged(collection_id))
