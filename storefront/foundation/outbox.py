"""The outbox: what must follow is recorded in the transaction that caused it.

`record` is called by services; the relay (workers/relay.py) turns each committed event
into one job row per subscriber and wakes RQ. The rows here are the queue of record:
RQ may forget, they do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from storefront.foundation.clock import UtcDateTime, now
from storefront.foundation.database import Model, db, execute_counted, is_in_service, transactional
from storefront.foundation.inserts import insert_rows

# A job handed over and not finished within this time is handed over again.
HANDOVER_AGAIN_AFTER = timedelta(seconds=60)
MAX_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; subclasses are named in the past tense and hold ids."""


class OutboxEvent(Model):
    """A committed event, waiting for the relay or relayed."""

    __tablename__ = "foundation_outbox_event"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    relayed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        Index("ix_foundation_outbox_event_waiting", "id", postgresql_where=relayed_at.is_(None),
              sqlite_where=relayed_at.is_(None)),
    )


class OutboxJob(Model):
    """One reaction to one event: unique, so relaying twice makes one row."""

    __tablename__ = "foundation_outbox_job"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("foundation_outbox_event.id", ondelete="CASCADE"))
    job: Mapped[str] = mapped_column(String(100))
    queue: Mapped[str] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)
    handed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (
        UniqueConstraint("event_id", "job"),
        Index("ix_foundation_outbox_job_open", "handed_at",
              postgresql_where=finished_at.is_(None), sqlite_where=finished_at.is_(None)),
    )


@dataclass(frozen=True, slots=True)
class Reaction:
    """A job to run for an event: the dotted function and the queue it waits in."""

    job: str
    queue: str


def record(event: Event) -> None:
    """Write the event into the current service's transaction; outside of one it is a defect."""
    record_all([event])


def record_all(events: Sequence[Event]) -> None:
    """Write many events at once, as `record` writes each."""
    if not is_in_service():
        raise RuntimeError("events are recorded inside a transactional service")
    moment = now()
    insert_rows(OutboxEvent, [{"name": type(event).__name__, "payload": msgspec.to_builtins(event),
                               "recorded_at": moment} for event in events])


def is_work_waiting() -> bool:
    """Tell whether relay_events or claim_jobs would find something; reads only, takes no lock."""
    event = select(OutboxEvent.id).where(OutboxEvent.relayed_at.is_(None)).limit(1)
    job = select(OutboxJob.id).where(*_due()).limit(1)
    return db.session.scalar(event) is not None or db.session.scalar(job) is not None


@transactional
def relay_events(*, reactions: Mapping[str, Sequence[Reaction]], limit: int = 1000,
                 note: Callable[[Sequence[tuple[str, dict[str, Any]]]], object] = len) -> int:
    """Turn waiting events into job rows, oldest first; returns how many events were relayed.

    `note` gets the (name, payload) of all of them inside the transaction, for what is done once for many.
    """
    waiting = db.session.execute(
        select(OutboxEvent.id, OutboxEvent.name, OutboxEvent.payload).where(OutboxEvent.relayed_at.is_(None))
        .order_by(OutboxEvent.id).limit(limit).with_for_update(skip_locked=True)
    ).all()
    if not waiting:
        return 0
    execute_counted(update(OutboxEvent).where(OutboxEvent.id.in_([row[0] for row in waiting]))
                    .values(relayed_at=now()))
    jobs = [{"event_id": event_id, "job": reaction.job, "queue": reaction.queue}
            for event_id, name, _ in waiting for reaction in reactions.get(name, ())]
    if jobs:
        db.session.execute(insert(OutboxJob), jobs)
    note([(name, payload) for _, name, payload in waiting])
    return len(waiting)


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is to be handed over now."""

    job_id: int
    queue: str
    is_first: bool  # nobody had it before


@transactional
def claim_jobs(*, limit: int = 200) -> list[Claim]:
    """Mark unfinished jobs as handed over and return them, oldest first.

    A job is due when it was never handed over, or was longer ago than
    HANDOVER_AGAIN_AFTER, and has tries left.
    """
    rows = db.session.execute(
        select(OutboxJob.id, OutboxJob.queue, OutboxJob.handed_at).where(*_due()).order_by(OutboxJob.id).limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        execute_counted(update(OutboxJob).where(OutboxJob.id.in_([row.id for row in rows])).values(handed_at=now()))
    return [Claim(row.id, row.queue, row.handed_at is None) for row in rows]


@transactional
def give_back_jobs(*, job_ids: Sequence[int]) -> None:
    """Let the relay hand these over anew at once: whoever took them together with others had no time for them.

    One that somebody tried meanwhile keeps its pause, or is being run.
    """
    execute_counted(update(OutboxJob).where(OutboxJob.id.in_(job_ids), OutboxJob.attempts == 0,
                                            OutboxJob.finished_at.is_(None)).values(handed_at=None))


def _due() -> tuple[ColumnElement[bool], ...]:
    """The conditions of a job that is to be handed over now."""
    due = or_(OutboxJob.handed_at.is_(None), OutboxJob.handed_at < now() - HANDOVER_AGAIN_AFTER)
    return OutboxJob.finished_at.is_(None), OutboxJob.failed_at.is_(None), due


@transactional
def start_job(*, job_id: int) -> tuple[str, dict[str, Any]] | None:
    """Count a try before it is made and return the job's function and its event's payload.

    None when nothing is left to do: unknown, finished, given up. Counting first is what stops a job
    that kills its process from being tried for ever.
    """
    open_job = (OutboxJob.id == job_id, OutboxJob.finished_at.is_(None), OutboxJob.failed_at.is_(None))
    tried = update(OutboxJob).where(*open_job, OutboxJob.attempts < MAX_ATTEMPTS)
    if not execute_counted(tried.values(attempts=OutboxJob.attempts + 1)):
        execute_counted(update(OutboxJob).where(*open_job).values(failed_at=now(), last_error=func.coalesce(
            func.nullif(OutboxJob.last_error, ""), "Every try ended its process without an error.")))
        return None
    name, payload = db.session.execute(
        select(OutboxJob.job, OutboxEvent.payload)
        .join(OutboxEvent, OutboxEvent.id == OutboxJob.event_id).where(OutboxJob.id == job_id)
    ).one()
    return name, payload


@transactional
def finish_job(*, job_id: int) -> None:
    """Note that the job's effect stands; a second call changes nothing."""
    execute_counted(
        update(OutboxJob).where(OutboxJob.id == job_id, OutboxJob.finished_at.is_(None))
        .values(finished_at=now(), failed_at=None, last_error="")
    )


@transactional
def fail_job(*, job_id: int, error: str) -> None:
    """Note a failed try: the next one waits longer, and after MAX_ATTEMPTS the job waits for staff."""
    row = db.session.get(OutboxJob, job_id, with_for_update=True)
    if row is None or row.finished_at is not None:
        return
    row.last_error = error[:2000]
    if row.attempts >= MAX_ATTEMPTS:
        row.failed_at = now()
        return
    # A hand-over that lies ahead: the job is due one HANDOVER_AGAIN_AFTER later (1, 2, 4 … 64 minutes).
    row.handed_at = now() + HANDOVER_AGAIN_AFTER * (2 ** max(row.attempts - 1, 0) - 1)


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that was given up after MAX_ATTEMPTS tries."""

    id: int
    job: str
    payload: dict[str, Any]
    failed_at: datetime
    last_error: str


def list_failed_jobs(limit: int = 100) -> list[FailedJob]:
    """Return the jobs that were given up, newest first."""
    rows = db.session.execute(
        select(OutboxJob.id, OutboxJob.job, OutboxEvent.payload, OutboxJob.failed_at, OutboxJob.last_error)
        .join(OutboxEvent, OutboxEvent.id == OutboxJob.event_id)
        .where(OutboxJob.failed_at.is_not(None)).order_by(OutboxJob.failed_at.desc()).limit(limit)
    ).all()
    return [FailedJob(*row) for row in rows]


def read_oldest_waiting() -> datetime | None:
    """Return when the oldest event that no relay has taken was recorded; None when none waits."""
    return db.session.scalar(select(OutboxEvent.recorded_at).where(OutboxEvent.relayed_at.is_(None))
                             .order_by(OutboxEvent.id).limit(1))


@transactional
def retry_failed_jobs() -> int:
    """Give the jobs that were given up all their tries again, at once; returns how many."""
    return execute_counted(
        update(OutboxJob).where(OutboxJob.failed_at.is_not(None)).values(failed_at=None, handed_at=None, attempts=0)
    )
