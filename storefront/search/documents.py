"""What of a product is found: read for many at once, in four statements."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import chain

from sqlalchemy import select

from storefront.catalog.cards import is_on_sale
from storefront.catalog.models import (
    Brand,
    Category,
    Option,
    OptionValue,
    Product,
    Variant,
    product_category,
    variant_option_value,
)
from storefront.foundation.database import db
from storefront.foundation.shop import facts
from storefront.search.analysis import VERSION, name_group, read_code, read_passage, read_words
from storefront.search.engines.port import Document
from storefront.search.facets_facts import among, read_in_stock

MAX_TEXT = 800  # characters of a description that are read
MAX_CODES = 200  # SKUs and GTINs that lead to the product
SOLD = 5  # orders of magnitude of sales that still make a difference
_TAG = re.compile(r"<[^>]*>")


@dataclass(slots=True)
class Source:
    """A product's words by what they weigh: its name; what sorts it; what is said of it; its codes."""

    name: str
    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)  # whole names of its brand and categories
    sales: int = 0
    is_in_stock: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A document and the words, as people write them, from which its terms come."""

    document: Document
    words: dict[str, str]  # folded word → term


def current_reading() -> str:
    """Return how words are read now: an index that says otherwise is not asked."""
    return f"{VERSION}:{language()}"


def language() -> str:
    """Return the language of the shop's locale."""
    return facts().locale.split("_")[0]


def read_documents(product_ids: Collection[int]) -> list[Reading]:
    """Return the documents of those of the products that are on sale."""
    sources = _read_sources(product_ids)
    return [_build(product_id, source, language()) for product_id, source in sources.items()]


def _build(product_id: int, source: Source, spoken: str) -> Reading:
    name = read_passage(source.name, spoken)
    sorting = [read_passage(text, spoken) for text in source.kinds]
    saying = [read_passage(text, spoken) for text in source.texts]
    kinds = dict.fromkeys(chain.from_iterable(passage.terms for passage in sorting))
    for term in name.terms:
        kinds.pop(term, None)
    codes = [code for code in map(read_code, source.codes[:MAX_CODES]) if code]
    plain = dict.fromkeys(chain(name.terms, kinds, *(passage.terms for passage in saying)))
    standing = 0.8 * min(math.log10(1 + max(source.sales, 0)) / SOLD, 1) + 0.2 * source.is_in_stock
    head = f"{' '.join(name.terms)}\t{' '.join((*kinds, *codes, *_groups(source, spoken)))}"
    document = Document(product_id, [*plain, *dict.fromkeys(codes)], head, round(standing, 4))
    words: dict[str, str] = {}
    for passage in (name, *sorting, *saying):
        words |= passage.words
    words |= {term: term for term in plain.keys() - words.values()}  # pieces and joints
    return Reading(document, words)


def _groups(source: Source, spoken: str) -> list[str]:
    named = ([word.term for word in read_words(name, spoken)] for name in source.groups)
    return [group for group in dict.fromkeys(map(name_group, named)) if group]


def _read_sources(product_ids: Collection[int]) -> dict[int, Source]:
    rows = db.session.execute(
        select(Product.id, Product.name, Product.subtitle, Product.description, Product.facts, Product.tags,
               Product.sales_count, Brand.name.label("brand"))
        .outerjoin(Brand, Brand.id == Product.brand_id)
        .where(among(Product.id, product_ids), is_on_sale(facts().currency)))
    found = {}
    for row in rows:
        said = html.unescape(_TAG.sub(" ", row.description[:MAX_TEXT * 2]))[:MAX_TEXT]
        values = [pair[1] for pair in row.facts if len(pair) == 2]
        found[row.id] = Source(row.name, kinds=[row.brand or "", row.subtitle, *map(str, row.tags)],
                               texts=[*map(str, values), said], groups=[row.brand or ""], sales=row.sales_count)
    _add_categories(found)
    _add_choices(found)
    _add_codes_and_stock(found)
    return found


def _add_categories(found: dict[int, Source]) -> None:
    """Add the names of the categories that a product lies in, and of all above them that are shown."""
    place = product_category.c
    lies = select(place.category_id).where(among(place.product_id, found))
    way = select(Category.id.label("leaf"), Category.id, Category.parent_id).where(Category.id.in_(lies)).cte(
        recursive=True)
    way = way.union_all(select(way.c.leaf, Category.id, Category.parent_id).join(way, way.c.parent_id == Category.id))
    rows = db.session.execute(
        select(place.product_id, Category.name).distinct().join(way, way.c.leaf == place.category_id)
        .join(Category, Category.id == way.c.id).where(among(place.product_id, found), Category.is_published)
        .order_by(place.product_id, Category.name))
    for product_id, name in rows:
        found[product_id].kinds.append(name)
        found[product_id].groups.append(name)


def _add_choices(found: dict[int, Source]) -> None:
    """Only values that a variant on sale has."""
    pair = variant_option_value.c
    rows = db.session.execute(
        select(Option.product_id, OptionValue.value).distinct().join(OptionValue, OptionValue.option_id == Option.id)
        .join(variant_option_value, pair.option_value_id == OptionValue.id)
        .join(Variant, Variant.id == pair.variant_id)
        .where(among(Option.product_id, found), Variant.is_archived.is_(False))
        .order_by(Option.product_id, OptionValue.value))
    for product_id, value in rows:
        found[product_id].kinds.append(value)


def _add_codes_and_stock(found: dict[int, Source]) -> None:
    rows = db.session.execute(
        select(Variant.id, Variant.product_id, Variant.sku, Variant.gtin)
        .where(among(Variant.product_id, found), Variant.is_archived.is_(False)).order_by(Variant.id))
    in_stock = set(read_in_stock(found))
    for variant_id, product_id, sku, gtin in rows:
        found[product_id].codes += [code for code in (sku, gtin) if code]
        found[product_id].is_in_stock = found[product_id].is_in_stock or variant_id in in_stock
