"""Filtering, counting and ordering over blocks. Pure: no database, no shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from storefront.search.facets_block import AMOUNT, IN_STOCK, ON_SALE, RATING, Block

PRICE = "price"
Listed = Iterable[tuple[Block, int]]  # the bits of the list itself, whole products
Hits = list[tuple[Block, int]]  # the last bit of each product found


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a shopper chose: any of the values of a facet, all of the facets. Amounts are minor units, inclusive."""

    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lowest: int | None = None
    highest: int | None = None
    in_stock: bool = False
    on_sale: bool = False
    rating: int = 0

    def __bool__(self) -> bool:
        return bool(self.values or self.has_price or self.in_stock or self.on_sale or self.rating)

    @property
    def has_price(self) -> bool:
        """Tell whether a range of prices was chosen."""
        return self.lowest is not None or self.highest is not None

    def by_facet(self) -> dict[str, frozenset[str]]:
        """Return all that was chosen but the price, as values of facets."""
        said = {IN_STOCK: int(self.in_stock), ON_SALE: int(self.on_sale), RATING: self.rating}
        return {**self.values, **{facet: frozenset({str(value)}) for facet, value in said.items() if value}}


@dataclass(slots=True)
class Counts:
    """By `facet=value` how many products it would leave under the choices of the other facets.

    `weights` tells how many products of the list have it before anything is chosen.
    """

    values: Counter[str] = field(default_factory=Counter)
    weights: Counter[str] = field(default_factory=Counter)
    lowest: int | None = None  # of the prices under the other choices
    highest: int | None = None


@dataclass(slots=True)
class Found:
    """The products of a list under the choices."""

    total: int
    hits: Hits
    counts: Counts


def evaluate(listed: Listed, chosen: Chosen) -> Found:
    """Return what the choices leave of the list, and for every facet its counts; its own choices do not narrow them."""
    counts, hits, priced = Counts(), Hits(), Hits()
    for block, everything in listed:
        parts = _find_values(block, chosen)
        if chosen.has_price:
            parts[PRICE] = _in_range(block, chosen)
        own = _leave_own_out(everything, parts)
        left = _all_of(everything, parts.values())
        hits.append((block, block.collapse(left)))
        priced.append((block, own.get(PRICE, left)))
        _count(block, everything, left, own, counts)
    if not chosen:
        counts.values = counts.weights
    counts.lowest, counts.highest = (_extreme(priced, largest=largest) for largest in (False, True))
    return Found(sum(tails.bit_count() for _, tails in hits), hits, counts)


def first(hits: Hits, order: str, wanted: int, *, descending: bool, after: tuple[int, int] | None = None,
          skipped: int = 0) -> list[tuple[int, int]]:
    """Return (number, id) of the first products in the order, ties by id the same way round.

    `after` is such a pair: what comes after it in the order, whether or not it is still there. So many are
    `skipped`, which are not looked at one by one.
    """
    if after is not None:
        parts = ((order, after[0]), ("id", after[1]))
        side = 0 if descending else 2
        hits = [(block, block.compare(tails, parts)[side]) for block, tails in hits]
    if skipped:
        gone: dict[int, int] = {}
        for block, tails in _best(hits, (order, "id"), skipped, descending=descending):
            gone[id(block)] = gone.get(id(block), 0) | tails
        hits = [(block, tails & ~gone.get(id(block), 0)) for block, tails in hits]
    found = []
    for block, tails in _best(hits, (order, "id"), wanted, descending=descending):
        keys, ids = block.numbers[order], block.ids
        found += [(keys[place], ids[place]) for place in block.products(tails)]
    return sorted(found, reverse=descending)


def keep(hits: Hits, product_ids: Iterable[int]) -> list[int]:
    """Return those of the products that were found, in the order in which they came."""
    found = {block.ids[place] for block, tails in hits for place in block.products(tails)}
    return [product_id for product_id in product_ids if product_id in found]


def _find_values(block: Block, chosen: Chosen) -> dict[str, int]:
    """Return for each facet with a choice, but the price, the bits that it lets through."""
    return {facet: _any_of(block.by_key.get(f"{facet}={value}", 0) for value in values)
            for facet, values in chosen.by_facet().items()}


def _leave_own_out(everything: int, parts: Mapping[str, int]) -> dict[str, int]:
    """Return for each facet with a choice what the others leave."""
    return {facet: _all_of(everything, (bits for other, bits in parts.items() if other != facet)) for facet in parts}


def _all_of(start: int, others: Iterable[int]) -> int:
    """Return the bits that all of them have."""
    for bits in others:
        start &= bits
    return start


def _in_range(block: Block, chosen: Chosen) -> int:
    bits = block.everything
    if chosen.lowest is not None:
        _, equal, above = block.compare(bits, [(AMOUNT, chosen.lowest)])
        bits = equal | above
    if chosen.highest is not None:
        below, equal, _ = block.compare(bits, [(AMOUNT, chosen.highest)])
        bits = below | equal
    return bits


def _count(block: Block, everything: int, left: int, own: Mapping[str, int], counts: Counts) -> None:
    tails = {facet: block.collapse(bits) for facet, bits in own.items()}
    left_tails, all_tails = block.collapse(left), block.collapse(everything)
    for item in block.values:
        of_list = all_tails & item.tails
        if not of_list:  # most values, of a few products
            continue
        key, facet = item.key, item.facet
        counts.weights[key] += of_list.bit_count()
        if item.is_of_variant:
            found = own and own.get(facet, left) & item.bits
            found = found and block.collapse(found)
        else:
            found = own and tails.get(facet, left_tails) & item.bits
        if found:
            counts.values[key] += found.bit_count()


def _best(hits: Hits, numbers: Sequence[str], wanted: int, *, descending: bool) -> Hits:
    """Return the `wanted` products that come first: digit by digit those with the better one, while they fit."""
    taken, live = Hits(), [(block, tails) for block, tails in hits if tails]
    for number in numbers:
        depth = max((len(block.digits.get(number, ())) for block, _ in live), default=0)
        for place in reversed(range(depth)):
            better, rest = Hits(), Hits()
            for block, tails in live:
                digits = block.digits.get(number, ())
                ones = tails & digits[place] if place < len(digits) else 0
                first_, other = (ones, tails ^ ones) if descending else (tails ^ ones, ones)
                if first_:
                    better.append((block, first_))
                if other:
                    rest.append((block, other))
            fitting = sum(tails.bit_count() for _, tails in better)
            if fitting > wanted:
                live = better
                continue
            taken += better
            wanted -= fitting
            live = rest
            if not wanted or not live:
                return taken
    return [*taken, *live[:wanted]]


def _extreme(priced: Hits, *, largest: bool) -> int | None:
    """Return the highest or lowest price among the variants."""
    live = [(block.digits.get(AMOUNT, ()), bits) for block, bits in priced if bits]
    if not live:
        return None
    found = 0
    for place in reversed(range(max(len(digits) for digits, _ in live))):
        narrower = []
        for digits, bits in live:
            ones = bits & digits[place] if place < len(digits) else 0
            better = ones if largest else bits ^ ones
            if better:
                narrower.append((digits, better))
        live = narrower or live
        found |= (1 << place) * (bool(narrower) == largest)
    return found


def _any_of(each: Iterable[int]) -> int:
    found = 0
    for bits in each:
        found |= bits
    return found
