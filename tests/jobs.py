"""Works the queues as the workers do, in this process: real outbox, real Valkey, real RQ."""

from __future__ import annotations

from flask import Flask
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from storefront.foundation.database import db
from storefront.foundation.page_marks import is_page_work_waiting
from storefront.search.stale import is_anything_stale
from workers.queues import QUEUES, connect, open_queue
from workers.relay import relay_once


def work_until_quiet(app: Flask) -> int:
    """Relay and work until nothing moves; returns how many rows moved."""
    with connect(app) as connection:
        return _work(connection)


def _work(connection: Redis) -> int:
    moved = 0
    for _ in range(20):
        db.session.remove()
        batch = relay_once(connection)
        moved += batch
        for name in QUEUES:
            worker = SimpleWorker([open_queue(name, connection)], connection=connection, serializer=JSONSerializer)
            worker.work(burst=True, logging_level="ERROR")
        db.session.remove()
        if not batch and not is_page_work_waiting() and not is_anything_stale():
            db.session.remove()
            return moved
    raise AssertionError("the outbox does not come to rest")
