"""The one place that reads the time. All times are aware datetimes in UTC."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator

TOLERATED = timedelta(seconds=2)  # less may be the way of the answer
_correction = timedelta(0)


def now() -> datetime:
    """Return the present moment in UTC, by the database's clock where this machine's is wrong."""
    return machine_now() + _correction


def machine_now() -> datetime:
    """Return what this machine takes for the present moment; a test may let it run ahead or behind."""
    moment = datetime.now(UTC)
    offset = os.environ.get("STOREFRONT_CLOCK_OFFSET")  # seconds; a shop that sells does not start with it
    return moment + timedelta(seconds=float(offset)) if offset else moment


def agree_with(database_time: datetime) -> None:
    """Take over the database's clock when this machine's differs: an order must not expire by whose clock is read."""
    global _correction  # noqa: PLW0603  # one clock per process is the point
    difference = database_time - machine_now()
    _correction = difference if abs(difference) > TOLERATED else timedelta(0)


class UtcDateTime(TypeDecorator[datetime]):
    """A column of aware UTC datetimes; SQLite stores them without a zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
