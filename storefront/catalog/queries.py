"""Reads of the catalog. What is cached is left behind by `invalidate("catalog")` in services.py.

Unknown addresses raise NotFound instead of answering None: a refusal is never kept, so made-up
addresses cannot fill the cache.
"""

from __future__ import annotations

from collections.abc import Collection as Group
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from storefront.catalog.addresses import collection_url, product_url
from storefront.catalog.cards import Card, build_cards, is_on_sale, select_cards
from storefront.catalog.details import ProductDetail, load_product
from storefront.catalog.listing import ORDERS, PAGE_SIZE, CardPage, Sort, read_card_page, read_cards_of
from storefront.catalog.models import (
    Brand,
    Category,
    Collection,
    CollectionEntry,
    Product,
    ProductStatus,
    Redirect,
    product_category,
)
from storefront.catalog.rules import read_rule
from storefront.catalog.tree import CategoryNode, build_tree, children, find_node, subtree_ids
from storefront.catalog.variants import (
    MAX_ID,
    Combination,
    VariantInfo,
    describe_variant,
    find_combination,
    select_combinations,
    select_variants,
)
from storefront.catalog.words import rank, read_words
from storefront.foundation.cache import cached
from storefront.foundation.database import db
from storefront.foundation.errors import NotFound
from storefront.foundation.pagination import Pager
from storefront.foundation.shop import facts

NEWEST = 8


@dataclass(frozen=True, slots=True)
class CollectionDetail:
    """A published collection, without its products."""

    id: int
    slug: str
    name: str
    intro: str
    url: str
    version: int = 0  # by which readers keep what its list holds


def read_variants(ids: Group[int]) -> dict[int, VariantInfo]:
    """Return the variants by id, in one query; ids that are not known are absent.

    A variant off sale is there too, with `is_sellable` False. Never cached: carts and orders promise by it.
    """
    if not ids:
        return {}
    currency = facts().currency
    known = [variant_id for variant_id in ids if 0 < variant_id <= MAX_ID]
    rows = db.session.execute(select_variants(), {"ids": known, "currency": currency}).all()
    return {row[0].id: describe_variant(row, currency) for row in rows}


def resolve_variant(variant_id: int, option_value_ids: Group[int] = ()) -> int | None:
    """Return the variant on sale of the same product that has these option values, in one query.

    Options that no value answers stay as `variant_id` has them. None when there is no such variant, a value
    belongs to another product, or two values answer one option.
    """
    if not 0 < variant_id <= MAX_ID:
        return None
    found: dict[int, Combination] = {}
    for row in db.session.execute(select_combinations(variant_id)):
        item = found.setdefault(row[0], Combination(row[0], row[1], {}))
        if row[2] is not None and row[3] is not None:
            item.values[row[2]] = row[3]
    return find_combination(found.values(), variant_id, option_value_ids)


@cached("catalog")
def read_tree() -> list[CategoryNode]:
    """Return the published categories depth first; see tree.py for how to walk them."""
    return build_tree(db.session.scalars(select(Category)).all())


@cached("catalog")
def count_by_child(path: str) -> dict[str, int]:
    """Return, for each category directly below the path, how many products on sale it and what is below it hold."""
    tree = read_tree()
    node = find_node(tree, path)
    below = children(tree, node.id) if node else []
    child_of = {category_id: child.path for child in below for category_id in subtree_ids(tree, child)}
    if not child_of:
        return {}
    place = product_category.c
    child_path = case(child_of, value=place.category_id)
    # A product may lie in two categories of one child: products are counted, not places.
    rows = db.session.execute(
        select(child_path, func.count(place.product_id.distinct())).select_from(product_category)
        .join(Product, Product.id == place.product_id)
        .where(place.category_id.in_(child_of), is_on_sale(facts().currency)).group_by(child_path)
    )
    return {child.path: 0 for child in below} | {child: count for child, count in rows}  # noqa: C416  # Row, not tuple


@cached("catalog")
def read_category_cards(path: str, sort: Sort = "newest", number: int = 1) -> CardPage:
    """Return a page of the products of a category and of all below it; raises NotFound."""
    tree = read_tree()
    node = find_node(tree, path)
    if node is None:
        raise NotFound("There is no such category.")
    inside = select(product_category.c.product_id).where(product_category.c.category_id.in_(subtree_ids(tree, node)))
    found = select(Product.id).where(Product.id.in_(inside))
    return read_card_page(found, ORDERS[sort], number, facts().currency)


@cached("catalog")
def read_collection(slug: str) -> CollectionDetail:
    """Return a published collection; raises NotFound."""
    found = select(Collection).where(Collection.slug == slug, Collection.is_published)
    row = db.session.scalar(found) if _can_be(slug) else None
    if row is None:
        raise NotFound("There is no such collection.")
    return CollectionDetail(row.id, row.slug, row.name, row.intro, collection_url(row.slug), row.version)


@cached("catalog")
def read_collection_cards(collection_id: int, sort: Sort | None = None, number: int = 1) -> CardPage:
    """Return a page of a collection's products, those placed by hand first unless sorted; raises NotFound."""
    found = (
        select(Product.id).join(CollectionEntry, CollectionEntry.product_id == Product.id)
        .where(CollectionEntry.collection_id == collection_id)
    )
    order = ORDERS[sort] if sort else _order_of_collection(collection_id)
    return read_card_page(found, order, number, facts().currency)


@cached("catalog")
def list_collections() -> list[CollectionDetail]:
    """Return the published collections by name."""
    rows = db.session.scalars(select(Collection).where(Collection.is_published).order_by(Collection.name))
    return [CollectionDetail(row.id, row.slug, row.name, row.intro, collection_url(row.slug)) for row in rows]


@cached("catalog")
def read_newest(limit: int = NEWEST) -> list[Card]:
    """Return the products put on sale last, newest first."""
    currency = facts().currency
    rows = db.session.execute(select_cards(currency).order_by(*ORDERS["newest"]).limit(limit)).all()
    return build_cards(rows, currency)


@cached("catalog", "sales")
def read_most_bought(limit: int = 4) -> list[Card]:
    """Return the products that were bought most often."""
    currency = facts().currency
    rows = db.session.execute(select_cards(currency).order_by(*ORDERS["best"]).limit(limit)).all()
    return build_cards(rows, currency)


@cached("catalog")
def read_newest_of_category(category_id: int, limit: int = 3) -> list[Card]:
    """Return the newest products of one category; a product's page asks for one more than it shows, for itself."""
    currency = facts().currency
    inside = select(product_category.c.product_id).where(product_category.c.category_id == category_id)
    statement = select_cards(currency).where(Product.id.in_(inside)).order_by(*ORDERS["newest"]).limit(limit)
    return build_cards(db.session.execute(statement).all(), currency)


def read_newest_by_category(category_ids: Group[int], limit: int = 3) -> dict[int, list[Card]]:
    """Return what read_newest_of_category answers for each of the categories, in three queries for all."""
    currency = facts().currency
    filed = product_category.c
    place = func.row_number().over(partition_by=filed.category_id, order_by=ORDERS["newest"])
    ranked = (select(filed.category_id, filed.product_id, place.label("place")).select_from(product_category)
              .join(Product, Product.id == filed.product_id)
              .where(filed.category_id.in_(category_ids), is_on_sale(currency))).subquery()
    found: dict[int, list[int]] = {category_id: [] for category_id in category_ids}
    for category_id, product_id in db.session.execute(
            select(ranked.c.category_id, ranked.c.product_id).where(ranked.c.place <= limit).order_by(ranked.c.place)):
        found[category_id].append(product_id)
    cards = {card.id: card for card in read_cards_of(list({id_ for ids in found.values() for id_ in ids}), currency)}
    return {category_id: [cards[id_] for id_ in ids if id_ in cards] for category_id, ids in found.items()}


def read_cards(product_ids: Sequence[int]) -> list[Card]:
    """Return the cards of those products that are on sale, in the order asked for."""
    return read_cards_of(product_ids, facts().currency)


@cached("catalog")
def read_listed_cards(product_ids: Sequence[int]) -> list[Card]:
    """The same, kept: for the pages of lists as the shop itself orders them, of which there are only so many."""
    return read_cards(product_ids)


@cached("catalog")
def find_card(product_id: int) -> Card | None:
    """Return the product's card; None when it is not on sale."""
    return next(iter(read_cards([product_id])), None)


@cached("catalog")
def read_product(slug: str) -> ProductDetail:
    """Return a product on sale with its variants, options and pictures, in four queries; raises NotFound."""
    product = load_product(slug, facts().currency) if _can_be(slug) else None
    if product is None:
        raise NotFound("There is no such product in the shop.")
    return product


def find_redirect(slug: str) -> str | None:
    """Return the present address of the active product that once had the slug."""
    present = find_present_slug(slug)
    return product_url(present) if present else None


def find_present_slug(slug: str) -> str | None:
    """Return the present slug of the active product that once had this one."""
    if not _can_be(slug):
        return None
    return db.session.scalar(
        select(Product.slug).join(Redirect, Redirect.product_id == Product.id)
        .where(Redirect.slug == slug, Product.status == ProductStatus.ACTIVE)
    )


def find_by_words(text: str, limit: int) -> list[int]:
    """Return the ids of products on sale that hold any of the words, those that hold more of them first.

    Words are looked for in name, subtitle, brand, tags and SKUs, in any order and as parts of words; see words.py.
    It reads every product: the search that the shop falls back to when its index is not there. Text without a
    word finds nothing.
    """
    words = read_words(text)
    if not words:
        return []
    fit = rank(words)
    found = select(Product.id).outerjoin(Brand, Brand.id == Product.brand_id)
    order = (fit.desc(), Product.sales_count.desc(), Product.id.desc())
    return list(db.session.scalars(found.where(fit > 0, is_on_sale(facts().currency)).order_by(*order).limit(limit)))


def read_found_cards(ids: Sequence[int], sort: Sort | None = None, number: int = 1) -> CardPage:
    """Return a page of those of the products that are on sale, in the order given unless sorted.

    Raises NotFound for a page after the last. Not cached: anyone may look for anything.
    """
    currency = facts().currency
    if sort:
        return read_card_page(select(Product.id).where(Product.id.in_(ids)), ORDERS[sort], number, currency)
    on_sale = set(db.session.scalars(select(Product.id).where(Product.id.in_(ids), is_on_sale(currency))))
    shown = [product_id for product_id in ids if product_id in on_sale]
    pager = Pager(number, PAGE_SIZE, len(shown))
    if not 1 <= number <= pager.pages:
        raise NotFound("There is no such page of this list.")
    cards = read_cards_of(shown[pager.offset: pager.offset + PAGE_SIZE], currency)
    return CardPage(cards, len(shown), number, pager.pages)


@cached("catalog")
def list_product_urls(limit: int) -> list[tuple[str, datetime]]:
    """Return (path, last change) of the products on sale, newest first, for maps of the site."""
    rows = db.session.execute(
        select(Product.slug, Product.updated_at).where(is_on_sale(facts().currency))
        .order_by(*ORDERS["newest"]).limit(limit)
    )
    return [(product_url(slug), changed_at) for slug, changed_at in rows]


def _order_of_collection(collection_id: int) -> Sequence[Any]:
    """Return how its products stand: placed by hand first, then as its rule says."""
    rule = db.session.scalar(select(Collection.rule).where(Collection.id == collection_id))
    rest = ORDERS[read_rule(rule).order] if rule else (Product.id,)
    return (CollectionEntry.is_pinned.desc(), CollectionEntry.position, *rest)


def _can_be(slug: str) -> bool:
    """Tell whether a column could hold the address: PostgreSQL refuses to compare with NUL at all."""
    return "\0" not in slug
