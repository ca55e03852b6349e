"""A proof: one set-based statement that returns what breaks an invariant, and a sentence for each row.

One statement sees one moment of the database, so a shop that sells meanwhile is judged fairly.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.sql.elements import TextClause

from storefront.foundation.database import db

LISTED = 20  # rows that are told of one by one; the rest are counted


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that must never be: the invariant, a sentence, and the ids of what is concerned.

    A warning is late, not wrong: it may mend itself when the workers run.
    """

    invariant: str
    sentence: str
    ids: tuple[str, ...] = ()
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """A statement whose rows are breaches. `sentence` names its columns, `ids` those that identify."""

    invariant: str
    sql: str
    sentence: str
    ids: tuple[str, ...]
    is_warning: bool = False
    values: Callable[[], Mapping[str, Any]] = field(default=dict)
    prepare: Callable[[TextClause], TextClause] = field(default=lambda statement: statement)

    def find(self) -> Iterator[Breach]:
        """Yield a breach for each row, and one that counts those beyond the first few."""
        limited = text(f"SELECT found.*, count(*) OVER () AS broken FROM ({self.sql}) found LIMIT {LISTED}")  # noqa: S608
        broken = 0
        for row in db.session.execute(self.prepare(limited), self.values()).mappings():
            said = {name: spell(value) for name, value in row.items()}
            broken = int(row["broken"])
            yield Breach(self.invariant, self.sentence.format_map(said), tuple(said[name] for name in self.ids),
                         self.is_warning)
        if broken > LISTED:
            yield Breach(self.invariant, f"… and {broken - LISTED} more like the one before.", (), self.is_warning)


def spell(value: object) -> str:
    """Return a value of a row as people read it; SQLite gives ids as 32 letters."""
    if isinstance(value, str) and len(value) == 32:
        try:
            return str(uuid.UUID(value))
        except ValueError:
            return value
    return "nothing" if value is None else str(value)
