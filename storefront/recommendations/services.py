"""Computes what goes with what. All of it may be lost: `flask recommendations rebuild` makes it again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import monotonic
from typing import TypeVar

from sqlalchemy import delete, insert

from storefront.catalog.services import count_sales
from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import record, record_all
from storefront.foundation.progress import Progress
from storefront.recommendations import queries
from storefront.recommendations.events import RebuildDue, RecommendationsChanged
from storefront.recommendations.likeness import NEAREST, find_alike
from storefront.recommendations.models import Ground, Recommendation
from storefront.recommendations.queries import SHOWN
from storefront.recommendations.similarity import Neighbor, rank_neighbors, tally_pairs
from storefront.search.stale import touch_products

GROUP = "recommendations"
MIN_SHOPPERS = 2  # what one person once bought is no habit, and nobody else's business
LINES_AT_ONCE = 50_000  # order lines whose products are tallied together: bounds memory and what a slice takes
SLICE_SECONDS = 10.0  # of the 40 that a job may take; after that it finishes what it has begun
BATCH = 100  # products written in one transaction, which a checkout on SQLite waits for
KNOWN_WELL = 2000  # times ordered from which on one order more moves nothing that cannot wait for the night
Found = tuple[int, Sequence[Neighbor]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many products have something beside them, and how many have other things than before."""

    bought: int
    alike: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Step:
    """A batch that was written: where the next one begins, its products, and those that have others beside them."""

    ground: Ground
    done: int  # bought: up to this product's id; alike: so many products
    products: int
    changed: int


def rebuild_recommendations(*, progress: Progress = lambda done, total: None) -> Rebuilt:
    """Compute all of it anew while the old one serves; `progress` hears (done, total) of what was bought
    and then of what is on sale.

    Writes only what differs, a batch at a time.
    """
    changed = done = total = 0
    for step in _rebuild(Ground.BOUGHT, 0):
        total = total or len(queries.list_with_sales()) + queries.count_on_sale()
        done += step.products
        changed += step.changed
        progress(done, max(done, total))
    # One thing that was bought with it is shown only where nothing is like it: two are a list.
    return Rebuilt(queries.count_ranked(Ground.BOUGHT, 2), queries.count_ranked(Ground.ALIKE, 1), changed)


@transactional
def ask_for_rebuild() -> None:
    """Let jobs compute all of it anew, slice by slice (the schedule, each night)."""
    record(RebuildDue(Ground.BOUGHT.value, 0))


def work_on_rebuild(*, ground: str, done: int, seconds: float = SLICE_SECONDS) -> None:
    """Do a slice of a rebuild from where the last one ended and ask for the next (a job).

    One that dies is run again from its beginning: what it wrote is right already, and is not written twice.
    """
    until = monotonic() + seconds
    for step in _rebuild(Ground(ground), done):
        if monotonic() >= until:
            _go_on(step=step)
            return


@transactional
def _go_on(*, step: _Step) -> None:
    record(RebuildDue(step.ground.value, step.done))


def _rebuild(ground: Ground, done: int) -> Iterator[_Step]:
    on_sale = queries.list_on_sale()
    if ground is Ground.BOUGHT:
        yield from _rebuild_bought(on_sale, done)
        done = 0
    yield from _rebuild_alike(on_sale, done)


def _rebuild_bought(on_sale: set[int], after: int) -> Iterator[_Step]:
    popularity = queries.read_popularity()
    if after == 0:
        _keep_popularity(popularity)
    counts = dict.fromkeys(queries.list_with_neighbors(Ground.BOUGHT), 0) | popularity
    for part in _cut(counts, after):
        for batch in _batches(_find_bought(part, on_sale, popularity)):
            changed = _replace(ground=Ground.BOUGHT, found=batch)
            yield _Step(Ground.BOUGHT, batch[-1][0], len(batch), changed)


def _keep_popularity(popularity: Mapping[int, int]) -> None:
    """Tell the catalog how often things were bought, and search where that is another number than before.

    Once a night, not with each order: what lists are ordered by is written a block of thousands of products at a time.
    """
    counts = {**dict.fromkeys(queries.list_with_sales(), 0), **popularity}
    for part in _batches(sorted(counts.items())):
        _keep_part(counts=dict(part))


@transactional
def _keep_part(*, counts: Mapping[int, int]) -> None:
    touch_products(product_ids=count_sales(counts=counts))


def _rebuild_alike(on_sale: set[int], done: int) -> Iterator[_Step]:
    before = min(done, NEAREST)  # compared with the next ones, and answered already
    for batch in _batches(islice(find_alike(queries.stream_traits(done - before)), before, None)):
        bought = queries.read_neighbors([product_id for product_id, _ in batch], Ground.BOUGHT)
        missing = [(product_id, () if len(bought.get(product_id, ())) > 1 else found) for product_id, found in batch]
        done += len(batch)
        yield _Step(Ground.ALIKE, done, len(batch), _replace(ground=Ground.ALIKE, found=missing))
    gone = sorted(queries.list_with_neighbors(Ground.ALIKE) - on_sale)
    for ids in _batches(gone):
        _replace(ground=Ground.ALIKE, found=[(product_id, ()) for product_id in ids])


def _cut(counts: Mapping[int, int], after: int) -> Iterator[list[int]]:
    """Return the products after this one, by id, in parts of at most LINES_AT_ONCE order lines or one product."""
    part: list[int] = []
    lines = 0
    for item in sorted(item for item in counts if item > after):
        if part and lines + counts[item] > LINES_AT_ONCE:
            yield part
            part, lines = [], 0
        part.append(item)
        lines += counts[item]
    if part:
        yield part


def follow_order(*, order_id: uuid.UUID) -> int:
    """Count a new order in, for the products that it holds; returns beside how many others stand now.

    A second call changes nothing. What it changes for the products beside these, the night brings. Others count as
    often as they were bought until last night. It reads the orders of who bought these, and no others.
    """
    popularity = queries.read_popularity(queries.list_ordered(order_id))
    on_sale = queries.read_sales(popularity)
    counts = {item: count for item, count in popularity.items() if item in on_sale and count <= KNOWN_WELL}
    return sum(_replace(ground=Ground.BOUGHT, found=_find_bought_beside(part, counts)) for part in _cut(counts, 0))


def _find_bought(part: Sequence[int], on_sale: set[int], popularity: Mapping[int, int]) -> Iterator[Found]:
    """Return the list of each product of the part, by id; an empty one where nothing is beside it."""
    wanted = on_sale.intersection(part)
    tallies = tally_pairs(queries.stream_histories(part[0], part[-1]), wanted.__contains__)
    for item in part:
        tally = tallies.get(item)
        yield item, rank_neighbors(item, tally, popularity, shoppers=MIN_SHOPPERS, among=on_sale) if tally else ()


def _find_bought_beside(part: Sequence[int], counts: Mapping[int, int]) -> list[Found]:
    tallies = tally_pairs(queries.stream_histories_of(part), set(part).__contains__)
    beside = {other for tally in tallies.values() for other, shoppers in tally.shoppers.items()
              if shoppers >= MIN_SHOPPERS}
    on_sale: dict[int, int] = {}
    for ids in _batches(sorted(beside)):
        on_sale |= queries.read_sales(ids)
    popularity = {**on_sale, **counts}
    return [(item, rank_neighbors(item, tallies[item], popularity, shoppers=MIN_SHOPPERS, among=on_sale)
             if item in tallies else ()) for item in part]


@transactional
def _replace(*, ground: Ground, found: Sequence[Found]) -> int:
    """Keep these lists; returns beside how many products others stand than before, and tells of each."""
    before = queries.read_neighbors([product_id for product_id, _ in found], ground)
    new = [(product_id, neighbors) for product_id, neighbors in found
           if [neighbor.item for neighbor in neighbors] != before.get(product_id, [])]
    if not new:
        return 0
    execute_counted(delete(Recommendation).where(Recommendation.ground == ground, Recommendation.product_id.in_(
        [product_id for product_id, _ in new])))
    rows = [{"product_id": product_id, "ground": ground, "rank": rank, "other_id": other, "score": score}
            for product_id, neighbors in new for rank, (other, score) in enumerate(neighbors, start=1)]
    if rows:
        db.session.execute(insert(Recommendation), rows)
    invalidate(GROUP)
    seen = [product_id for product_id, neighbors in new
            if [neighbor.item for neighbor in neighbors[:SHOWN]] != before.get(product_id, [])[:SHOWN]]
    record_all([RecommendationsChanged(product_id) for product_id in seen])
    return len(seen)


def _batches(found: Iterable[T]) -> Iterator[list[T]]:
    left = iter(found)
    while batch := list(islice(left, BATCH)):
        yield batch
