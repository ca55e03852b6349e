"""Who did it, in words: ledgers hold ids, people read names."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import select

from storefront.accounts.models import StaffMember
from storefront.foundation.database import db

KINDS = {"customer": "The customer", "guest": "A guest", "payment": "The payment", "system": "The shop",
         "carrier": "The carrier", "provider": "The payment provider"}


def name_actors(actors: Iterable[str]) -> dict[str, str]:
    """Return what to call each actor (`staff:<id>`, `customer:<id>`, `system` …), in one query."""
    said = set(actors)
    staff = {actor: _uuid(actor.partition(":")[2]) for actor in said if actor.startswith("staff:")}
    ids = [value for value in staff.values() if value]
    names = {row.id: row.name or row.email for row in db.session.scalars(
        select(StaffMember).where(StaffMember.id.in_(ids)))} if ids else {}
    return {actor: _say(actor, names, staff) for actor in said}


def _say(actor: str, names: dict[uuid.UUID, str], staff: dict[str, uuid.UUID | None]) -> str:
    if actor in staff:
        key = staff[actor]
        return names.get(key, "Staff") if key else "Staff"
    kind = actor.partition(":")[0]
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
