"""The relay: only what is committed, handed over until it is finished, in any weather."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis, RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storefront.accounts.events import CustomerRegistered
from storefront.foundation.bell import Bell, ring
from storefront.foundation.clock import now
from storefront.foundation.database import db, transactional
from storefront.foundation.ids import new_uuid
from storefront.foundation.outbox import record
from tests.factories.accounts import make_customer
from tests.factories.catalog import make_product
from tests.factories.mail import Postbox
from tests.workers.outbox import jobs, let_handover_pass
from workers.queues import connect, open_queue
from workers.relay import relay_once


@pytest.fixture
def redis(app: Flask) -> Redis:
    return connect(app)


def waiting(redis: Redis, name: str = "mail") -> list[str]:
    return open_queue(name, redis).get_job_ids()


def test_a_committed_event_becomes_one_wake_up_and_a_second_round_none(redis: Redis) -> None:
    make_customer()
    assert relay_once(redis) == 2  # an event, a job
    assert relay_once(redis) == 0
    [job] = jobs()
    assert (job.job, job.queue, job.finished_at) == ("workers.mails.send_welcome", "mail", None)
    assert waiting(redis) == [f"outbox-{job.id}"]


def test_what_was_rolled_back_is_never_told(redis: Redis) -> None:  # pain 22
    @transactional
    def register_and_fail() -> None:
        record(CustomerRegistered(customer_id=new_uuid()))
        raise LookupError

    with pytest.raises(LookupError):
        register_and_fail()
    assert relay_once(redis) == 0
    assert (jobs(), waiting(redis)) == ([], [])


def test_a_wake_up_in_redis_holds_no_pickle(redis: Redis) -> None:  # security 33
    make_customer()
    relay_once(redis)
    [job] = jobs()
    data = redis.hget(f"rq:job:outbox-{job.id}", "data")
    assert isinstance(data, bytes)
    assert b"workers.jobs.run_outbox_job" in __import__("zlib").decompress(data)
    assert not __import__("zlib").decompress(data).startswith(b"\x80")


def test_what_is_not_finished_within_a_minute_is_handed_over_again(redis: Redis) -> None:
    make_customer()
    relay_once(redis)
    redis.flushall()  # fault 10: the wake-up is gone
    assert relay_once(redis) == 0
    let_handover_pass()
    assert relay_once(redis) == 1
    [job] = jobs()
    assert waiting(redis) == [f"outbox-{job.id}"]


def test_what_comes_together_shares_a_wake_up_and_what_comes_again_comes_alone(redis: Redis) -> None:
    for number in range(3):
        make_customer(f"reader{number}@example.com")
    relay_once(redis)
    ids = [job.id for job in jobs()]
    assert waiting(redis) == [f"outbox-{ids[0]}"]
    assert open_queue("mail", redis).jobs[0].args == ids
    redis.flushall()
    let_handover_pass()
    relay_once(redis)
    assert waiting(redis) == [f"outbox-{job_id}" for job_id in ids]


def test_a_wake_up_that_still_waits_is_not_put_in_twice(redis: Redis) -> None:
    make_customer()
    relay_once(redis)
    let_handover_pass()
    relay_once(redis)
    assert len(waiting(redis)) == 1


def test_redis_away_leaves_the_rows_as_they_are_for_when_it_is_back(redis: Redis) -> None:
    make_customer()
    away = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    with pytest.raises(RedisError):
        relay_once(away)
    [job] = jobs()
    assert job.handed_at is None
    assert relay_once(redis) == 1  # at once, not a minute later


def test_mails_go_out_after_redis_was_flushed_with_jobs_queued(
        redis: Redis, postbox: Postbox, run_jobs: Callable[[], int]) -> None:  # faults 10 and 14
    for number in range(5):
        make_customer(f"reader{number}@example.com")
    relay_once(redis)
    redis.flushall()
    run_jobs()
    assert postbox.letters == []
    let_handover_pass()
    run_jobs()
    assert sorted(to for [to] in postbox.recipients) == [f"reader{number}@example.com" for number in range(5)]
    assert all(job.finished_at for job in jobs())


def test_a_mail_server_away_for_an_hour_gets_each_mail_once(
        postbox: Postbox, run_jobs: Callable[[], int]) -> None:  # fault 32
    make_customer()
    postbox.refusals = 6
    for minutes in (0, 1, 2, 4, 8, 16, 32):
        let_handover_pass(timedelta(minutes=minutes))
        run_jobs()
    [job] = jobs()
    assert (job.attempts, job.failed_at, job.finished_at is not None) == (7, None, True)
    assert len(postbox.letters) == 1


def test_after_each_failure_the_next_try_waits_longer(postbox: Postbox, run_jobs: Callable[[], int]) -> None:
    make_customer()
    postbox.refusals = 3
    waits = []
    for _ in range(3):
        run_jobs()
        [job] = jobs()
        assert job.handed_at is not None
        waits.append(round((job.handed_at - now()).total_seconds() / 60) + 1)
        let_handover_pass()
    assert waits == [1, 2, 4]  # minutes until it is due


@pytest.mark.schema
def test_what_keeps_the_relay_waiting_is_named_with_the_events_that_wait(
        redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    make_product(slug="bowl")
    db.session.execute(text("ALTER TABLE foundation_page_subject RENAME TO elsewhere"))
    db.session.commit()
    with pytest.raises(SQLAlchemyError):
        relay_once(redis)
    [said] = [record.getMessage() for record in caplog.records if "events wait" in record.getMessage()]
    assert said.startswith("2 events wait (ProductChanged, StockChanged): ")
    assert "foundation_page_subject" in said
    assert "INSERT" not in said


def test_the_relay_hears_a_ring_at_once(redis: Redis) -> None:
    slept: list[float] = []
    with closing(Bell(redis, slept.append)) as bell:
        bell.wait(60)  # the answer to listening
        ring()
        assert bell.wait(30)
    assert slept == []


def test_a_bell_without_redis_is_a_pause(tmp_path: Path) -> None:
    slept: list[float] = []
    with closing(Bell(Redis(unix_socket_path=str(tmp_path / "nobody")), slept.append)) as bell:
        assert not bell.wait(0.5)
    assert slept == [0.5]
