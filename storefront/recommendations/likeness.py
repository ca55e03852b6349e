"""Which products are of one kind, by what the catalog says of them: for those that too few have bought."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from storefront.recommendations.similarity import LIMIT, Neighbor

NEAREST = 20  # how many on either side are compared, in the order of categories and prices
TWINS = 0.8  # two titles that share this much of their words are one idea; the list takes it once first
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Traits:
    """What is compared of a product; `path` is its main category's."""

    id: int
    path: tuple[str, ...]
    brand_id: int | None
    tags: frozenset[str]
    words: frozenset[str]
    amount: int  # its lowest price, minor units


def words_of(title: str) -> frozenset[str]:
    """Return the words of a title that can say what a thing is."""
    return frozenset(_WORD.findall(title.lower()))


def likeness(one: Traits, other: Traits) -> float:
    """Return how alike two products are: 0 for strangers, at most 6."""
    shared = sum(1 for ours, theirs in zip(one.path, other.path, strict=False) if ours == theirs)
    is_same_brand = one.brand_id is not None and one.brand_id == other.brand_id
    if not shared and not is_same_brand:
        return 0.0
    kind = shared / max(len(one.path), len(other.path), 1)
    dearer = max(one.amount, other.amount)
    near = min(one.amount, other.amount) / dearer if dearer else 1.0
    return 2 * kind + near + 0.5 * is_same_brand + 1.5 * _shared(one.tags, other.tags) + _shared(one.words, other.words)


def find_alike(products: Iterable[Traits], *, limit: int = LIMIT) -> Iterator[tuple[int, list[Neighbor]]]:
    """Return each product's id with those most like it, best first.

    The products stream in the order of category path, price and id; each is compared with the NEAREST before and
    after it, so that memory does not grow and the work is linear.
    """
    window: deque[Traits] = deque(maxlen=2 * NEAREST + 1)
    place = 0  # of the next product to be answered, within the window
    for product in products:
        if len(window) == window.maxlen:
            place -= 1
        window.append(product)
        if len(window) - place > NEAREST:
            yield window[place].id, _nearest(window[place], window, limit)
            place += 1
    for product in list(window)[place:]:
        around = list(window)[max(place - NEAREST, 0):]
        yield product.id, _nearest(product, around, limit)
        place += 1


def _nearest(product: Traits, around: Iterable[Traits], limit: int) -> list[Neighbor]:
    scored = [(likeness(product, other), other) for other in around if other.id != product.id]
    best = nsmallest(2 * limit, ((-score, other.id, other) for score, other in scored if score > 0),
                     key=lambda item: item[:2])
    ranked = [(Neighbor(other_id, -score), other.words) for score, other_id, other in best]
    return _spread(ranked, limit)


def _spread(ranked: Sequence[tuple[Neighbor, frozenset[str]]], limit: int) -> list[Neighbor]:
    """Return the first ones, with what nearly repeats a title that stands before moved to the end."""
    first: list[Neighbor] = []
    again: list[Neighbor] = []
    seen: list[frozenset[str]] = []
    for neighbor, words in ranked:
        if len(first) == limit:
            break
        is_twin = any(_shared(words, known) >= TWINS for known in seen)
        (again if is_twin else first).append(neighbor)
        seen.append(words)
    return (first + again)[:limit]


def _shared(ours: frozenset[str], theirs: frozenset[str]) -> float:
    both = len(ours & theirs)
    return both / (len(ours) + len(theirs) - both) if both else 0.0
