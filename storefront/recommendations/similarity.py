"""Which products go with which, by who bought them: item to item, nearer in time and later counting more.

Pure arithmetic over histories that stream by; nothing here knows a database or a person. For H histories of at
most MAX_HISTORY products the pairs cost H × MAX_HISTORY² steps at worst and about H × n² for usual ones of n;
memory holds the pairs of the wanted products alone, so a caller bounds it by asking for some of them at a time.

The exponents were tuned on the next to last purchase of three public sets and reported on the last one, see
bench/recommend.py and docs/recommendations.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import NamedTuple

MAX_HISTORY = 50  # a shopper's latest; somebody who buys for a school says little about a household
DISTANCE = 0.5  # of two purchases d orders apart the pair weighs d ** -DISTANCE
BACKWARDS = 0.3  # what was bought earlier is worth this much beside what was bought later
SOURCE, TARGET = 0.25, 0.15  # how far the popularity of either side is taken out
POSITION = 0.8  # of a shopper's purchases, the n-th newest weighs n ** -POSITION
LIMIT = 12


class Purchase(NamedTuple):
    """A product in a shopper's history."""

    item: int
    step: int  # which of the shopper's orders it was in, from 0; what was bought together has one
    freshness: float = 1.0  # 1 today, less and less with the days


class Neighbor(NamedTuple):
    """A product beside another; a higher score goes better."""

    item: int
    score: float


@dataclass(slots=True)
class Tally:
    """What was bought beside one product: how much that weighs, and how many shoppers did it."""

    weights: dict[int, float] = field(default_factory=dict)
    shoppers: dict[int, int] = field(default_factory=dict)

    def add(self, item: int, weight: float) -> None:
        self.weights[item] = self.weights.get(item, 0.0) + weight
        self.shoppers[item] = self.shoppers.get(item, 0) + 1


def tidy_history(purchases: Iterable[Purchase]) -> list[Purchase]:
    """Return the latest purchase of each product, oldest first, at most MAX_HISTORY of them."""
    latest: dict[int, Purchase] = {}
    for purchase in purchases:
        latest.pop(purchase.item, None)
        latest[purchase.item] = purchase
    return list(latest.values())[-MAX_HISTORY:]


def tally_pairs(histories: Iterable[Sequence[Purchase]], is_wanted: Callable[[int], bool]) -> dict[int, Tally]:
    """Return for every wanted product what the histories (each as tidy_history makes it) hold beside it."""
    tallies: dict[int, Tally] = {}
    falloff = [1.0, *(distance ** -DISTANCE for distance in range(1, MAX_HISTORY + 1))]
    for history in histories:
        for place, one in enumerate(history):
            if not is_wanted(one.item):
                continue
            tally = tallies.get(one.item)
            if tally is None:
                tally = tallies[one.item] = Tally()
            for earlier in history[:place]:
                steps = one.step - earlier.step
                share = BACKWARDS if steps else 1.0
                tally.add(earlier.item, share * one.freshness * falloff[min(steps, MAX_HISTORY)])
            for later in history[place + 1:]:
                tally.add(later.item, later.freshness * falloff[min(later.step - one.step, MAX_HISTORY)])
    return tallies


def rank_neighbors(item: int, tally: Tally, popularity: Mapping[int, int], *, limit: int = LIMIT,
                   shoppers: int = 1, among: Container[int] | None = None) -> list[Neighbor]:
    """Return the best neighbors of the product, best first, equal ones by id.

    `popularity` is how often a product was bought; `shoppers` how many must have bought both; `among` the
    products that may be shown.
    """
    source = max(popularity.get(item, 1), 1) ** SOURCE
    found = [
        Neighbor(other, weight / (source * max(popularity.get(other, 1), 1) ** TARGET))
        for other, weight in tally.weights.items()
        if tally.shoppers[other] >= shoppers and (among is None or other in among)
    ]
    return nsmallest(limit, found, key=lambda neighbor: (-neighbor.score, neighbor.item))


def add_up(items: Sequence[int], neighbors: Mapping[int, Iterable[Neighbor]],
           without: Collection[int] = ()) -> dict[int, float]:
    """Return how well each product goes with all of these (oldest first), those themselves left out."""
    sums: dict[int, float] = {}
    for place, item in enumerate(reversed(items), start=1):
        share = place ** -POSITION
        for other, score in neighbors.get(item, ()):
            sums[other] = sums.get(other, 0.0) + share * score
    for known in (*items, *without):
        sums.pop(known, None)
    return sums
