"""How often pages are seen: counted in each process, handed to Redis by the hundred, to the pages by the minute.

Heat only decides what is rendered first, so a count that is lost with a process or with Redis costs nothing.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping

from redis import RedisError
from sqlalchemy import bindparam, update

from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.page_marks import Page
from storefront.foundation.redis import client

KEY = "pages:views"
MAX_COUNTED = 200  # views that a process keeps to itself
MAX_SECONDS = 20.0
_lock = threading.Lock()
_views: Counter[str] = Counter()
_since = time.monotonic()


def note_view(address: str) -> None:
    """Count a view of the page; now and then hand over what was counted."""
    global _since  # one count per process is the point
    with _lock:
        _views[address] += 1
        if _views.total() < MAX_COUNTED and time.monotonic() - _since < MAX_SECONDS:
            return
        counted, _since = dict(_views), time.monotonic()
        _views.clear()
    try:
        pipeline = client().pipeline(transaction=False)
        for seen, count in counted.items():
            pipeline.hincrby(KEY, seen, count)
        pipeline.execute()
    except (RedisError, OSError):
        pass  # counted for nothing


def take_counted() -> dict[str, int]:
    """Return what all processes have handed over, and begin anew. Raises RedisError, OSError."""
    pipeline = client().pipeline(transaction=True)
    pipeline.hgetall(KEY)
    pipeline.delete(KEY)
    found: dict[str, str] = pipeline.execute()[0]
    return {address: int(count) for address, count in found.items()}


@transactional
def add_heat(*, views: Mapping[str, int]) -> None:
    """Count views of pages; addresses that are no pages are passed over."""
    seen = [{"page": address, "more": count} for address, count in sorted(views.items())]
    if seen:
        # On the connection: the session would take the list for rows by their primary keys.
        db.session.connection().execute(
            update(Page).where(Page.address == bindparam("page")).values(heat=Page.heat + bindparam("more")), seen)


@transactional
def cool_pages() -> None:
    """Once a day: what was seen before counts half."""
    execute_counted(update(Page).where(Page.heat > 0).values(heat=Page.heat // 2))
