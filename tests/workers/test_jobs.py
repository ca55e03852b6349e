"""Jobs: one effect however often they run, a row for each failure, an end to hopeless ones."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from storefront.foundation import outbox
from storefront.foundation.database import db, transactional
from storefront.foundation.outbox import MAX_ATTEMPTS, OutboxEvent, OutboxJob
from tests.factories.accounts import make_customer
from tests.factories.mail import Postbox
from tests.workers.outbox import jobs, let_handover_pass
from workers.jobs import run_outbox_job
from workers.queues import QUEUES, connect
from workers.relay import relay_once
from workers.schedule import TASKS
from workers.subscriptions import SUBSCRIPTIONS, job_names


def make_job(app: Flask) -> int:
    """A customer is to be greeted; returns the job's id."""
    make_customer()
    relay_once(connect(app))
    [job] = jobs()
    return job.id


@transactional
def plant_job(name: str) -> int:
    """A row that names a job of its own; returns its id."""
    event = OutboxEvent(name="Planted", payload={})
    db.session.add(event)
    db.session.flush()
    row = OutboxJob(event_id=event.id, job=name, queue="default")
    db.session.add(row)
    db.session.flush()
    return row.id


def test_a_job_run_twice_has_one_effect(app: Flask, postbox: Postbox) -> None:  # fault 7
    job_id = make_job(app)
    run_outbox_job(job_id)
    run_outbox_job(job_id)
    assert len(postbox.letters) == 1
    [job] = jobs()
    assert (job.attempts, job.finished_at is not None) == (1, True)


def test_a_job_run_six_times_at_once_has_one_effect(app: Flask, postbox: Postbox) -> None:  # fault 7
    job_id = make_job(app)
    barrier = Barrier(6)

    def run(_: int) -> None:
        with app.app_context():
            barrier.wait()
            run_outbox_job(job_id)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(run, range(6)))
    assert len(postbox.letters) == 1
    [job] = jobs()
    assert (job.finished_at is not None, job.failed_at) == (True, None)


def test_what_a_slow_job_leaves_no_time_for_is_handed_over_again_at_once(
        app: Flask, postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.jobs.SHARED_SECONDS", 0)
    first = make_job(app)
    make_customer("grace@example.com")
    relay_once(connect(app))
    run_outbox_job(*(job.id for job in jobs()))
    assert [(job.id == first, job.attempts, job.handed_at is None) for job in jobs()] == [
        (True, 1, False), (False, 0, True)]
    assert relay_once(connect(app)) == 1


def test_what_failed_meanwhile_keeps_its_pause_when_the_others_are_given_back(
        app: Flask, postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.jobs.SHARED_SECONDS", 0)
    make_job(app)
    make_customer("grace@example.com")
    relay_once(connect(app))
    postbox.refusals = 2
    run_outbox_job(*(job.id for job in jobs()[1:]))  # a wake-up of its own, handed over while the first one waited
    run_outbox_job(*(job.id for job in jobs()))
    assert [(job.attempts, job.handed_at is None) for job in jobs()] == [(1, False), (1, False)]
    assert relay_once(connect(app)) == 0


def test_a_failure_is_a_row_that_says_why(app: Flask, postbox: Postbox) -> None:
    job_id = make_job(app)
    postbox.stop()
    run_outbox_job(job_id)
    [job] = jobs()
    assert (job.attempts, job.finished_at, job.failed_at) == (1, None, None)
    assert "ConnectionRefusedError" in job.last_error


def test_a_job_is_given_up_after_its_last_try_and_can_be_tried_again_by_staff(
        app: Flask, postbox: Postbox, run_jobs: Callable[[], int]) -> None:  # fault 8
    job_id = make_job(app)
    postbox.refusals = MAX_ATTEMPTS
    for _ in range(MAX_ATTEMPTS + 2):
        run_outbox_job(job_id)
    [job] = jobs()
    assert (job.attempts, job.failed_at is not None) == (MAX_ATTEMPTS, True)
    let_handover_pass()
    assert relay_once(connect(app)) == 0
    result = app.test_cli_runner().invoke(args=["worker", "failed"])
    assert "workers.mails.send_welcome" in result.output
    assert "451" in result.output
    assert "1 to be tried again" in app.test_cli_runner().invoke(args=["worker", "failed", "--retry"]).output
    run_jobs()
    assert len(postbox.letters) == 1
    assert "No job was given up." in app.test_cli_runner().invoke(args=["worker", "failed"]).output


def test_a_job_that_kills_its_process_is_not_tried_for_ever(app: Flask) -> None:  # fault 8
    job_id = make_job(app)
    for _ in range(MAX_ATTEMPTS):
        assert outbox.start_job(job_id=job_id) is not None  # and then the process is gone
    assert outbox.start_job(job_id=job_id) is None
    [job] = jobs()
    assert job.failed_at is not None
    assert "ended its process" in job.last_error


def test_a_name_that_no_subscription_has_is_not_run(app: Flask, tmp_path: object) -> None:
    job_id = plant_job("os.getcwd")
    run_outbox_job(job_id)
    [job] = jobs()
    assert job.finished_at is None
    assert "No subscription names os.getcwd" in job.last_error


def test_an_unknown_row_is_no_failure(app: Flask) -> None:
    run_outbox_job(404)
    assert jobs() == []


@pytest.mark.parametrize("name", sorted([*job_names(), *TASKS]))
def test_every_job_and_task_exists(name: str) -> None:
    from pkgutil import resolve_name

    assert callable(resolve_name(name))


def test_every_reaction_takes_its_event_and_waits_where_somebody_works() -> None:
    import inspect
    from pkgutil import resolve_name

    for event, reactions in SUBSCRIPTIONS.items():
        for reaction in reactions:
            assert reaction.queue in QUEUES
            inspect.signature(resolve_name(reaction.job)).bind(**dict.fromkeys(event.__dataclass_fields__))
