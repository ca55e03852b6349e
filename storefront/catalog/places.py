"""Where products lie: their categories with all above them, and their collections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection as Group
from dataclasses import dataclass

from sqlalchemy import select

from storefront.catalog.models import Category, CollectionEntry, product_category
from storefront.foundation.cache import cached
from storefront.foundation.database import db


@dataclass(frozen=True, slots=True)
class Place:
    """A product's categories, from the ones it is filed in to the top of the tree, and its collections."""

    category_ids: frozenset[int] = frozenset()
    collection_ids: frozenset[int] = frozenset()


def read_places(product_ids: Group[int]) -> dict[int, Place]:
    """Return the place of every product by its id, in two queries; unpublished categories count too."""
    ids = sorted(set(product_ids))
    if not ids:
        return {}
    above = _read_lineages()
    categories: dict[int, set[int]] = defaultdict(set)
    collections: dict[int, set[int]] = defaultdict(set)
    filed = product_category.c
    for product_id, category_id in db.session.execute(
            select(filed.product_id, filed.category_id).where(filed.product_id.in_(ids))):
        categories[product_id].update(above.get(category_id, [category_id]))
    for product_id, collection_id in db.session.execute(
            select(CollectionEntry.product_id, CollectionEntry.collection_id)
            .where(CollectionEntry.product_id.in_(ids))):
        collections[product_id].add(collection_id)
    return {product_id: Place(frozenset(categories[product_id]), frozenset(collections[product_id]))
            for product_id in ids}


@cached("catalog")
def _read_lineages() -> dict[int, list[int]]:
    """Return each category's id with its own id and those of all above it."""
    parents: dict[int, int | None] = {row.id: row.parent_id for row in db.session.scalars(select(Category))}

    def lineage(category_id: int | None) -> list[int]:
        return [] if category_id is None else [category_id, *lineage(parents.get(category_id))]

    return {category_id: lineage(category_id) for category_id in parents}
