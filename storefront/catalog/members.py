"""Which products a collection holds, for lists of any length: read once by each process, again when they moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select

from storefront.catalog.listing import Sort
from storefront.catalog.models import Collection, CollectionEntry
from storefront.catalog.rules import read_rule
from storefront.foundation.database import db

MAX_KEPT = 1_000_000  # products of all collections that a process keeps


@dataclass(frozen=True, eq=False)
class Members:
    """The products of a collection, those off sale too; one that moved is another object."""

    version: int  # of the collection
    products: frozenset[int]
    placed: Sequence[int]  # those that stand first, by hand
    order: Sort  # of the others


_kept: WeakKeyDictionary[Engine, dict[int, Members]] = WeakKeyDictionary()


def read_members(collection_id: int, version: int) -> Members:
    """Return the collection's products as of the version or later; without a query while it is the same."""
    kept = _kept.setdefault(db.engine, {})
    members = kept.get(collection_id)
    if members is None or members.version < version:
        members = _read(collection_id)
        if sum(len(other.products) for other in list(kept.values())) + len(members.products) > MAX_KEPT:
            kept.clear()
        kept[collection_id] = members
    return members


def _read(collection_id: int) -> Members:
    # The version first: what moves between the two reads makes a later one, by which it is read again.
    version, rule = db.session.execute(
        select(Collection.version, Collection.rule).where(Collection.id == collection_id)).one()
    mine = select(CollectionEntry.product_id).where(CollectionEntry.collection_id == collection_id)
    placed = mine.where(CollectionEntry.is_pinned).order_by(CollectionEntry.position, CollectionEntry.product_id)
    return Members(version, frozenset(db.session.scalars(mine)), db.session.scalars(placed).all(),
                   read_rule(rule).order if rule else "newest")
