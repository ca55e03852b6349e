"""Lists under filters: which products, how many, and what else may be chosen. See docs/decisions/019.

Leans on the blocks of facets_index.py: `read_index()` gives them, or None before the first `flask search rebuild`;
lists then come from the tables without filters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from storefront.catalog.listing import PAGE_SIZE, Sort
from storefront.catalog.members import Members
from storefront.foundation.errors import NotFound
from storefront.foundation.pagination import Pager
from storefront.search.facets_block import IN_STOCK, ON_SALE, RATING, RATINGS
from storefront.search.facets_engine import Chosen, Counts, Found, evaluate, first
from storefront.search.facets_facts import BRAND
from storefront.search.facets_index import Index, read_index
from storefront.search.facets_scopes import find_scope, part

__all__ = ["Ask", "Chosen", "Facets", "FilteredPage", "Index", "Place", "count_products", "filter_categories",
           "filter_members", "filter_products", "read_index"]
MAX_FACETS = 8  # beside brand; the ones that most of the list's products have
MAX_VALUES = 40  # of one facet that are shown, the most frequent ones
OWN_FACETS = frozenset({IN_STOCK, ON_SALE, RATING})  # which stand beside the others and have no names
MAX_CHOSEN = 30  # values; what comes after them is not read
ORDERS: dict[Sort, tuple[str, bool]] = {  # the number by which a list is sorted, and whether the largest comes first
    "newest": ("newest", True), "price": ("price", False), "-price": ("price", True), "best": ("best", True),
}
_LADDER = {size: place for place, size in enumerate(
    ("xxs", "xs", "s", "small", "m", "medium", "l", "large", "xl", "xxl", "xxxl", "2xl", "3xl", "4xl", "5xl"))}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a sorted list: what comes after the product with this number (seconds, minor units, sales) and id."""

    number: int
    product_id: int


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a list. `sort` None is the list's own order; `after` beats `number`, which counts from 1.

    `chosen.values` may hold anything that an address said: facets that no product knows are passed over.
    """

    chosen: Chosen = field(default_factory=Chosen)
    sort: Sort | None = None
    number: int = 1
    after: Place | None = None


@dataclass(frozen=True, slots=True)
class FacetChoice:
    """A value to choose; `count` is how many products the list would have of it under the other facets' choices."""

    value: str
    label: str
    swatch: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet with its values in an order that no choice changes."""

    name: str
    label: str
    choices: Sequence[FacetChoice]


@dataclass(frozen=True, slots=True)
class Facets:
    """All that may be chosen. Counts as in FacetChoice; `ratings` are (stars and more, count)."""

    facets: Sequence[Facet]
    in_stock: int
    on_sale: int | None  # None: nothing of the list is reduced at all
    ratings: Sequence[tuple[int, int]]
    lowest: int | None  # prices under the other choices, minor units
    highest: int | None


@dataclass(frozen=True, slots=True)
class FilteredPage:
    """One page of a list under filters. `chosen` is what was understood; `next` leads on when `has_more`."""

    ids: Sequence[int]
    total: int
    chosen: Chosen
    facets: Facets
    pages: int
    next: Place | None


def filter_categories(index: Index, category_ids: Collection[int], ask: Ask) -> FilteredPage:
    """Return a page of the products in any of the categories. Raises NotFound past the end."""
    chosen = _understood(ask.chosen, index)
    found = evaluate(index.select(_keys(category_ids)), chosen)
    return _page(index, found, chosen, ask)


def filter_products(index: Index, product_ids: Sequence[int], ask: Ask) -> FilteredPage:
    """Return a page of these products, in the order given unless sorted. Raises NotFound past the end."""
    chosen, known = _understood(ask.chosen, index), index.group(dict.fromkeys(product_ids))
    blocks = [(index.blocks[block_id], ids) for block_id, ids in known.items()]
    found = evaluate(((block, block.spread(ids)) for block, ids in blocks), chosen)
    if ask.sort is not None:
        return _page(index, found, chosen, ask)
    pager = _pager(ask.number, found.total)
    kept = islice(index.keep(found.hits, dict.fromkeys(product_ids)), pager.offset, pager.offset + PAGE_SIZE)
    return FilteredPage([*kept], found.total, chosen,
                        _facets(index.names, found.counts, chosen), pager.pages, None)


def filter_members(index: Index, members: Members, ask: Ask) -> FilteredPage:
    """Return a page of a collection: unless sorted, those placed by hand first and the others in its rule's order.

    A place in that order is one among the others. Raises NotFound past the end.
    """
    chosen = _understood(ask.chosen, index)
    found = evaluate(find_scope(index, members), chosen)
    if ask.sort is not None:
        return _page(index, found, chosen, ask)
    pager = _pager(1 if ask.after else ask.number, found.total)
    placed, others = part(index, found.hits, members.placed)
    ids = [] if ask.after else placed[pager.offset:pager.offset + PAGE_SIZE]
    order, descending = ORDERS[members.order]
    room = PAGE_SIZE - len(ids)
    listed = first(others, order, room + 1, descending=descending, after=_pair(ask.after),
                   skipped=max(pager.offset - len(placed), 0)) if room else []
    following = Place(*listed[room - 1]) if len(listed) > room else None
    ids += [product_id for _, product_id in listed[:room]]
    return FilteredPage(ids, found.total, chosen, _facets(index.names, found.counts, chosen), pager.pages, following)


def count_products(index: Index, groups: Mapping[str, Collection[int]]) -> dict[str, int]:
    """Return how many products each group of categories holds; one that lies in two of a group counts once."""
    return {name: sum(block.collapse(bits).bit_count() for block, bits in index.select(_keys(category_ids)))
            for name, category_ids in groups.items()}


def _keys(category_ids: Collection[int]) -> list[str]:
    return [f"p#{category_id}" for category_id in category_ids]


def _page(index: Index, found: Found, chosen: Chosen, ask: Ask) -> FilteredPage:
    order, descending = ORDERS[ask.sort or "newest"]
    pager = _pager(1 if ask.after else ask.number, found.total)
    listed = first(found.hits, order, PAGE_SIZE + 1, descending=descending, after=_pair(ask.after),
                   skipped=pager.offset)
    ids = [product_id for _, product_id in listed[:PAGE_SIZE]]
    following = Place(*listed[PAGE_SIZE - 1]) if len(listed) > PAGE_SIZE else None
    return FilteredPage(ids, found.total, chosen, _facets(index.names, found.counts, chosen), pager.pages, following)


def _pair(place: Place | None) -> tuple[int, int] | None:
    return (place.number, place.product_id) if place else None


def _pager(number: int, total: int) -> Pager:
    pager = Pager(number, PAGE_SIZE, total)
    if not 1 <= number <= pager.pages:
        raise NotFound("There is no such page of this list.")
    return pager


def _understood(chosen: Chosen, index: Index) -> Chosen:
    """Return the choices of facets and values that the shop has; one that this list has not stays, and leaves nothing.

    Words of somebody's own in an address must not become a page's title.
    """
    values: dict[str, frozenset[str]] = {}
    left = MAX_CHOSEN
    for facet in sorted(chosen.values):
        kept = sorted(value for value in chosen.values[facet] if f"{facet}={value}" in index.names)[:left]
        if kept:
            values[facet] = frozenset(kept)
            left -= len(kept)
    return Chosen(values, chosen.lowest, chosen.highest, chosen.in_stock, chosen.on_sale, chosen.rating)


def _facets(names: Mapping[str, tuple[str, str]], counts: Counts, chosen: Chosen) -> Facets:
    by_facet: dict[str, set[str]] = {facet: set(values) for facet, values in chosen.values.items()}
    weights = Counter[str]()
    for key, weight in counts.weights.items():
        facet, _, value = key.partition("=")
        if facet not in OWN_FACETS:
            by_facet.setdefault(facet, set()).add(value)
            weights[facet] += weight
    helpful = [facet for facet, values in by_facet.items() if len(values) > 1 or facet in chosen.values]
    ranked = sorted(helpful, key=lambda facet: (facet != BRAND, facet not in chosen.values, -weights[facet], facet))
    shown = sorted(ranked[:MAX_FACETS + 1], key=lambda facet: (facet != BRAND, facet))
    on_sale, stars_of = f"{ON_SALE}=1", {stars: counts.values[f"{RATING}={stars}"] for stars in RATINGS}
    return Facets(
        [_facet(facet, by_facet[facet], names, counts, chosen) for facet in shown], counts.values[f"{IN_STOCK}=1"],
        counts.values[on_sale] if counts.weights[on_sale] or chosen.on_sale else None,
        [(stars, count) for stars, count in stars_of.items() if count or chosen.rating == stars],
        counts.lowest, counts.highest)


def _facet(facet: str, values: Iterable[str], names: Mapping[str, tuple[str, str]], counts: Counts,
           chosen: Chosen) -> Facet:
    picked = chosen.values.get(facet, frozenset())
    shown = sorted(values, key=lambda value: (value not in picked, -counts.weights[f"{facet}={value}"],
                                              value))[:MAX_VALUES]
    choices = []
    for value in sorted(shown, key=_natural):
        key = f"{facet}={value}"
        label, swatch = names.get(key, (value, ""))
        choices.append(FacetChoice(value, label, swatch, counts.values[key], value in picked))
    return Facet(facet, names.get(facet, (facet, ""))[0], choices)


def _natural(value: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Order sizes as people do: small before large, 9 before 10, then by letters."""
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|\D+", value)]
    return _LADDER.get(value, len(_LADDER)), parts
