"""The relay: committed events become job rows and touched pages, due rows become wake-ups in RQ.

Only what is committed is seen, and a row is handed over again until it is finished: events are never
lost, never early, at least once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from flask import Flask
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from storefront.foundation import outbox
from storefront.foundation.bell import Bell
from storefront.foundation.commands import cause_of
from storefront.foundation.failpoints import failpoint
from storefront.foundation.page_marks import is_page_work_waiting, touch
from storefront.search.stale import is_anything_stale, note_stale
from workers.pages import take_away_lies
from workers.queues import connect, hand_over, wake_pages, wake_search
from workers.stopping import StopRequest
from workers.subscriptions import REACTIONS, TOUCHES

POLL_SECONDS = 0.5
GATHER_SECONDS = 0.15  # after a round that moved something: what comes meanwhile shares the next wake-ups
MANY = 200  # moved at once: there is more, and nothing to wait for
MAX_PAUSE_SECONDS = 10.0  # between tries while the database or Redis is away
logger = logging.getLogger(__name__)


def relay_once(connection: Redis) -> int:
    """Relay one batch and return how many rows moved. Redis away: the rows stay as they are."""
    try:
        moved = _relay_outbox(connection) if outbox.is_work_waiting() else 0
        if is_page_work_waiting():
            wake_pages(connection)
        if is_anything_stale():
            wake_search(connection)
    finally:
        take_away_lies()  # whether or not anyone can be woken
    return moved


def _relay_outbox(connection: Redis) -> int:
    events = outbox.relay_events(reactions=REACTIONS, note=_note)
    failpoint("events-relayed")
    connection.ping()  # before the claim: what cannot be handed over must not count as handed over
    jobs = outbox.claim_jobs()
    failpoint("jobs-claimed")
    hand_over(connection, jobs)
    return events + len(jobs)


def _note(events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Note what is done once for many events, in the transaction that relays them."""
    try:
        _touch_pages(events)
        note_stale(events=events)
    except SQLAlchemyError as error:
        names = sorted({name for name, _ in events})
        logger.warning("%d events wait (%s): %s", len(events), ", ".join(names), cause_of(error))
        raise


def _touch_pages(events: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Note what the events say of pages: however many they are, each subject is one row."""
    subjects: dict[str, bool] = {}
    for name, payload in events:
        said = TOUCHES.get(name)
        if said is not None:
            subject = said.subject.format_map({"shown": "variant"} | payload)  # the release before told no `shown`
            subjects[subject] = subjects.get(subject, False) or said.lies
    if subjects:
        touch(subjects=subjects)


def run_relay(app: Flask, stop: StopRequest) -> None:
    """Relay until asked to stop; outlives the database and Redis."""
    connection = connect(app)
    with closing(Bell(connection, stop.wait)) as bell:
        repeat(app, stop, lambda: relay_once(connection), pause=POLL_SECONDS, name="relay", rest=bell.wait,
               gather=GATHER_SECONDS)


def repeat(app: Flask, stop: StopRequest, work: Callable[[], int], *, pause: float, name: str,
           rest: Callable[[float], object] | None = None, gather: float = 0) -> None:
    """Do the work each `pause` seconds, after `gather` while there is more; wait longer and longer while it fails.

    `rest` waits while all is well, and may return before the time is over.
    """
    wait = pause
    while not stop.is_set:
        try:
            with app.app_context():
                moved = work()
        except (SQLAlchemyError, RedisError, OSError) as error:
            wait = min(wait * 2, max(MAX_PAUSE_SECONDS, pause))
            logger.warning("%s waits %.1f s: %s", name, wait, f"{type(error).__name__}: {cause_of(error)}")
        else:
            wait = pause if not moved else gather if moved < MANY else 0
            if rest and not moved:
                rest(wait)
                continue
        stop.wait(wait)
        wait = wait or pause
