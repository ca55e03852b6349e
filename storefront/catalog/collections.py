"""Collections: lists of products picked by hand or found by a rule.

What a rule finds is kept as rows beside what was picked, so whoever asks where a product lies (listings,
promotions, pages to be rendered) joins one table. The rows follow within the transaction that changes a product;
what changes without one, stock and the calendar, follows by the schedule, which asks jobs for it: looking at a
large shop takes seconds, and payments wait for nothing.
"""

from __future__ import annotations

from collections.abc import Collection as Collected
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from time import monotonic

from sqlalchemy import ColumnElement, delete, exists, false, insert, literal, select

from storefront.catalog.changes import Changes
from storefront.catalog.errors import UnknownProduct
from storefront.catalog.events import CollectionChanged, RulesDue
from storefront.catalog.models import Collection, CollectionEntry, Product
from storefront.catalog.rules import Rule, is_matching, read_rule, select_matching, to_json
from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import record
from storefront.foundation.shop import facts

GROUP = "catalog"
SLICE_SECONDS = 10.0  # of the 40 that a job may take


@transactional
def save_collection(*, slug: str, name: str, intro: str = "", product_slugs: Sequence[str] = (),
                    is_published: bool = True, rule: Rule | None = None) -> int:
    """Make the collection say this and return its id; a second call changes nothing.

    It holds the products named, in this order, and after them what the rule finds. Raises UnknownProduct naming
    the slugs that no product has.
    """
    rows = db.session.execute(select(Product.slug, Product.id).where(Product.slug.in_(product_slugs))).all()
    ids = dict(rows)  # of a list: a Result has keys() and would be read as a mapping
    missing = [wanted for wanted in product_slugs if wanted not in ids]
    if missing:
        raise UnknownProduct(f"There is no product {', '.join(missing)}.")
    collection = db.session.scalar(select(Collection).where(Collection.slug == slug))
    if collection is None:
        collection = Collection(slug=slug, name="", intro="", is_published=is_published)
        db.session.add(collection)
        db.session.flush()
    changes = Changes()
    for attribute, value in {"name": name, "intro": intro, "is_published": is_published,
                             "rule": to_json(rule) if rule else None}.items():
        changes.put(collection, attribute, value)
    db.session.flush()
    _pick(collection.id, [ids[product_slug] for product_slug in dict.fromkeys(product_slugs)], changes)
    _follow_rule(collection.id, rule, changes)
    if changes.said:
        _tell(collection.id)
    return collection.id


def follow_products(product_ids: Collected[int]) -> None:
    """Put products that have just changed where the rules want them, within the service that changed them.

    However many they are, it costs the rules and two reads, and what is to be written.
    """
    rules = _read_rules()
    if not rules or not product_ids:
        return
    currency = facts().currency
    fits = [is_matching(rule, currency, is_for_few=True) for rule in rules.values()]
    wanted = {(collection_id, product_id)
              for product_id, *row in db.session.execute(select(Product.id, *fits).where(Product.id.in_(product_ids)))
              for collection_id, fit in zip(rules, row, strict=True) if fit}
    present = {(collection_id, product_id): is_pinned for collection_id, product_id, is_pinned in db.session.execute(
        select(CollectionEntry.collection_id, CollectionEntry.product_id, CollectionEntry.is_pinned)
        .where(CollectionEntry.product_id.in_(product_ids)))}
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


def ask_for_refresh() -> None:
    """Let jobs look at every collection with a rule: days move without anyone writing (the schedule, each day)."""
    _ask(only_stocked=False, after=0)


def ask_for_stocked_refresh() -> None:
    """The same for the rules that ask for stock, which moves without the catalog knowing (each minute)."""
    if _list_due(only_stocked=True, after=0):
        _ask(only_stocked=True, after=0)


def work_on_rules(*, only_stocked: bool, after: int, seconds: float = SLICE_SECONDS) -> None:
    """Make each collection hold what its rule finds, for some seconds, and ask for those that are left (a job).

    Looks before it writes: a collection that is right costs one read and no lock.
    """
    until = monotonic() + seconds
    for collection_id, rule in _list_due(only_stocked, after):
        if _is_stale(collection_id, rule):
            _refresh(collection_id=collection_id)
        if monotonic() >= until:
            _ask(only_stocked=only_stocked, after=collection_id)
            return


@transactional
def _ask(*, only_stocked: bool, after: int) -> None:
    record(RulesDue(only_stocked, after))


def _list_due(only_stocked: bool, after: int) -> list[tuple[int, Rule]]:
    return [(collection_id, rule) for collection_id, rule in _read_rules().items()
            if collection_id > after and (rule.asks_stock or not only_stocked)]


@transactional
def _refresh(*, collection_id: int) -> None:
    changes = Changes()
    rule = _read_rules().get(collection_id)
    if rule is not None:
        _follow_rule(collection_id, rule, changes)
    if changes.said:
        _tell(collection_id)


def _read_rules() -> dict[int, Rule]:
    rows = db.session.execute(select(Collection.id, Collection.rule).where(Collection.rule.is_not(None))
                              .order_by(Collection.id))
    return {collection_id: read_rule(data) for collection_id, data in rows}


def _pick(collection_id: int, product_ids: list[int], changes: Changes) -> None:
    """Let these products stand first, placed by hand."""
    picked = (CollectionEntry.collection_id == collection_id, CollectionEntry.is_pinned)
    before = db.session.scalars(select(CollectionEntry.product_id).where(*picked)
                                .order_by(CollectionEntry.position, CollectionEntry.product_id)).all()
    if list(before) == product_ids:
        return
    execute_counted(delete(CollectionEntry).where(CollectionEntry.collection_id == collection_id, CollectionEntry
                                                  .product_id.in_({*before, *product_ids})))
    if product_ids:
        db.session.execute(insert(CollectionEntry), [
            {"collection_id": collection_id, "product_id": product_id, "position": place, "is_pinned": True}
            for place, product_id in enumerate(product_ids)])
    changes.said.append("products")


def _follow_rule(collection_id: int, rule: Rule | None, changes: Changes) -> None:
    """Take out what the rule no longer finds and put in what it finds, in two statements."""
    gone, new = _differences(collection_id, rule)
    moved = execute_counted(delete(CollectionEntry).where(*gone))
    if rule is not None:
        found = select(literal(collection_id), Product.id, literal(0), false()).where(*new)
        moved += execute_counted(insert(CollectionEntry).from_select(
            ["collection_id", "product_id", "position", "is_pinned"], found))
    if moved:
        changes.said.append("products")


def _is_stale(collection_id: int, rule: Rule) -> bool:
    gone, new = _differences(collection_id, rule)
    return bool(db.session.scalar(select(exists().where(*gone) | exists().where(*new))))


Conditions = tuple[ColumnElement[bool], ...]


def _differences(collection_id: int, rule: Rule | None) -> tuple[Conditions, Conditions]:
    """Return the conditions of the entries that must go and of the products that must come."""
    mine = CollectionEntry.collection_id == collection_id
    found_by_rule = (mine, CollectionEntry.is_pinned.is_(False))
    if rule is None:
        return found_by_rule, (false(),)
    currency = facts().currency
    lies = select(CollectionEntry.product_id).where(mine)
    return ((*found_by_rule, CollectionEntry.product_id.not_in(select_matching(rule, currency))),
            (is_matching(rule, currency), Product.id.not_in(lies)))


def _tell(collection_id: int) -> None:
    invalidate(GROUP)
    record(CollectionChanged(collection_id))
