"""Filtering, counting and ordering over blocks. Pure: no database, no shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from storefront.search.facets_block import AMOUNT, RATINGS, SALE, STOCK, Block

PRICE, IN_STOCK, ON_SALE, RATING = "price", "in_stock", "on_sale", "rating"
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
        return bool(self.values or self.lowest is not None or self.highest is not None or self.in_stock
                    or self.on_sale or self.rating)


@dataclass(slots=True)
class Counts:
    """How many products each choice would leave under the choices of the other facets.

    `weights` tells of each value of the list how many variants have it before anything is chosen.
    """

    values: Counter[tuple[str, str]] = field(default_factory=Counter)
    weights: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_stock: int = 0
    on_sale: int = 0
    has_sale: bool = False  # whether anything of the list is reduced, before anything is chosen
    ratings: Counter[int] = field(default_factory=Counter)
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
        parts = _parts(block, chosen)
        own = {facet: _all_of(everything, (bits for other, bits in parts.items() if other != facet)) for facet in parts}
        left = _all_of(everything, parts.values())
        hits.append((block, block.collapse(left)))
        priced.append((block, own.get(PRICE, left)))
        _count(block, everything, left, own, counts)
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


def _parts(block: Block, chosen: Chosen) -> dict[str, int]:
    """Return for each facet with a choice the bits that it lets through."""
    parts = {facet: _any_of(block.by_key.get(f"{facet}={value}", 0) for value in values)
             for facet, values in chosen.values.items()}
    if chosen.lowest is not None or chosen.highest is not None:
        parts[PRICE] = _in_range(block, chosen)
    if chosen.in_stock:
        parts[IN_STOCK] = block.bits.get(STOCK, 0)
    if chosen.on_sale:
        parts[ON_SALE] = block.bits.get(SALE, 0)
    if chosen.rating:
        parts[RATING] = block.bits.get(f"p!rating{chosen.rating}", 0)
    return parts


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
    left_tails = block.collapse(left)

    def products(facet: str, bits: int) -> int:
        return block.collapse(own.get(facet, left) & bits).bit_count()

    for item in block.values:
        weight = (everything & item.bits).bit_count()
        if not weight:
            continue
        key = (item.facet, item.value)
        counts.weights[key] += weight
        counts.values[key] += (products(item.facet, item.bits) if item.is_of_variant
                               else (tails.get(item.facet, left_tails) & item.bits).bit_count())
    counts.in_stock += products(IN_STOCK, block.bits.get(STOCK, 0))
    counts.on_sale += products(ON_SALE, block.bits.get(SALE, 0))
    counts.has_sale = counts.has_sale or bool(everything & block.bits.get(SALE, 0))
    for stars in RATINGS:
        counts.ratings[stars] += (tails.get(RATING, left_tails) & block.bits.get(f"p!rating{stars}", 0)).bit_count()


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
    live = [(block, bits) for block, bits in priced if bits]
    if not live:
        return None
    found = 0
    for place in reversed(range(max(len(block.digits.get(AMOUNT, ())) for block, _ in live))):
        ones, zeros = Hits(), Hits()
        for block, bits in live:
            digits = block.digits.get(AMOUNT, ())
            with_one = bits & digits[place] if place < len(digits) else 0
            ones.append((block, with_one))
            zeros.append((block, bits ^ with_one))
        wanted, other = (ones, zeros) if largest else (zeros, ones)
        wanted = [item for item in wanted if item[1]]
        live = wanted or [item for item in other if item[1]]
        found |= (1 << place) * (bool(wanted) == largest)
    return found


def _all_of(start: int, others: Iterable[int]) -> int:
    for bits in others:
        start &= bits
    return start


def _any_of(each: Iterable[int]) -> int:
    found = 0
    for bits in each:
        found |= bits
    return found
