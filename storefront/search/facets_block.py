"""A block: some thousand products as bitmaps, one bit for each variant, the variants of a product side by side.

Python's whole numbers are the bitmaps: `&` and `bit_count` run over them at memory speed, the same on every
database. A filter for red, size M and in stock means one variant that is all three, so bits stand for variants,
and `collapse` counts the products that have at least one. Numbers (prices, dates, ids) are kept as one bitmap for
each binary digit, which answers ranges and the first few in an order without looking at single products.
Pure: no database, no shop.
"""

from __future__ import annotations

import re
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from sys import intern

import msgspec

STOCK, SALE, TAIL = "v!stock", "v!sale", "t"
AMOUNT = "amount"
ORDERS = ("newest", "price", "best", "id")  # the numbers of a product by which lists are ordered
RATINGS = (4, 3, 2)  # "four stars and more"
IN_STOCK, ON_SALE, RATING = "in_stock", "on_sale", "rating"  # facets too: no slug of an option has such a line
_OWN = {STOCK: f"{IN_STOCK}=1", SALE: f"{ON_SALE}=1"} | {f"p!rating{stars}": f"{RATING}={stars}" for stars in RATINGS}

_SET = re.compile(rb"[^\0]")  # octets in which any bit is
_BITS = [[bit for bit in range(8) if octet >> bit & 1] for octet in range(256)]


@dataclass(slots=True)
class VariantFacts:
    """What filters ask of a variant; values are written `color=moss`."""

    amount: int
    is_in_stock: bool
    is_reduced: bool
    values: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ProductFacts:
    """What filters and orders ask of a product on sale. `marks` are `brand=acme`, `#<category id>`, `!rating4`."""

    id: int
    numbers: dict[str, int]  # by the names of ORDERS
    marks: set[str] = field(default_factory=set)
    variants: list[VariantFacts] = field(default_factory=list)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)  # `color=moss` → ("Moss", "#6b7a52")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value and its bits; of a product's own value all bits of the product are set.

    `tails` has the last bit of each product that has the value (of a product's own value others as well).
    """

    key: str  # `color=moss`
    facet: str
    bits: int
    tails: int
    is_of_variant: bool


class _Stored(msgspec.Struct, array_like=True):
    ids: list[int]
    starts: list[int]
    bits: dict[str, bytes]
    names: dict[str, tuple[str, str]]
    numbers: dict[str, list[int]]


@dataclass
class Block:
    """The products and their bitmaps. `starts` holds each product's first bit and, last, how many bits there are.

    Arrays, for the garbage collector looks at everything in a list.
    """

    ids: array[int] = field(default_factory=lambda: array("q"))
    starts: array[int] = field(default_factory=lambda: array("q", [0]))
    bits: dict[str, int] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    numbers: dict[str, array[int]] = field(default_factory=lambda: {name: array("q") for name in ORDERS})

    @cached_property
    def everything(self) -> int:
        return (1 << self.starts[-1]) - 1

    @cached_property
    def values(self) -> list[FacetValue]:
        """Every value of a facet that a product here has."""
        found: dict[str, tuple[int, bool]] = {}
        for name, bits in self.bits.items():
            key = _OWN.get(name) or (intern(name[1:]) if "=" in name else "")
            if key:
                before, of_variant = found.get(key, (0, False))
                found[key] = (before | bits, of_variant or name[0] == "v")
        return [FacetValue(key, intern(key.partition("=")[0]), bits, self.collapse(bits) if of_variant else bits,
                           of_variant) for key, (bits, of_variant) in found.items()]

    @cached_property
    def by_key(self) -> dict[str, int]:
        """The bits of each value by `facet=value`."""
        return {item.key: item.bits for item in self.values}

    @cached_property
    def digits(self) -> dict[str, list[int]]:
        """The bitmaps of each number, the lowest binary digit first."""
        found: dict[str, dict[int, int]] = {}
        for name, bits in self.bits.items():
            if name[0] == "n":
                number, _, place = name[1:].partition("/")
                found.setdefault(number, {})[int(place)] = bits
        return {number: [places.get(at, 0) for at in range(max(places) + 1)] for number, places in found.items()}

    @cached_property
    def _by_id(self) -> tuple[array[int], array[int]]:
        """The ids in rising order, and where each lies."""
        places = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        return array("q", map(self.ids.__getitem__, places)), array("I", places)

    def extend(self, products: Sequence[ProductFacts]) -> None:
        """Add products that are not here at the end."""
        start = self.starts[-1]
        for name, segment in _segments(products).items():
            self.bits[name] = self.bits.get(name, 0) | segment << start
        for facts in products:
            self.ids.append(facts.id)
            self.starts.append(self.starts[-1] + len(facts.variants))
            self.names |= facts.names
        for number, kept in self.numbers.items():
            kept.extend(facts.numbers[number] for facts in products)
        self._forget()

    def replace(self, product_id: int, facts: ProductFacts | None) -> None:
        """Make the product that is here what the facts say; None takes it out."""
        place = self.ids.index(product_id)
        start, end = self.starts[place], self.starts[place + 1]
        segment = _segments([facts] if facts else [])
        width = len(facts.variants) if facts else 0
        for name in self.bits.keys() | segment.keys():
            self.bits[name] = _splice(self.bits.get(name, 0), start, end, segment.get(name, 0), width)
            if not self.bits[name]:
                del self.bits[name]
        self.ids[place:place + 1] = array("q", [product_id] if facts else [])
        for number, kept in self.numbers.items():
            kept[place:place + 1] = array("q", [facts.numbers[number]] if facts else [])
        after = [at + width - (end - start) for at in self.starts[place + 1:]]
        self.starts[place:] = array("q", [start, *after] if facts else after)
        if facts:
            self.names |= facts.names
        self._forget()

    def _forget(self) -> None:
        for cached in ("everything", "values", "by_key", "digits", "_by_id", "_tails_and_others"):
            self.__dict__.pop(cached, None)

    def collapse(self, bits: int) -> int:
        """Return the last bit of each product that has any of the bits.

        Adding a product's other bits to themselves carries into its last one exactly when any is set.
        """
        if not bits:  # in most blocks of what a search found
            return 0
        tails, others = self._tails_and_others
        return (((bits & others) + others) | bits) & tails

    @cached_property
    def _tails_and_others(self) -> tuple[int, int]:
        tails = self.bits.get(TAIL, 0)
        return tails, self.everything ^ tails

    def find(self, product_ids: Iterable[int]) -> list[int]:
        """Return the places of these products, which lie here."""
        ids, places = self._by_id
        return [places[bisect_left(ids, product_id)] for product_id in product_ids]

    def spread(self, product_ids: Iterable[int]) -> int:
        """Return all bits of these products, which lie here, each named once."""
        starts, size = self.starts, self.starts[-1] // 8 + 1
        heads, ends = bytearray(size), bytearray(size)
        for place in self.find(product_ids):
            head = starts[place]
            end = starts[place + 1]
            heads[head >> 3] |= 1 << (head & 7)
            ends[end >> 3] |= 1 << (end & 7)
        # Taking a product's first bit away from the one after its last leaves all between them.
        return int.from_bytes(ends, "little") - int.from_bytes(heads, "little")

    def products(self, bits: int) -> Iterator[int]:
        """Return the places of the products that own the bits, one bit for each."""
        octets = bits.to_bytes(self.starts[-1] // 8 + 1, "little")
        for found in _SET.finditer(octets):
            at = found.start()
            for bit in _BITS[octets[at]]:
                yield bisect_right(self.starts, at * 8 + bit) - 1

    def compare(self, bits: int, parts: Sequence[tuple[str, int]]) -> tuple[int, int, int]:
        """Return those of the bits whose number is (below, equal to, above) the given one.

        `parts` are (name of the number, its value), the weightiest first, as in an order by price and then id.
        """
        below = above = 0
        for name, wanted in parts:
            digits = self.digits.get(name, [])
            for place in reversed(range(max(len(digits), wanted.bit_length()))):
                ones = bits & digits[place] if place < len(digits) else 0
                if wanted >> place & 1:
                    below |= bits ^ ones
                    bits = ones
                else:
                    above |= ones
                    bits ^= ones
        return below, bits, above

    def encode(self) -> bytes:
        """Return the block as it is stored."""
        bits = {name: value.to_bytes((value.bit_length() + 7) // 8, "little") for name, value in self.bits.items()}
        numbers = {name: kept.tolist() for name, kept in self.numbers.items()}
        stored = _Stored(self.ids.tolist(), self.starts.tolist(), bits, self.names, numbers)
        return zlib.compress(msgspec.msgpack.encode(stored), 1)


def decode_block(body: bytes) -> Block:
    """Return the block that was stored."""
    stored = msgspec.msgpack.decode(zlib.decompress(body), type=_Stored)
    bits = {name: int.from_bytes(value, "little") for name, value in stored.bits.items()}
    numbers = {name: array("q", kept) for name, kept in stored.numbers.items()}
    return Block(array("q", stored.ids), array("q", stored.starts), bits, stored.names, numbers)


def _splice(bits: int, start: int, end: int, segment: int, width: int) -> int:
    return bits & ((1 << start) - 1) | segment << start | bits >> end << start + width


def _segments(products: Sequence[ProductFacts]) -> Mapping[str, int]:
    """Return the bits of the products, one after the other, by name; the first variant's is the lowest."""
    found: dict[str, int] = {}
    amounts, numbers = list[int](), {name: list[int]() for name in ORDERS}

    def add(name: str, bits: int) -> None:
        found[name] = found.get(name, 0) | bits

    for facts in products:
        start, width = len(amounts), len(facts.variants)
        add(TAIL, 1 << start + width - 1)
        for mark in facts.marks:
            add(f"p{mark}", (1 << width) - 1 << start)
        for at, variant in enumerate(facts.variants, start):
            for name in variant.values:
                add(f"v{name}", 1 << at)
            if variant.is_in_stock:
                add(STOCK, 1 << at)
            if variant.is_reduced:
                add(SALE, 1 << at)
            amounts.append(variant.amount)
        for name in ORDERS:
            numbers[name] += [0] * (width - 1) + [facts.numbers[name]]
    for name, values in {AMOUNT: amounts, **numbers}.items():
        found |= {f"n{name}/{place}": bits for place, bits in enumerate(_digits(values)) if bits}
    return found


def _digits(values: Sequence[int]) -> list[int]:
    """Return the bitmaps of the binary digits, the lowest digit first: the numbers written in rows, read in columns."""
    width = max(values, default=0).bit_length()
    rows = [f"{value:0{width}b}" for value in reversed(values)] if width else []
    return [int("".join(column), 2) for column in zip(*rows, strict=True)][::-1]
