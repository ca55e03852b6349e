"""Rows gathered by product: those with the same key, and those that name it from elsewhere in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from storefront.foundation.csv_files import Rejection, Row, Table

if TYPE_CHECKING:
    from storefront.catalog.importer.formats import Format
    from storefront.catalog.importer.index import FileIndex


class Position(NamedTuple):
    """Where in the file something begins; line 0 is before everything."""

    offset: int = 0
    line: int = 0


@dataclass(frozen=True)
class Group:
    """The rows of one product, its own row first, and what of them could not be read."""

    key: str
    names: tuple[str, ...]
    rows: list[Row]
    problems: list[Rejection] = field(default_factory=list)


Item = Group | Rejection


def read_groups(table: Table, source: Format, index: FileIndex, start: Position) -> Iterator[tuple[Item, Position]]:
    """Stream the products of the file from `start` on, each with the position after which all before it is done."""
    group: Group | None = None
    line = start.line
    waiting: list[Rejection] = []

    def finish(position: Position) -> Iterator[tuple[Item, Position]]:
        if group is not None:
            yield _with_parts(group, table, index), position
        for rejection in waiting:
            yield rejection, position
        waiting.clear()

    for read in table.rows(*start):
        line = read.line
        if isinstance(read, Rejection):
            # It may have been a row of the product around it, which is therefore not whole.
            (group.problems if group is not None and source.joins_rows else waiting).append(read)
            continue
        row = index.with_points(read)
        place = source.place(row)
        if group is not None and source.joins_rows and place.key == group.key:
            group.rows.append(row)
        elif place.is_part or index.line_of(place.key) != row.line:
            waiting += _stray(row, place.key, place.is_part, source, index)
        else:
            yield from finish(Position(row.offset, row.line))
            group = Group(place.key, place.names, [row])
    yield from finish(Position(table.size, line))  # not line 0: that is the beginning


def _with_parts(group: Group, table: Table, index: FileIndex) -> Group:
    for offset, line in index.parts(group.names):
        part = table.row_at(offset, line)
        if isinstance(part, Rejection):
            group.problems.append(part)
        else:
            group.rows.append(index.with_points(part))
    return group


def _stray(row: Row, key: str, is_part: bool, source: Format, index: FileIndex) -> Iterator[Rejection]:
    """Say why a row that begins no product belongs to none; one that belongs to another place is read there."""
    if not key:
        yield Rejection(row.line, source.key_column, "The row does not say which product it belongs to.")
    elif is_part and not index.line_of(key):
        yield Rejection(row.line, source.key_column, f"The row belongs to “{key[:60]}”, which no row of the file is.")
    elif not is_part and not source.joins_rows:
        yield Rejection(row.line, source.key_column, f"“{key[:60]}” is already the product of line "
                        f"{index.line_of(key)}.")
