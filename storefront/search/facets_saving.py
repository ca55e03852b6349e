"""Writes of the blocks: a few products put anew where they lie, or all of them in a new generation.

Whoever writes holds the state's row from before the facts are read until the commit. So a change that is committed
before is read, and one that is committed after finds the product's place and is put there by its own note.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, text

from storefront.catalog.models import Category, Product, ProductStatus
from storefront.foundation.database import db, transactional
from storefront.foundation.shop import facts
from storefront.search.facets_block import Block, ProductFacts, decode_block
from storefront.search.facets_facts import read_facts
from storefront.search.facets_index import STATE
from storefront.search.facets_labels import Seen, notice_labels, sort_labels
from storefront.search.models import FacetBlock, FacetPlace, FacetState

BLOCK_SIZE = 4096  # products: what computing costs goes by blocks, what a change writes by their size
Progress = Callable[[int, int], object]


@transactional
def refresh_facets(*, product_ids: Collection[int]) -> int:
    """Put the products' present facts into their blocks; returns how many blocks changed.

    Products that nobody can buy any more leave them, new ones are added. Before the first rebuild nothing is done.
    """
    state = _hold_state()
    if not product_ids or not (state.generation or state.building):
        return 0
    notice_labels(state, product_ids)
    current = read_facts(product_ids, state.attributes, facts().currency)
    return sum(_put(state, generation, product_ids, current)
               for generation in {state.generation, state.building} - {0})


def rebuild_facets(progress: Progress = lambda done, total: None) -> int:
    """Read every product on sale into new blocks, which are served when all are written; returns how many products.

    `progress` hears (done, total). Lists go on with the old blocks meanwhile. A rebuild that another one overtakes
    stops without harm.
    """
    attributes, others = sort_labels()  # of a large catalog that takes seconds: before the lock is taken
    db.session.rollback()
    generation = _begin(attributes=attributes, others=others)
    product_ids = _by_place_in_tree()
    for start in range(0, len(product_ids), BLOCK_SIZE):
        progress(start, len(product_ids))
        if not _write_block(generation=generation, product_ids=product_ids[start:start + BLOCK_SIZE]):
            return start
    if _switch(generation=generation):
        _clear(generation=generation)
    progress(len(product_ids), len(product_ids))
    return len(product_ids)


@transactional
def _begin(*, attributes: list[str], others: Seen) -> int:
    state = _hold_state()
    state.building = max(state.generation, state.building) + 1
    state.attributes, state.others = attributes, others
    return state.building


def _by_place_in_tree() -> list[int]:
    """Return the products on sale, those of one category side by side: a category's page then touches few blocks."""
    rows = db.session.execute(
        select(Category.path, Product.id).select_from(Product).outerjoin(Category, Category.id == Product.category_id)
        .where(Product.status == ProductStatus.ACTIVE)).all()
    db.session.rollback()
    return [product_id for _, product_id in sorted((path or "", product_id) for path, product_id in rows)]


@transactional
def _write_block(*, generation: int, product_ids: Sequence[int]) -> bool:
    """Write one block; False when another rebuild has begun."""
    state = _hold_state()
    if state.building != generation:
        return False
    current = read_facts(product_ids, state.attributes, facts().currency)
    placed = set(db.session.scalars(select(FacetPlace.product_id).where(
        FacetPlace.generation == generation, FacetPlace.product_id.in_(product_ids))))  # noted meanwhile
    block = Block()
    block.extend([current[product_id] for product_id in product_ids
                  if product_id in current and product_id not in placed])
    if block.ids:
        _add_block(state, generation, block)
    return True


@transactional
def _switch(*, generation: int) -> bool:
    state = _hold_state()
    if state.building != generation:
        return False
    state.generation, state.building = generation, 0
    state.version += 1
    return True


@transactional
def _clear(*, generation: int) -> None:
    for model in (FacetBlock, FacetPlace):
        db.session.execute(delete(model).where(model.generation < generation))


def _hold_state() -> FacetState:
    """Return the state's row, locked until the transaction ends; made when it is missing."""
    state = db.session.get(FacetState, STATE, with_for_update=True, populate_existing=True)
    if state is None:
        state = FacetState(id=STATE, generation=0, building=0, version=0, attributes=[], others={})
        db.session.add(state)
        db.session.flush()  # twins collide on the key here, and the second one tries again
    return state


def _put(state: FacetState, generation: int, product_ids: Collection[int],
         current: Mapping[int, ProductFacts]) -> int:
    rows = db.session.execute(select(FacetPlace.product_id, FacetPlace.block_id).where(
        FacetPlace.generation == generation, FacetPlace.product_id.in_(product_ids))).all()
    places = dict(rows)
    changed = 0
    for block_id in sorted(set(places.values())):
        row = db.session.get_one(FacetBlock, block_id)
        block = decode_block(row.body)
        before = _contents(block)
        for product_id in sorted(product_id for product_id, place in places.items() if place == block_id):
            block.replace(product_id, current.get(product_id))
        if _contents(block) != before:
            _write(state, row, block)
            changed += 1
    gone = [product_id for product_id in places if product_id not in current]
    db.session.execute(delete(FacetPlace).where(FacetPlace.generation == generation, FacetPlace.product_id.in_(gone)))
    fresh = [current[product_id] for product_id in sorted(current.keys() - places.keys())]
    return changed + (_add(state, generation, fresh) if fresh else 0)


def _add(state: FacetState, generation: int, fresh: Sequence[ProductFacts]) -> int:
    """Add products at the end of the youngest block that has room, and in new ones."""
    row = db.session.scalar(
        select(FacetBlock).where(FacetBlock.generation == generation, FacetBlock.size < BLOCK_SIZE)
        .order_by(FacetBlock.id.desc()).limit(1))
    changed = 0
    if row is not None:
        block = decode_block(row.body)
        room = BLOCK_SIZE - len(block.ids)
        added, fresh = fresh[:room], fresh[room:]
        block.extend(added)
        _write(state, row, block)
        _place(generation, row.id, [product.id for product in added])
        changed = 1
    for start in range(0, len(fresh), BLOCK_SIZE):
        block = Block()
        block.extend(fresh[start:start + BLOCK_SIZE])
        _add_block(state, generation, block)
        changed += 1
    return changed


def _add_block(state: FacetState, generation: int, block: Block) -> None:
    row = FacetBlock(generation=generation, version=0, size=0, body=b"")
    db.session.add(row)
    _write(state, row, block)
    db.session.flush()
    _place(generation, row.id, block.ids)


def _write(state: FacetState, row: FacetBlock, block: Block) -> None:
    state.version += 1
    row.version, row.size, row.body = state.version, len(block.ids), block.encode()


def _place(generation: int, block_id: int, product_ids: Sequence[int]) -> None:
    rows = ", ".join(f"({generation:d}, {product_id:d}, {block_id:d})" for product_id in product_ids)
    if rows:  # a parameter for each number would cost more than the rows
        db.session.execute(text(f"INSERT INTO search_facet_place (generation, product_id, block_id) VALUES {rows}"))  # noqa: S608


def _contents(block: Block) -> tuple[Any, ...]:
    """Return what a reader could notice."""
    return list(block.ids), list(block.starts), dict(block.bits), dict(block.names)
