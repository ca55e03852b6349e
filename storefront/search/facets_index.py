"""The blocks as this process keeps them: read once, read again where they changed, never older than the tables.

A change that no worker has put into the blocks yet is read from the tables themselves and laid over them, so that
a list tells the truth from the moment in which the change was committed.
"""

from __future__ import annotations

import logging
import threading
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Select, select
from sqlalchemy.exc import DBAPIError

from storefront.foundation.database import db
from storefront.foundation.shop import facts
from storefront.search.facets_block import Block, decode_block
from storefront.search.facets_facts import read_facts
from storefront.search.models import FacetBlock, FacetState
from storefront.search.stale import read_stale, waits
from storefront.search.tables import lacks_table

STATE = 1  # the id of the one row
READ_AT_ONCE = 64  # blocks
FRESH, NOWHERE = 0, -1  # no block of the database has these ids
MAX_OVERLAID = 200  # products; beyond them (an import runs) lists may lag behind by the time a worker needs


@dataclass(frozen=True, slots=True)
class Index:
    """The blocks by id, what values are called, in which block products lie, and bits of blocks that do not count."""

    blocks: Mapping[int, Block]
    names: Mapping[str, tuple[str, str]]
    places: dict[int, int] | ChainMap[int, int]
    hidden: Mapping[int, int] = field(default_factory=dict)

    def group(self, product_ids: Iterable[int]) -> dict[int, list[int]]:
        """Return the products by the block that holds them; those that nobody can buy are left out."""
        found: dict[int, list[int]] = {}
        for product_id in product_ids:
            place = self.places.get(product_id, NOWHERE)
            if place != NOWHERE:
                found.setdefault(place, []).append(product_id)
        return found

    def keep(self, hits: Iterable[tuple[Block, int]], product_ids: Iterable[int]) -> Iterator[int]:
        """Yield those of the products whose last bit is among the hits, in the order in which they came."""
        tails_of = {id(block): tails for block, tails in hits}
        for product_id in product_ids:
            block = self.blocks.get(self.places.get(product_id, NOWHERE))
            tails = tails_of.get(id(block), 0)
            if block is not None and tails >> block.starts[block.find([product_id])[0] + 1] - 1 & 1:
                yield product_id

    def select(self, keys: Sequence[str]) -> Iterator[tuple[Block, int]]:
        """Return the blocks that hold any of the keys, with the bits of all products that have one."""
        for block_id, block in self.blocks.items():
            bits = 0
            for key in keys:
                bits |= block.bits.get(key, 0)
            if block_id in self.hidden:
                bits &= ~self.hidden[block_id]
            if bits:
                yield block, bits


@dataclass
class _Memory:
    """What one process has read of one database."""

    seen: tuple[int, int] = (0, 0)
    misses_tables: bool = False  # as was said in the log
    versions: dict[int, int] = field(default_factory=dict)
    index: Index = field(default_factory=lambda: Index({}, {}, {}))
    lock: threading.Lock = field(default_factory=threading.Lock)


logger = logging.getLogger(__name__)
_memories: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()


def read_index() -> Index | None:
    """Return the index as of this moment; None when it was never built, or when its tables are gone.

    One statement as long as nothing changed or is about to.
    """
    try:
        return _read()
    except DBAPIError as error:
        if not lacks_table(error):
            raise
    db.session.rollback()
    memory = _memories.setdefault(db.engine, _Memory())
    if not memory.misses_tables:
        memory.misses_tables, memory.seen, memory.versions = True, (0, 0), {}  # new ones count from 1 again
        logger.error("lists go without filters: tables of search are missing until `flask search rebuild`")
    return None


def _read() -> Index | None:
    row = db.session.execute(_select_state()).one_or_none()
    if row is None or row.generation == 0:
        return None
    memory = _memories.setdefault(db.engine, _Memory())
    with memory.lock:
        if memory.seen != (row.generation, row.version):
            _load(memory, row.generation)
            memory.misses_tables = False
            memory.seen = (row.generation, row.version)
        index = memory.index
    stale = read_stale(MAX_OVERLAID + 1) if row.waits else set()
    return _overlay(index, stale, row.attributes) if 0 < len(stale) <= MAX_OVERLAID else index


@cache
def _select_state() -> Select[int, int, list[str], bool]:
    """Made once: to build it costs more than to run it."""
    return (select(FacetState.generation, FacetState.version, FacetState.attributes, waits().label("waits"))
            .where(FacetState.id == STATE))


def _load(memory: _Memory, generation: int) -> None:
    """Read what is new or newer, drop what is gone; the rest is left as it is."""
    wanted = dict(db.session.execute(select(FacetBlock.id, FacetBlock.version)
                                     .where(FacetBlock.generation == generation)).all())
    changed = [block_id for block_id, version in wanted.items() if memory.versions.get(block_id) != version]
    old = memory.index
    blocks = {block_id: block for block_id, block in old.blocks.items() if block_id in wanted}
    for part in _parts(changed):
        for block_id, body in db.session.execute(select(FacetBlock.id, FacetBlock.body).where(FacetBlock.id.in_(part))):
            blocks[block_id] = decode_block(body)
    names: dict[str, tuple[str, str]] = {}
    for block_id in sorted(blocks):
        names |= blocks[block_id].names
    left = [block for block_id, block in old.blocks.items() if blocks.get(block_id) is not block]
    places = dict(old.places)
    for product_id in chain.from_iterable(block.ids for block in left):
        del places[product_id]
    for block_id in blocks.keys() & set(changed):
        places |= dict.fromkeys(blocks[block_id].ids, block_id)
    memory.index = Index(blocks, names, places)
    memory.versions = wanted


def _overlay(index: Index, stale: Collection[int], attributes: Collection[str]) -> Index:
    """Return the index with the present facts of the stale products in a block of their own, hidden where they lie."""
    current = read_facts(stale, attributes, facts().currency)
    hidden = {block_id: index.blocks[block_id].spread(ids) for block_id, ids in index.group(stale).items()}
    fresh = Block()
    fresh.extend([current[product_id] for product_id in sorted(current)])
    return Index({**index.blocks, FRESH: fresh}, {**index.names, **fresh.names}, ChainMap(
        dict.fromkeys(fresh.ids, FRESH), dict.fromkeys(stale, NOWHERE), index.places), hidden)


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start:start + READ_AT_ONCE] for start in range(0, len(ids), READ_AT_ONCE))
