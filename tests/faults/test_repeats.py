"""Every job that the shop knows, run again and again: nothing changes after the first time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from email.message import Message
from functools import partial
from pkgutil import resolve_name
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.accounts.services import register_customer
from storefront.catalog.entries import ImageEntry
from storefront.foundation.database import Base, db
from storefront.foundation.outbox import OutboxEvent, OutboxJob
from storefront.orders.refunds import refund_order
from storefront.orders.services import cancel_order
from tests.factories.accounts import PASSWORD, make_customer
from tests.factories.catalog import make_product
from tests.factories.checkout import make_checkout, make_world, pay
from tests.factories.orders import make_order
from tests.faults.walks import at_once
from workers.jobs import run_outbox_job
from workers.schedule import TASKS

# What a job may change each time: its own row, when somebody last looked, how often a picture was asked for.
PASSING = {"foundation_outbox_job", "foundation_outbox_event", "accounts_sign_in", "catalog_image"}


def everything() -> dict[str, list[str]]:
    """Every row of every table that is not PASSING, in an order of its own."""
    db.session.rollback()
    return {name: sorted(map(repr, db.session.execute(select(table)).all()))
            for name, table in Base.metadata.tables.items() if name not in PASSING}


@pytest.mark.usefixtures("sound")
def test_every_job_run_twice_and_twice_at_once(
        app: Flask, run_jobs: Callable[[], int], mailbox: Callable[[], list[Message]]) -> None:
    """# fault 7. Red when send_message claims anew what was sent: each mail leaves five times."""
    make_world()
    bowl = make_product(slug="bowl", images=(ImageEntry(source_url="http://127.0.0.1:9/bowl.png", alt="A bowl"),))
    make_customer()
    register_customer(email="ada@example.com", password=PASSWORD, name="Ada Byrne")
    refunded, canceled = make_order({bowl.variant_id: 2}), make_order({bowl.variant_id: 1})
    refund_order(refund_id=uuid.uuid4(), order_id=refunded, quantities={}, goodwill_amount=100, reason="", actor="me")
    cancel_order(order_id=canceled, reason="", actor="staff:1")
    pay(make_checkout({bowl.variant_id: 1}))
    run_jobs()
    rows: list[tuple[int, str, dict[str, Any]]] = [tuple(row) for row in db.session.execute(
        select(OutboxJob.id, OutboxJob.job, OutboxEvent.payload).join(OutboxEvent).order_by(OutboxJob.id))]
    assert len({job for _, job, _ in rows}) >= 6
    before, letters = everything(), len(mailbox())
    for job_id, job, payload in rows:
        again = [partial(resolve_name(job), **payload)] * 2
        for deed in [*again, partial(run_outbox_job, job_id)]:
            deed()
        assert [result for result in at_once(app, again) if isinstance(result, Exception)] == [], job
        assert len(mailbox()) == letters, job
    assert everything() == before


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize("task", TASKS)
def test_every_task_of_the_schedule_run_twice_and_twice_at_once(app: Flask, task: str) -> None:
    """# fault 7. Red when expire_orders releases stock without a condition."""
    make_world()
    bowl = make_product(slug="bowl").variant_id
    make_order({bowl: 2})
    pay(make_checkout({bowl: 1}))
    resolve_name(task)()
    before = everything()
    resolve_name(task)()
    assert [result for result in at_once(app, [resolve_name(task)] * 2) if isinstance(result, Exception)] == []
    assert everything() == before
