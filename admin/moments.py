"""Moments as the panel writes them."""

from __future__ import annotations

from datetime import datetime


def moment(value: datetime) -> str:
    """Return `3 Feb 2026, 09:30 UTC`."""
    return f"{value.day} {value:%b %Y, %H:%M} UTC"
