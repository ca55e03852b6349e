"""A CSV file as rows: streamed, within limits, and honest about the line where something is wrong.

`check_file` reads it all once and refuses a file that cannot be read before anything is written. A row that
cannot be read is a Rejection among the rows, and the next row counts again.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from storefront.catalog.importer.report import Rejection
from storefront.foundation.errors import ShopError

MAX_BYTES = 64 * 1024 * 1024
MAX_CELL = 512 * 1024  # characters; Shopify's own limit for a description is 512 KB
MAX_ROW_LINES = 5_000  # a description may have line breaks; a quote that is never closed swallows more
# Rows of one product that stand apart from its others are joined up to this many in a file.
MAX_SCATTERED = 2_000
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
csv.field_size_limit(MAX_BYTES)  # cells have a limit of their own, below


class UnreadableFile(ShopError):
    """The file as a whole cannot be imported; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column name; `line` is where it begins, counting from 1."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "").strip()


@dataclass
class Table:
    """A CSV file with a header. `position` is how many bytes have been read."""

    path: Path
    header: list[str] = field(default_factory=list)
    position: int = 0

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def rows(self) -> Iterator[Row | Rejection]:
        """Read the rows after the header, from the beginning."""
        self.position = 0
        header: list[str] = []
        for line, cells in _read_records(self._lines()):
            if isinstance(cells, str):
                if not header:
                    raise UnreadableFile(f"The header in line {line} cannot be read: {cells}")
                yield Rejection(line, "", cells)
            elif not header:
                header = self.header = _checked_header(cells)
            else:
                yield _row(line, header, cells)
        if not header:
            raise UnreadableFile("The file is empty.")

    def _lines(self) -> Iterator[tuple[int, str]]:
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                self.position += len(raw)
                try:
                    text = raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise UnreadableFile(
                        f"Line {number} is not UTF-8 (byte {error.start + 1} of the line). "
                        "Save the file as CSV UTF-8 and import it again."
                    ) from None
                yield number, text.removeprefix(BOM) if number == 1 else text


def open_table(path: Path) -> Table:
    """Return the file's table, its header read; raises UnreadableFile."""
    if not path.is_file():
        raise UnreadableFile(f"There is no file {path}.")
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile(f"The file has {path.stat().st_size / 1_048_576:.1f} MB; at most 64 MB are imported at "
                             "once. Divide it, keeping the rows of a product together.")
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK\x03\x04"):
        raise UnreadableFile("This is an Excel or zip file. Save the sheet as CSV UTF-8 and import that.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile("Line 1 is not UTF-8 but UTF-16. Save the file as CSV UTF-8 and import it again.")
    table = Table(path)
    next(table.rows(), None)
    return table


def _checked_header(cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    for name in header:
        if name and header.count(name) > 1:
            raise UnreadableFile(f"The column {name} occurs twice in line 1.")
    return header


def _row(line: int, header: list[str], cells: list[str]) -> Row | Rejection:
    if len(cells) != len(header):
        return Rejection(line, "", f"The row has {len(cells)} cells where the header has {len(header)}.")
    row = Row(line, dict(zip(header, cells, strict=True)))
    for column, cell in row.cells.items():
        if "\0" in cell:
            return Rejection(line, column, "The cell holds a NUL byte, which no text may.")
        if len(cell) > MAX_CELL:
            return Rejection(line, column, f"The cell has {len(cell)} characters; at most {MAX_CELL} fit.")
    return row


def _read_records(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, list[str] | str]]:
    """Return (line, cells) for each record, or (line, why not): then reading goes on with the next line."""
    waiting: deque[tuple[int, str]] = deque()
    while first := (waiting.popleft() if waiting else next(lines, None)):
        if not first[1].strip():
            continue
        taken = [first]
        try:
            yield first[0], next(csv.reader(_feed(taken, waiting, lines), strict=True))
        except csv.Error as error:
            waiting.extendleft(reversed(taken[1:]))
            yield first[0], (
                "A quote is opened here and never closed." if "end of data" in str(error) else
                'The quotes do not match: a quote inside a quoted cell is written twice ("").'
            )


def _feed(taken: list[tuple[int, str]], waiting: deque[tuple[int, str]],
          lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    """Hand the record's lines to the reader as it asks for them, and note which it took."""
    yield taken[0][1]
    while len(taken) < MAX_ROW_LINES and (following := waiting.popleft() if waiting else next(lines, None)):
        taken.append(following)
        yield following[1]
