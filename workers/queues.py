"""The queues and how a committed job row becomes a wake-up in one of them.

Traps of RQ 2.12 that are closed here: a worker of several queues can lose a popped job (one queue per
worker process), its default serializer is pickle (JSON everywhere), its maintenance runs every ten minutes, a worker
is registered once (Redis that lost everything never hears of it again) and sits on a dead connection for minutes.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from flask import Flask
from redis import Redis
from redis.client import Pipeline
from rq import Queue, SpawnWorker, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from storefront.foundation.database import db
from storefront.foundation.failpoints import failpoint
from storefront.foundation.outbox import Claim
from workers.processes import die_with_parent

QUEUES = {
    "mail": "messages to customers",
    "images": "fetching and scaling pictures",
    "imports": "product files that staff uploaded, and other work of seconds that nobody waits for",
    "pages": "rendering public pages ahead",
    "default": "everything else",
}
RUN = "workers.jobs.run_outbox_job"
RENDER = "workers.jobs.run_pages_job"
PAGES_WAKE_UP = "wake-pages"
REFRESH = "workers.jobs.run_search_job"
SEARCH_WAKE_UP = "wake-search"
JOB_SECONDS = 40  # below the 50 s for which a message is claimed and the 60 s after which a job is handed over again
FAILED_SECONDS = 3600  # Redis keeps a failed wake-up this long; the row keeps the failure itself
MAINTENANCE_SECONDS = 30
WORKER_SECONDS = 45  # an idle worker tells that it lives each 30 s, and counts as dead after 105
SHARING = ("mail", "default")  # queues of short jobs, which may share a wake-up
SHARED_BY = 20  # jobs at most that do


def connect(app: Flask) -> Redis:
    """Return a connection to the shop's Redis; it connects when it is first used."""
    return Redis.from_url(app.config["REDIS_URL"], socket_connect_timeout=2, socket_timeout=5)


def open_queue(name: str, connection: Redis) -> Queue:
    """Return the queue of the name; raises KeyError for one that no worker serves."""
    if name not in QUEUES:
        raise KeyError(name)
    return Queue(name, connection=connection, serializer=JSONSerializer)


def hand_over(connection: Redis, claims: Sequence[Claim]) -> None:
    """Put the jobs into their queues; short ones that go there for the first time share a wake-up, and a fork.

    What comes again comes alone, unless it still waits from before: a job that ends its process takes no other
    with it twice, and one that was late has all its time.
    """
    shared: dict[str, list[int]] = {}
    for claim in claims:
        if claim.is_first and claim.queue in SHARING:
            shared.setdefault(claim.queue, []).append(claim.job_id)
        else:
            _put(connection, claim.queue, [claim.job_id])
    for name, job_ids in shared.items():
        for at in range(0, len(job_ids), SHARED_BY):
            _put(connection, name, job_ids[at:at + SHARED_BY])


def _put(connection: Redis, name: str, job_ids: Sequence[int]) -> None:
    queue = open_queue(name, connection)
    wake_up = f"outbox-{job_ids[0]}"
    if connection.lpos(queue.key, wake_up) is None:
        queue.enqueue_call(RUN, args=tuple(job_ids), job_id=wake_up, timeout=JOB_SECONDS, result_ttl=0,
                           failure_ttl=FAILED_SECONDS)


def wake_pages(connection: Redis) -> None:
    """Wake whoever renders pages, unless a wake-up waits already: one for any number of changes."""
    _wake(connection, "pages", RENDER, PAGES_WAKE_UP)


def wake_search(connection: Redis) -> None:
    """Wake whoever reads stale products into what search keeps, unless a wake-up waits already."""
    _wake(connection, "default", REFRESH, SEARCH_WAKE_UP)


def _wake(connection: Redis, name: str, function: str, wake_up: str) -> None:
    queue = open_queue(name, connection)
    if connection.lpos(queue.key, wake_up) is None:
        queue.enqueue_call(function, job_id=wake_up, timeout=JOB_SECONDS, result_ttl=0, failure_ttl=FAILED_SECONDS)


def make_worker(name: str, connection: Redis) -> Worker:
    """Return a worker of this one queue; macOS does not survive a fork after its frameworks were touched."""
    kind = RegisteredSpawnWorker if sys.platform == "darwin" else ForkWorker
    return kind([open_queue(name, connection)], connection=connection, serializer=JSONSerializer,
                maintenance_interval=MAINTENANCE_SECONDS, worker_ttl=WORKER_SECONDS)


def has_worker(name: str, connection: Redis) -> bool:
    """Tell whether a living worker serves the queue; one that was killed stays in RQ's list, its own key does not."""
    keys = Worker.all_keys(queue=open_queue(name, connection))
    return bool(keys) and bool(connection.exists(*keys))


class RegisteredWorker(Worker):
    """RQ's worker, which registers anew where Redis was emptied or came back without its data."""

    max_connection_wait_time = 5.0  # of pauses between tries while Redis is away

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        if pipeline is None and self.key not in self.all_keys(queue=self.queues[0]):
            self.connection.delete(self.key)  # else what was written since then counts as another worker's
            self.register_birth()  # type: ignore[no-untyped-call]
        super().heartbeat(timeout, pipeline)


class RegisteredSpawnWorker(RegisteredWorker, SpawnWorker):
    """For systems where a fork is no good."""


class ForkWorker(RegisteredWorker):
    """RQ's worker, whose children leave its database connections alone and do not outlive it."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        failpoint("job-dequeued")
        super().execute_job(job, queue)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        self._join_parent = die_with_parent(signal.SIGKILL)  # made before the fork: it knows the parent's pid
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        if self._join_parent:
            self._join_parent()
        db.engine.dispose(close=False)
        super().main_work_horse(job, queue)
