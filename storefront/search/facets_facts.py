"""What the filters must know of products, read for many at once in five statements."""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from slugify import slugify
from sqlalchemy import and_, func, select

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
MAX_FACT_VALUES = 60  # a label with more different values tells products apart instead of grouping them
READ_AT_ONCE = 5000


def read_facts(product_ids: Collection[int], attributes: Collection[str], currency: str) -> dict[int, ProductFacts]:
    """Return the facts of those of the products that the public may see, in the five statements.

    `attributes` are the labels of product facts, as slugs, that are worth a filter; see read_attributes.
    """
    found = _read_products(product_ids, frozenset(attributes))
    variants = _read_variants(found, currency)
    for variant_id, name, value, swatch in _read_values(found):
        if variant_id in variants:
            facet, choice = slug_facet(name), slug_value(value)
            product_id, variant = variants[variant_id]
            variant.values.add(f"{facet}={choice}")
            found[product_id].names |= {facet: (name, ""), f"{facet}={choice}": (value, swatch)}
    for variant_id in _read_in_stock(found):
        if variant_id in variants:
            variants[variant_id][1].is_in_stock = True
    for product_id, category_id in db.session.execute(
            select(product_category.c.product_id, product_category.c.category_id)
            .where(product_category.c.product_id.in_(found))):
        found[product_id].marks.add(f"#{category_id}")
    return {product_id: facts for product_id, facts in found.items() if facts.variants}


def read_attributes() -> list[str]:
    """Return the labels of product facts that are worth a filter: few values, each of several products.

    Reads the facts of every product on sale, in a stream.
    """
    values: dict[str, Counter[str]] = {}
    rows = db.session.execute(select(Product.facts).where(Product.status == ProductStatus.ACTIVE),
                              execution_options={"yield_per": READ_AT_ONCE})
    for (pairs,) in rows:
        for label, value in _attributes(pairs):
            seen = values.setdefault(slug_facet(label), Counter())
            if len(seen) <= MAX_FACT_VALUES:
                seen[slug_value(value)] += 1
    return sorted(label for label, seen in values.items()
                  if 2 <= len(seen) <= MAX_FACT_VALUES and seen.total() >= 2 * len(seen))


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
        .where(Product.id.in_(product_ids), Product.status == ProductStatus.ACTIVE))
    found = {}
    for row in rows:
        published = int(row.published_at.timestamp()) if row.published_at else 0
        facts = ProductFacts(row.id, {"newest": max(published, 0), "price": row.lowest_amount,
                                      "best": max(row.sales_count, 0), "id": row.id})
        if row.slug:
            brand = slug_value(row.slug)
            facts.marks.add(f"{BRAND}={brand}")
            facts.names |= {BRAND: ("Brand", ""), f"{BRAND}={brand}": (row.name, "")}
        if row.review_count:
            facts.marks |= {f"!rating{stars}" for stars in RATINGS if row.rating >= stars * 100}
        for label, value in _attributes(row.facts):
            facet, choice = slug_facet(label), slug_value(value)
            if facet in attributes:
                facts.marks.add(f"{facet}={choice}")
                facts.names |= {facet: (label, ""), f"{facet}={choice}": (value, "")}
        found[row.id] = facts
    return found


def _attributes(pairs: Sequence[Sequence[str]]) -> Iterable[tuple[str, str]]:
    """Return the facts that are short enough to be choices."""
    return ((pair[0], pair[1]) for pair in pairs
            if len(pair) == 2 and 0 < len(pair[0]) <= MAX_FACT and 0 < len(pair[1]) <= MAX_FACT
            and not re.search(r"[.!?]\s", pair[1]))


def _read_variants(products: dict[int, ProductFacts], currency: str) -> dict[int, tuple[int, VariantFacts]]:
    rows = db.session.execute(
        select(Variant.id, Variant.product_id, Price.amount, Price.compare_at_amount)
        .join(Price, and_(Price.variant_id == Variant.id, Price.currency == currency))
        .where(Variant.product_id.in_(products), Variant.is_archived.is_(False))
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
        .where(Option.product_id.in_(product_ids)).order_by(OptionValue.id))


def _read_in_stock(product_ids: Collection[int]) -> Iterable[int]:
    """Return those variants that somebody can buy now: the rule of inventory.queries.read_availability, in SQL."""
    available = func.sum(StockLevel.on_hand - StockLevel.reserved - StockLevel.allocated)
    unbounded = func.count().filter(StockLevel.policy != StockPolicy.DENY)
    return db.session.scalars(
        select(StockLevel.variant_id).join(StockLocation).join(Variant, Variant.id == StockLevel.variant_id)
        .where(Variant.product_id.in_(product_ids), StockLocation.is_active)
        .group_by(StockLevel.variant_id).having((available > 0) | (unbounded > 0)))
