"""What a test lets another process do: functions of the shop with arguments that fit into JSON."""

from __future__ import annotations

import os
import resource
import uuid
from pathlib import Path

from flask import current_app
from sqlalchemy import update

from storefront.foundation.database import db, execute_counted, transactional
from storefront.foundation.outbox import OutboxEvent, OutboxJob


def settle(payment_id: str) -> str:
    """Ask the provider what became of the payment and apply it."""
    from storefront.checkout.settling import settle as settle_payment

    return str(settle_payment(payment_id=uuid.UUID(payment_id)).state)


def sweep() -> None:
    """Run every task of the schedule once."""
    from workers.schedule import run_tasks

    run_tasks()


def correct(variant_id: int, delta: int) -> None:
    """Change the stock as staff do."""
    from storefront.inventory.services import correct_stock

    correct_stock(variant_id=variant_id, delta=delta, actor="staff:1", reason="counted")


def change_price(slug: str, amount: int) -> None:
    """Save the product with another price, as staff do."""
    from tests.factories.catalog import make_product

    make_product(slug=slug, stock=0, amount=amount)


# Jobs that no release has: a worker that is told of them runs them like any other

POISON = ("tests.faults.deeds.job_that_raises", "tests.faults.deeds.job_that_aborts",
          "tests.faults.deeds.job_that_eats_memory", "tests.faults.deeds.job_that_is_fine")


def job_that_raises() -> None:
    raise ValueError("poison")


def job_that_aborts() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()


def job_that_eats_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**25, used + 2**25))
    eaten = []
    while True:
        eaten.append(bytearray(2**22))


def job_that_is_fine() -> None:
    from storefront.foundation.redis import client

    client().incr("fine")


@transactional
def plant_jobs(*, names: list[str], queue: str = "default") -> list[int]:
    """Write job rows as the relay would; returns their ids."""
    ids = []
    for name in names:
        event = OutboxEvent(name="Planted", payload={}, relayed_at=None)
        db.session.add(event)
        db.session.flush()
        row = OutboxJob(event_id=event.id, job=name, queue=queue)
        db.session.add(row)
        db.session.flush()
        ids.append(row.id)
    return ids


@transactional
def skip_tries(attempts: int) -> None:
    """Let the jobs that failed once stand before their last tries."""
    execute_counted(update(OutboxJob).where(OutboxJob.finished_at.is_(None), OutboxJob.attempts == 1)
                    .values(attempts=attempts))


def work_poisoned(queue: str, seconds: int = 40) -> None:
    """Hand over what is due and work the queue until it is empty, with the poison among the known jobs."""
    import workers.jobs
    import workers.queues
    from workers.queues import connect, make_worker
    from workers.relay import relay_once
    from workers.subscriptions import job_names

    known = job_names() | set(POISON)
    workers.jobs.job_names = lambda: known  # type: ignore[assignment]
    workers.queues.JOB_SECONDS = seconds  # type: ignore[misc]
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    relay_once(connect(app))
    make_worker(queue, connect(app)).work(burst=True, logging_level="ERROR")
