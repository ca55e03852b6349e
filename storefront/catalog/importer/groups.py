"""Rows gathered by product: those with the same key, together or, within reason, apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from storefront.catalog.importer.reader import MAX_SCATTERED, Row, Table
from storefront.catalog.importer.report import Rejection


@dataclass(frozen=True)
class Group:
    """The rows of one product, its first row first, and what of them could not be read."""

    key: str
    rows: list[Row]
    problems: list[Rejection] = field(default_factory=list)


@dataclass
class Scattered:
    """Rows that stand apart from the first rows of their product."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    count: int = 0
    products: int = 0


def check_file(table: Table, key: str) -> Scattered:
    """Read the whole file once, so that one that cannot be read is refused before anything is written.

    Returns the rows that stand apart. Raises UnreadableFile.
    """
    found = Scattered()
    seen: set[str] = set()
    last = ""
    for row in table.rows():
        if isinstance(row, Rejection) or not row[key]:
            continue
        if row[key] != last and row[key] in seen:
            found.count += 1
            if found.count <= MAX_SCATTERED:
                found.rows.setdefault(row[key], []).append(row)
            continue  # the product that it interrupts may go on after it
        last = row[key]
        seen.add(last)
    found.products = len(seen)
    return found


def read_groups(table: Table, key: str, scattered: Scattered) -> Iterator[Group | Rejection]:
    """Stream the products of the file; rows that cannot be read come as they stand."""
    done: set[str] = set()
    kept_lines = {row.line for rows in scattered.rows.values() for row in rows}
    group: Group | None = None
    for row in table.rows():
        if isinstance(row, Rejection):
            # It may have been a row of the product around it, which is therefore not whole.
            if group is None:
                yield row
            else:
                group.problems.append(row)
        elif not row[key]:
            yield Rejection(row.line, key, "The row does not say which product it belongs to.")
        elif group is not None and row[key] == group.key:
            group.rows.append(row)
        elif row[key] in done:
            if row.line not in kept_lines:
                yield Rejection(row.line, key, f"The rows of “{row[key][:60]}” stand apart, and more than "
                                f"{MAX_SCATTERED} such rows are in the file: sort it by {key}.")
        else:
            if group is not None:
                yield group
            group = Group(row[key], [row, *scattered.rows.get(row[key], [])])
            done.add(row[key])
    if group is not None:
        yield group
