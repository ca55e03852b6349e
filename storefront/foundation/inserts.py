"""Rows by the thousand: a statement is compiled once, and the driver gets each column's values as they are stored.

SQLAlchemy's own insert of many rows looks at each row anew, and on SQLite asks for the id of each by itself; an
import spent half its time on that. What is written is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import JSON, Column, Dialect, Table, func, insert, select

from storefront.foundation.database import Model, db

Rows = Sequence[Mapping[str, Any]]
Stored = Callable[[Any], Any]


def insert_rows(target: Table | type[Model], rows: Rows) -> None:
    """Insert the rows, which all name the same columns: every one that the database does not fill by itself."""
    if not rows:
        return
    connection = db.session.connection()
    statement, columns, is_positional = _compile(_table(target), tuple(rows[0]), connection.dialect)
    stored = [_store(list(map(itemgetter(name), rows)), store) for name, store in columns]
    names = [name for name, _ in columns]
    connection.exec_driver_sql(statement, list(zip(*stored, strict=True)) if is_positional else
                               [dict(zip(names, row, strict=True)) for row in zip(*stored, strict=True)])


def insert_numbered(model: type[Model], rows: Rows) -> Sequence[int]:
    """Insert the rows of a table with an `id` and return their ids in order."""
    ids = _take_ids(_table(model), len(rows))
    insert_rows(model, [{**row, "id": number} for row, number in zip(rows, ids, strict=True)])
    return ids


def _take_ids(table: Table, count: int) -> Sequence[int]:
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        # A service holds the one writer's lock, and SQLite itself counts on from the highest.
        last = connection.scalar(select(func.max(table.c.id))) or 0
        return range(last + 1, last + 1 + count)
    following = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
    return connection.scalars(select(following).select_from(func.generate_series(1, count))).all()


@lru_cache(maxsize=64)
def _compile(table: Table, names: tuple[str, ...],
             dialect: Dialect) -> tuple[str, list[tuple[str, Stored | None]], bool]:
    """Return the statement and its columns in order, each with what makes its values storable, if anything does."""
    compiled = insert(table).inline().compile(dialect=dialect, column_keys=names)
    order = list(compiled.params)
    return str(compiled), [(name, _storing(table.c[name], dialect)) for name in order], bool(compiled.positional)


def _store(values: list[Any], store: Stored | None) -> list[Any]:
    """Return the values as the driver takes them; what many rows share, a moment or a state, is looked at once."""
    if store is None:
        return values
    done = {key: store(value) for key, value in {id(value): value for value in values}.items()}
    return [done[id(value)] for value in values]


def _storing(column: Column[Any], dialect: Dialect) -> Stored | None:
    if isinstance(column.type, JSON) and dialect.name == "sqlite":
        return _as_json
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _table(target: Table | type[Model]) -> Table:
    table = target if isinstance(target, Table) else target.__table__
    assert isinstance(table, Table)
    return table
