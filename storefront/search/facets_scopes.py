"""Which bits of each block are a collection's: found once, and again where the block or the collection moved.

The blocks know nothing of collections: who lies in one is read from its rows (catalog/members.py), so a list tells
the truth from the moment in which a rule, a hand or the stock moved a product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

from storefront.catalog.members import Members
from storefront.search.facets_block import Block
from storefront.search.facets_engine import Hits, keep
from storefront.search.facets_index import Index

_kept: WeakKeyDictionary[Members, dict[int, tuple[Block, int]]] = WeakKeyDictionary()  # by the block's id


def find_scope(index: Index, members: Members) -> Iterator[tuple[Block, int]]:
    """Return the blocks that hold any of the products, with their bits; one that is as before is not looked through."""
    kept = _kept.setdefault(members, {})
    for block_id, block in index.blocks.items():
        known, bits = kept.get(block_id, (None, 0))
        if known is not block:
            bits = block.spread([product_id for product_id in block.ids if product_id in members.products])
            kept[block_id] = block, bits
        bits &= ~index.hidden.get(block_id, 0)
        if bits:
            yield block, bits


def part(index: Index, hits: Hits, placed: Sequence[int]) -> tuple[list[int], Hits]:
    """Part those placed by hand that were found, in their order, from the others."""
    own = {id(index.blocks[block_id]): index.blocks[block_id].spread(product_ids)
           for block_id, product_ids in index.group(placed).items()}
    mine = [(block, tails & own[id(block)]) for block, tails in hits if id(block) in own]
    return keep(mine, placed), [(block, tails & ~own.get(id(block), 0)) for block, tails in hits]
