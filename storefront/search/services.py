"""Writes of the index. Whoever writes holds the index's row from before the products are read until the commit, so
a change that is committed before is read, and one that is committed after has its own note (stale.py).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from itertools import chain

from sqlalchemy import delete, func, select

from storefront.catalog.collections import follow_products
from storefront.catalog.models import Product, ProductStatus
from storefront.foundation.cache import invalidate
from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.search.documents import Reading, current_reading, read_documents
from storefront.search.engines import open_engine
from storefront.search.facets_saving import rebuild_facets, refresh_facets
from storefront.search.models import SearchIndex, SearchWord
from storefront.search.stale import claim_stale, forget_stale
from storefront.search.synonyms import GROUP
from storefront.search.tables import make_missing_tables

INDEX = 1  # the one row
BATCH = 250  # products of one transaction
SMALL = 2000  # products, which take seconds to read
MAX_COUNTED = 200_000  # words that a rebuild holds in memory
Progress = Callable[[int, int], object]
Words = Counter[tuple[str, str]]  # (word, term) → documents that hold it


def rebuild_search(progress: Progress = lambda done, total: None) -> int:
    """Make everything that search keeps anew, documents and facets, while the old serves; returns how many documents.

    `progress` hears (done, total) over both. Tables of search that are missing are made first.
    """
    make_missing_tables()
    count = rebuild_documents(lambda done, total: progress(done, 2 * total))
    rebuild_facets(lambda done, total: progress(total + done, 2 * total))
    return count


def refresh_search(*, seconds: float) -> int:
    """Read stale products anew for so long; returns how many were read.

    A small shop whose index is not there, or was made by another reading of words, gets a new one at once; a large
    one waits for `flask search rebuild`, and plain SQL answers meanwhile.
    """
    if not is_index_current() and _count_products() <= SMALL:
        rebuild_search()
    deadline = time.monotonic() + seconds
    done = 0
    while time.monotonic() < deadline:
        batch = _refresh_batch()
        done += batch
        if not batch:
            break
    return done


def keep_index() -> None:
    """Give a small shop the index that it lacks; see refresh_search."""
    if not is_index_current():
        refresh_search(seconds=0)


@transactional
def _refresh_batch() -> int:
    seen = claim_stale(BATCH)
    follow_products(seen)  # the rules of collections may ask for stock, which tells nobody else that it moved
    refresh_documents(product_ids=seen)
    refresh_facets(product_ids=seen)
    forget_stale(seen=seen)
    return len(seen)


def _count_products() -> int:
    return db.session.scalar(select(func.count()).select_from(Product)) or 0


@transactional
def refresh_documents(*, product_ids: Collection[int]) -> int:
    """Read the products anew into the sides that serve and that are being filled; returns how many have a document.

    Products that nobody can buy any more leave. Before the first rebuild nothing is done.
    """
    index = _hold_index()
    sides = {index.serving, index.building} - {""}
    if not sides or not product_ids:
        return 0
    readings = read_documents(product_ids)
    for side in sorted(sides):
        added, words = _put(side, product_ids, readings)
        _count_words(side, words)
        if side == index.serving:
            index.documents = max(index.documents + added, 0)
    return len(readings)


def rebuild_documents(progress: Progress = lambda done, total: None) -> int:
    """Read every product on sale into the idle side and let it serve when it is whole; returns how many it holds.

    `progress` hears (done, total). Searches go on with the other side meanwhile. A rebuild that another one
    overtakes stops without harm.
    """
    attempt = _begin()
    product_ids = _by_standing()
    counted: Words = Counter()
    for start in range(0, len(product_ids), BATCH):
        progress(start, len(product_ids))
        if not _fill(attempt=attempt, product_ids=product_ids[start:start + BATCH], counted=counted):
            return start
    count = _switch(attempt=attempt, counted=counted)
    progress(len(product_ids), len(product_ids))
    return count


def is_index_current() -> bool:
    """Tell whether an index serves that was made by the present reading of words."""
    db.session.rollback()
    index = db.session.get(SearchIndex, INDEX)
    return index is not None and bool(index.serving) and index.reading == current_reading()


@transactional
def _begin() -> int:
    index = _hold_index()
    index.building = "b" if index.serving == "a" else "a"
    index.next_reading = current_reading()
    index.attempt += 1
    open_engine().clear(index.building)
    db.session.execute(delete(SearchWord).where(SearchWord.side == index.building))
    return index.attempt


def _by_standing() -> list[int]:
    """Return the products on sale, the most bought ones first: engines that read as rows lie then find those first."""
    rows = db.session.scalars(select(Product.id).where(Product.status == ProductStatus.ACTIVE)
                              .order_by(Product.sales_count.desc(), Product.id)).all()
    db.session.rollback()
    return list(rows)


@transactional
def _fill(*, attempt: int, product_ids: Sequence[int], counted: Words) -> bool:
    """Write one batch and add its words to those counted; False when another rebuild has begun."""
    index = _hold_index()
    if index.attempt != attempt:
        return False
    _, words = _put(index.building, product_ids, read_documents(product_ids))
    counted.update(words)
    if len(counted) > MAX_COUNTED:
        _count_words(index.building, counted)
        counted.clear()
    return True


@transactional
def _switch(*, attempt: int, counted: Words) -> int:
    index = _hold_index()
    if index.attempt != attempt:
        return 0
    engine = open_engine()
    _count_words(index.building, counted)
    engine.finish(index.building)
    index.documents = engine.count(index.building)
    index.serving, index.building, index.reading, index.built_at = index.building, "", index.next_reading, now()
    invalidate(GROUP)
    return index.documents


def _put(side: str, product_ids: Collection[int], readings: Sequence[Reading]) -> tuple[int, Words]:
    """Write the documents; returns by how many the side grew, and the words of those that are new with their uses.

    Words of documents that were there are counted already: those among them that are new come with no use.
    """
    engine = open_engine()
    known = engine.find_known(side, product_ids)
    present = {reading.document.product_id for reading in readings}
    engine.remove(side, sorted(known - present))
    engine.write(side, [reading.document for reading in readings])
    words: Words = Counter(chain.from_iterable(
        reading.words.items() for reading in readings if reading.document.product_id not in known))
    for reading in readings:
        if reading.document.product_id in known:
            words.update(dict.fromkeys(reading.words.items(), 0))
    return len(present - known) - len(known - present), words


def _count_words(side: str, words: Words) -> None:
    """Add to the vocabulary, in one order: two that write at once must not wait for each other."""
    rows: dict[str, tuple[str, int]] = {}
    for (word, term), uses in sorted(words.items()):
        rows[word] = term, uses + rows.get(word, ("", 0))[1]
    open_engine().count_words(side, [(word, term, uses) for word, (term, uses) in rows.items()])


def _hold_index() -> SearchIndex:
    """Return the index's row, locked until the transaction ends; made when it is missing."""
    index = db.session.get(SearchIndex, INDEX, with_for_update=True, populate_existing=True)
    if index is None:
        index = SearchIndex(id=INDEX, serving="", building="", reading="", next_reading="", attempt=0,
                            documents=0)
        db.session.add(index)
        db.session.flush()  # twins collide on the key here, and the second one tries again
    return index
