"""The work on pages: what changed becomes marks, marks become files. One wake-up does it for a while.

A single change never waits for a rebuild: changes are looked for before every batch, and batches are small.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from redis import RedisError

from storefront.browse.page_map import ALL, find_pages, list_pages_of_shop
from storefront.catalog.shelves import read_filled_paths
from storefront.foundation import page_files, page_marks, page_views
from storefront.foundation.ahead import reading_ahead
from storefront.foundation.cache import invalidate
from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.failpoints import failpoint
from storefront.foundation.page_marks import Mark, Subject
from storefront.foundation.redis import client
from storefront.foundation.shop import facts
from workers.pages_build import current_build
from workers.pages_render import Rendered, render_batch

WORK_SECONDS = 20.0  # of one wake-up, well below the 40 s after which RQ ends it
BATCH = 48  # pages: a fraction of a second, after which single changes come first again
SUBJECTS = 500  # expanded at once
# What every page leans on is left behind in the cache once more: the process that changed it may have died before.
GROUPS = ("catalog", "content", "taxes")
LYING = ("catalog",)  # what makes prices and stock lie; words and rates of tax never lie, see Touch
FRESH_SHARE = 0.8  # of the freshness bound, after which a page is rendered again: before browsers begin to ask
OTHER_BUILD = timedelta(minutes=10)
LATE = timedelta(seconds=3)  # the worker of pages should have seen a change by then
MENUS = "pages:menus"  # in Redis: a digest of the categories to which the menus of rendered pages lead
STARTED = now()
DRAFT_SECONDS = 3600.0
logger = logging.getLogger(__name__)


def work_on_pages(seconds: float = WORK_SECONDS, tell: Callable[[Rendered], object] = str,
                  batch: int = BATCH) -> Rendered:
    """Turn subjects into marks and render what waits, until nothing does or the time is over; `tell` hears how far."""
    deadline = time.monotonic() + seconds
    done = Rendered()
    while time.monotonic() < deadline:
        if expand_subjects():
            continue
        claims = page_marks.claim_pages(limit=batch)
        if not claims:
            break
        failpoint("pages-claimed")
        done += render_batch(claims)
        tell(done)
    return done


def expand_subjects(limit: int = SUBJECTS) -> int:
    """Mark the pages that show what was touched, and remove those that lie; returns how many subjects are done."""
    db.session.rollback()  # what was touched was committed before; a snapshot from earlier would not show it
    subjects = page_marks.read_subjects(limit)
    if not subjects:
        return 0
    everything = [subject for subject in subjects if subject.name == ALL]
    single = [subject for subject in subjects if subject.name != ALL]
    with reading_ahead():
        marks = find_pages(single)
    _mark(marks, single)
    if everything:
        rebuild(everything)
    return len(subjects)


def take_away_lies(late: timedelta = LATE) -> None:
    """Remove the files that lie of changes that no worker has seen for a while, as when Redis is away.

    Rendering, and leaving caches behind, waits for the worker.
    """
    db.session.rollback()
    while subjects := page_marks.read_subjects(SUBJECTS, now() - late):
        with reading_ahead():
            marks = find_pages(subjects)
        page_marks.take_away(marks=marks, subjects=subjects, remove=page_files.remove_page)
        logger.warning("pages are taken away", extra={"problem": f"no worker saw {len(subjects)} changes"})


def rebuild(done: Sequence[Subject] = ()) -> int:
    """Want every page of the shop anew, hot ones first; single changes overtake. Returns how many."""
    with reading_ahead():
        pages = list_pages_of_shop()
    known = set(page_marks.list_addresses())
    marked = page_marks.mark_all()
    _mark({address: mark for address, mark in pages.items() if address not in known}, done)
    return marked + len(pages.keys() - known)


@transactional
def _mark(marks: Mapping[str, Mark], subjects: Sequence[Subject]) -> None:
    page_marks.mark_pages(marks=marks, done=subjects, remove=page_files.remove_page)
    for group in LYING if subjects and all(subject.lies for subject in subjects) else GROUPS:
        invalidate(group)


def refresh_pages() -> None:
    """Each minute: want anew what is old or of another build, and everything when nothing was ever rendered.

    Spread out: an hour's share of all pages is not wanted in one minute.
    """
    count = page_marks.count_pages()
    if not count:
        if not page_marks.is_page_work_waiting():
            page_marks.touch(subjects={ALL: False})
        return
    fresh = timedelta(hours=facts().pages_fresh_hours) * FRESH_SHARE
    share = max(20, 2 * count * 60 // int(fresh.total_seconds()))
    # What another build renders after this process began is left alone for a while: while a release is rolled out,
    # old and new processes must not rebuild against each other every minute.
    other_before = max(STARTED, now() - OTHER_BUILD)
    marked = page_marks.mark_other_build(build=current_build(), before=other_before)
    if marked:
        page_files.sweep_strays(time.time() - DRAFT_SECONDS)  # another release may have named its files otherwise
    marked += page_marks.mark_old(before=now() - fresh, limit=share)
    if marked:
        logger.info("pages wanted anew: %d", marked)
    _follow_menus()


def _follow_menus() -> None:
    """Want every page anew when a category was filled or emptied: the menus of all lead to those that are not bare."""
    filled = hashlib.sha256("\n".join(read_filled_paths()).encode()).hexdigest()
    try:
        before = client().get(MENUS)
        if before not in (None, filled):
            page_marks.touch(subjects={ALL: False})
        client().set(MENUS, filled)
    except RedisError as error:  # what is old is rendered again in any case, see FRESH_SHARE
        logger.warning("menus are not compared: %s", type(error).__name__)


def count_views() -> None:
    """Each minute: take over the views that the processes of the shop counted."""
    try:
        views = page_views.take_counted()
    except (RedisError, OSError) as error:
        logger.warning("views are not counted: %s", type(error).__name__)
        return
    page_views.add_heat(views=views)


def sweep_pages() -> None:
    """Once a day: let yesterday's heat cool, remove what belongs to no page, want anew what is missing."""
    page_views.cool_pages()
    page_files.sweep_strays(time.time() - DRAFT_SECONDS)
    lying = {page_files.address_of(path) for path in page_files.list_files()}
    known = page_marks.list_addresses().keys()  # read after the files: a page's row is there before its file
    for address in lying - known:
        page_files.drop_page(address)
    missing = page_marks.list_addresses(is_rendered=True)
    page_marks.mark_pages(marks={address: Mark(kind, page_marks.REBUILD)
                                 for address, kind in missing.items() if address not in lying})
    logger.info("pages swept", extra={"problem": f"{len(lying - known)} files without a page"})
