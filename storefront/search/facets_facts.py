"""What the filters must know of products, read for many at once in five statements."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Collection, Iterable, Sequence

from slugify import slugify
from sqlalchemy import Column, ColumnElement, and_, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute

from storefront.catalog.models import (
    Brand,
    Option,
    OptionValue,
    Price,
    Product,
    ProductStatus,
    Variant,
    product_category,
    variant_option_value,
)
from storefront.foundation.database import db
from storefront.inventory.models import StockLevel, StockLocation, StockPolicy
from storefront.search.facets_block import RATINGS, ProductFacts, VariantFacts

BRAND = "brand"
# Words of the address that mean something else: an option called so is written `option-sort`.
RESERVED = frozenset({"q", BRAND, "price", "price-from", "price-to", "in-stock", "on-sale", "rating", "sort", "page",
                      "after"})
MAX_SLUG = 60
MAX_FACT = 40  # characters; a longer one is prose and no choice
PROSE = re.compile(r"[.!?]\s")


def read_facts(product_ids: Collection[int], attributes: Collection[str], currency: str) -> dict[int, ProductFacts]:
    """Return the facts of those of the products that the public may see, in the five statements.

    `attributes` are the labels of product facts, as slugs, that are worth a filter; see facets_labels.py.
    """
    found = _read_products(product_ids, frozenset(attributes))
    variants = _read_variants(found, currency)
    for variant_id, name, value, swatch in _read_values(found):
        if variant_id in variants:
            product_id, variant = variants[variant_id]
            choice, names = name_choice(name, value, swatch)
            variant.values.add(choice)
            found[product_id].names.update(names)
    for variant_id in read_in_stock(found):
        if variant_id in variants:
            variants[variant_id][1].is_in_stock = True
    for product_id, category_id in db.session.execute(
            select(product_category.c.product_id, product_category.c.category_id)
            .where(among(product_category.c.product_id, found))):
        found[product_id].marks.add(f"#{category_id}")
    return {product_id: facts for product_id, facts in found.items() if facts.variants}


def short_facts(pairs: Sequence[Sequence[str]]) -> Iterable[tuple[str, str]]:
    """Return the facts that are short enough to be choices."""
    return ((pair[0], pair[1]) for pair in pairs
            if len(pair) == 2 and 0 < len(pair[0]) <= MAX_FACT and 0 < len(pair[1]) <= MAX_FACT
            and not PROSE.search(pair[1]))


@functools.lru_cache(maxsize=20_000)
def name_choice(facet: str, value: str, swatch: str) -> tuple[str, dict[str, tuple[str, str]]]:
    """Return how addresses write the choice, `color=moss`, and what facet and choice are called."""
    name = slug_facet(facet)
    choice = f"{name}={slug_value(value)}"
    return choice, {name: (facet, ""), choice: (value, swatch)}


@functools.lru_cache(maxsize=2000)
def slug_facet(name: str) -> str:
    """Return the facet's name in addresses."""
    slug = slug_value(name)
    return f"option-{slug}" if slug in RESERVED else slug


@functools.lru_cache(maxsize=50_000)
def slug_value(text: str) -> str:
    """Return the value as addresses write it: letters, digits and hyphens, never empty."""
    return slugify(text)[:MAX_SLUG].strip("-") or hashlib.sha256(text.encode()).hexdigest()[:12]


def _read_products(product_ids: Collection[int], attributes: frozenset[str]) -> dict[int, ProductFacts]:
    rows = db.session.execute(
        select(Product.id, Brand.slug, Brand.name, Product.lowest_amount, Product.published_at, Product.sales_count,
               Product.rating, Product.review_count, Product.facts)
        .outerjoin(Brand, Brand.id == Product.brand_id)
        .where(among(Product.id, product_ids), Product.status == ProductStatus.ACTIVE))
    found = {}
    for row in rows:
        published = int(row.published_at.timestamp()) if row.published_at else 0
        facts = ProductFacts(row.id, {"newest": max(published, 0), "price": row.lowest_amount,
                                      "best": max(row.sales_count, 0), "id": row.id})
        if row.slug:
            brand = f"{BRAND}={slug_value(row.slug)}"
            facts.marks.add(brand)
            facts.names |= {BRAND: ("Brand", ""), brand: (row.name, "")}
        if row.review_count:
            facts.marks |= {f"!rating{stars}" for stars in RATINGS if row.rating >= stars * 100}
        for label, value in short_facts(row.facts):
            if slug_facet(label) in attributes:
                choice, names = name_choice(label, value, "")
                facts.marks.add(choice)
                facts.names |= names
        found[row.id] = facts
    return found


def _read_variants(products: dict[int, ProductFacts], currency: str) -> dict[int, tuple[int, VariantFacts]]:
    rows = db.session.execute(
        select(Variant.id, Variant.product_id, Price.amount, Price.compare_at_amount)
        .join(Price, and_(Price.variant_id == Variant.id, Price.currency == currency))
        .where(among(Variant.product_id, products), Variant.is_archived.is_(False))
        .order_by(Variant.product_id, Variant.position, Variant.id))
    found = {}
    for variant_id, product_id, amount, compare_at in rows:
        variant = VariantFacts(amount, is_in_stock=False, is_reduced=compare_at is not None and compare_at > amount)
        products[product_id].variants.append(variant)
        found[variant_id] = product_id, variant
    return found


def _read_values(product_ids: Collection[int]) -> Iterable[tuple[int, str, str, str]]:
    pair = variant_option_value.c
    return db.session.execute(
        select(pair.variant_id, Option.name, OptionValue.value, OptionValue.swatch)
        .join(OptionValue, OptionValue.id == pair.option_value_id).join(Option, Option.id == OptionValue.option_id)
        .where(among(Option.product_id, product_ids)).order_by(OptionValue.id))


def read_in_stock(product_ids: Collection[int]) -> Iterable[int]:
    """Return those variants that somebody can buy now: the rule of inventory.queries.read_availability, in SQL."""
    available = func.sum(StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated)
    unbounded = func.count().filter(StockLevel.policy != StockPolicy.DENY)
    return db.session.scalars(
        select(StockLevel.variant_id).join(StockLocation).join(Variant, Variant.id == StockLevel.variant_id)
        .where(among(Variant.product_id, product_ids), StockLocation.is_active)
        .group_by(StockLevel.variant_id).having((available > 0) | (unbounded > 0)))


def among(column: InstrumentedAttribute[int] | Column[int], ids: Collection[int]) -> ColumnElement[bool]:
    """Numbers in the statement: of a thousand, a parameter each costs more than all the rest."""
    return column.in_(bindparam(None, list(ids), expanding=True, literal_execute=True))
