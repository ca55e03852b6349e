"""A checkout's SQL as a tape: recorded once from the shop itself, then played by bare psycopg for other buyers.

So the raw side always runs the very statements that the shop runs, in the same order and the same commits,
with none of the shop's code in between. What differs from buyer to buyer is found by its value: ids and tokens
that results brought are taken from the results again, those that the shop made up are made up anew.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Json, Jsonb
from sqlalchemy import event
from sqlalchemy.engine import Engine

FIRST_ID = 10_000_000  # bench/shop.py spreads the sequences: a smaller number is no id
NUMBER = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
TOKEN = re.compile(r"(?:demo_)?[\w-]{32}")


@dataclass
class Step:
    """A statement with its parameters and what it returned, or the end of a transaction."""

    sql: str  # "" for an end
    params: Any = None
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    is_commit: bool = False
    origin: str = ""


class _Recorder(psycopg.Cursor[Any]):
    tape: list[Step] | None = None

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
        result = super().execute(query, params, **kwargs)
        if _Recorder.tape is not None:
            rows = self.fetchall() if self.description else []
            if rows:
                self.scroll(0, mode="absolute")
            _Recorder.tape.append(Step(str(query), params, rows))
        return result

    def executemany(self, query: Any, params_seq: Any, **kwargs: Any) -> None:
        params_seq = list(params_seq)
        super().executemany(query, params_seq, **kwargs)
        if _Recorder.tape is not None:
            _Recorder.tape += [Step(str(query), params) for params in params_seq]


@contextmanager
def recorded(engine: Engine) -> Iterator[list[Step]]:
    """Record what the engine's connections do in the block."""
    steps: list[Step] = []

    def end(*, is_commit: bool) -> None:
        steps.append(Step("", is_commit=is_commit))

    def connected(connection: Any, record: object) -> None:
        connection.cursor_factory = _Recorder

    listeners = (("connect", connected), ("commit", lambda connection: end(is_commit=True)),
                 ("rollback", lambda connection: end(is_commit=False)))
    engine.dispose()
    for name, listener in listeners:
        event.listen(engine, name, listener)
    _Recorder.tape = steps
    try:
        yield steps
    finally:
        _Recorder.tape = None
        for name, listener in listeners:
            event.remove(engine, name, listener)
        engine.dispose()


def is_ping(step: Step) -> bool:
    """Tell whether the step is the pool's question whether the connection lives."""
    return step.sql.strip() in ("", ";", "SELECT 1", "select 1") and step.params is None


def clean(steps: Sequence[Step]) -> list[Step]:
    """Leave out pings, and ends of transactions in which nothing was asked."""
    kept: list[Step] = []
    for step in steps:
        if step.sql and is_ping(step):
            continue
        if not step.sql and (not kept or not kept[-1].sql):
            continue
        kept.append(step)
    return kept


class Tape:
    """A recording made ready to be played for any cart."""

    def __init__(self, steps: Sequence[Step], cart_id: str) -> None:
        self.given = uuid.UUID(cart_id)
        self.fresh: dict[str, str] = {}  # value on the tape: what kind to make up
        known: set[Any] = {self.given}
        self.steps: list[tuple[str, Any, bool, list[tuple[int, int, Any]]]] = []
        for step in clean(steps):
            for value in _leaves(step.params):
                self._note_made_up(value, known)
            learned = [(at, column, value) for at, row in enumerate(step.rows) for column, value in enumerate(row)
                       if _is_id(value) and value not in known]
            known |= {value for _, _, value in learned}
            self.steps.append((step.sql, step.params, step.is_commit, learned))
        names = [str(value) for value in known if isinstance(value, uuid.UUID)] + [
            value for value in known if isinstance(value, str)]
        self.pattern = re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))
        self.known = known

    @property
    def statements(self) -> int:
        return sum(bool(sql) for sql, *_ in self.steps)

    @property
    def commits(self) -> int:
        return sum(is_commit for *_, is_commit, _ in self.steps)

    def play(self, connection: psycopg.Connection[Any], cart_id: str) -> None:
        """Run the statements for another cart."""
        values: dict[Any, Any] = {self.given: uuid.UUID(cart_id)}
        for old in self.fresh:
            values[_as_key(old)] = _make_up(self.fresh[old])
        with connection.cursor() as cursor:
            for sql, params, is_commit, learned in self.steps:
                if not sql:
                    connection.commit() if is_commit else connection.rollback()
                    continue
                cursor.execute(sql, self._filled(params, values))
                if learned:
                    rows = cursor.fetchall()
                    for at, column, value in learned:
                        values[value] = rows[at][column]

    def _note_made_up(self, value: Any, known: set[Any]) -> None:
        if value in known or not _is_id(value) or isinstance(value, int):
            return
        known.add(value)
        kind = "uuid" if isinstance(value, uuid.UUID) else "number" if NUMBER.fullmatch(value) else (
            "demo" if value.startswith("demo_") else "token")
        self.fresh[str(value)] = kind

    def _filled(self, value: Any, values: Mapping[Any, Any]) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(item, values) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._filled(item, values) for item in value]
        if isinstance(value, Json | Jsonb):
            return type(value)(self._filled(value.obj, values))
        if isinstance(value, uuid.UUID | int):
            return values.get(value, value)
        if isinstance(value, str):
            return self.pattern.sub(lambda found: str(values.get(_as_key(found[0]), found[0])), value)
        return value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, Json | Jsonb):
        yield from _leaves(value.obj)
    else:
        yield value


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return bool(NUMBER.fullmatch(value) or TOKEN.fullmatch(value))
    return isinstance(value, uuid.UUID) or (isinstance(value, int) and value >= FIRST_ID)


def _as_key(text: str) -> Any:
    try:
        return uuid.UUID(text) if len(text) == 36 else text
    except ValueError:
        return text


def _make_up(kind: str) -> Any:
    if kind == "uuid":
        return uuid.uuid4()
    if kind == "number":
        return "-".join(secrets.token_hex(2).upper() for _ in range(3))
    return ("demo_" if kind == "demo" else "") + secrets.token_urlsafe(24)
