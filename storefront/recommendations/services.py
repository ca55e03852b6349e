"""Computes what goes with what. All of it may be lost: `flask recommendations rebuild` makes it again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import delete, insert

from storefront.foundation.cache import invalidate
from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import record
from storefront.recommendations import queries
from storefront.recommendations.events import RecommendationsChanged
from storefront.recommendations.likeness import find_alike
from storefront.recommendations.models import Ground, Recommendation
from storefront.recommendations.queries import SHOWN
from storefront.recommendations.similarity import Neighbor, rank_neighbors, tally_pairs

GROUP = "recommendations"
MIN_SHOPPERS = 2  # what one person once bought is no habit, and nobody else's business
LINES_AT_ONCE = 500_000  # order lines whose products are tallied together: bounds the memory
BATCH = 500  # products written in one transaction
KNOWN_WELL = 2000  # times ordered from which on one order more moves nothing that cannot wait for the night
Progress = Callable[[int], None]
Found = tuple[int, Sequence[Neighbor]]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many products have something beside them, and how many have other things than before."""

    bought: int
    alike: int
    changed: int


def rebuild_recommendations(*, progress: Progress = lambda count: None) -> Rebuilt:
    """Compute all of it anew while the old one serves; `progress` is told how many products more are done.

    Reads every order line of two years once for each LINES_AT_ONCE of them, and every product on sale once;
    writes only what differs.
    """
    on_sale = queries.list_on_sale()
    popularity = queries.read_popularity()
    shards = max(1, -(-sum(popularity.values()) // LINES_AT_ONCE))
    changed, bought = 0, set[int]()
    for shard in range(shards):
        for batch in _batches(_find_bought(on_sale, popularity, shards, shard)):
            bought.update(product_id for product_id, found in batch if len(found) > 1)
            changed += _replace(ground=Ground.BOUGHT, found=batch)
            progress(len(batch))
    alike = 0
    for batch in _batches(find_alike(queries.stream_traits())):
        missing = [(product_id, () if product_id in bought else found) for product_id, found in batch]
        alike += sum(bool(found) for _, found in missing)
        changed += _replace(ground=Ground.ALIKE, found=missing)
        progress(len(batch))
    gone = sorted(queries.list_with_neighbors(Ground.ALIKE) - on_sale)
    for batch in _batches((product_id, ()) for product_id in gone):
        _replace(ground=Ground.ALIKE, found=batch)
    return Rebuilt(len(bought), alike, changed)


def follow_order(*, order_id: uuid.UUID) -> int:
    """Count a new order in, for the products that it holds; returns beside how many others stand now.

    A second call changes nothing. What it changes for the products beside these, the night brings.
    """
    ordered = queries.list_ordered(order_id)
    on_sale = queries.list_on_sale_of(ordered)
    found = [(product_id, _find_bought_beside(product_id)) for product_id in ordered if product_id in on_sale
             and queries.read_popularity([product_id]).get(product_id, 0) <= KNOWN_WELL]
    return _replace(ground=Ground.BOUGHT, found=found)


def _find_bought(on_sale: set[int], popularity: Mapping[int, int], shards: int, shard: int) -> Iterator[Found]:
    """Return the lists of every product of the shard that has one, or had one."""
    tallies = tally_pairs(queries.stream_histories(),
                          lambda item: item % shards == shard and item in on_sale)
    known = {item for item in queries.list_with_neighbors(Ground.BOUGHT) if item % shards == shard}
    for item in sorted(known | tallies.keys()):
        tally = tallies.get(item)
        yield item, rank_neighbors(item, tally, popularity, shoppers=MIN_SHOPPERS, among=on_sale) if tally else ()


def _find_bought_beside(product_id: int) -> Sequence[Neighbor]:
    tally = tally_pairs(queries.stream_histories(product_id), lambda item: item == product_id).get(product_id)
    if tally is None:
        return ()
    beside = [other for other, shoppers in tally.shoppers.items() if shoppers >= MIN_SHOPPERS]
    popularity = queries.read_popularity([product_id, *beside])
    return rank_neighbors(product_id, tally, popularity, shoppers=MIN_SHOPPERS, among=queries.list_on_sale_of(beside))


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
    for product_id in seen:
        record(RecommendationsChanged(product_id))
    return len(seen)


def _batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    left = iter(found)
    while batch := list(islice(left, BATCH)):
        yield batch
