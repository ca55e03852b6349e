"""The one place that reads the time. All times are aware datetimes in UTC."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator


def now() -> datetime:
    """Return the present moment in UTC; a test may let this process's clock run ahead or behind."""
    moment = datetime.now(UTC)
    offset = os.environ.get("STOREFRONT_CLOCK_OFFSET")  # seconds; a shop that sells does not start with it
    return moment + timedelta(seconds=float(offset)) if offset else moment


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
