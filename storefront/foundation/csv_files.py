"""CSV files: read as a stream, within limits, honest about the line where something is wrong; written for spreadsheets.

A row that cannot be read is a Rejection among the rows, and the next row counts again; a file that cannot be read
at all is refused with a sentence. What spreadsheets save in their country's way is read as it stands (spreadsheets.py):
semicolons or tabs between the cells, UTF-16, Windows-1252. A cell that a spreadsheet would run as a formula is written
with an apostrophe before it, which reading takes away again.
"""

from __future__ import annotations

import csv
import os
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from storefront.foundation.errors import ShopError
from storefront.foundation.spreadsheets import DIVIDERS, UTF8, UTF16, WINDOWS, NoText, find_encoding, turn_to_utf8

MAX_BYTES = 64 * 1024 * 1024
MAX_CELL = 512 * 1024  # characters; Shopify's own limit for a description is 512 KB
MAX_LINE = 4 * MAX_CELL  # bytes of one line
MAX_COLUMNS = 1_000
MAX_ROW_LINES = 5_000  # a description may have line breaks; a quote that is never closed swallows more
MAX_UNCLOSED = 100  # rows; each costs a look at the lines after it
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
csv.field_size_limit(MAX_BYTES)  # cells have a limit of their own, above


class UnreadableFile(ShopError):
    """The file as a whole cannot be read; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something in the file that was not taken: where it stands and why."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}{f', {self.column}' if self.column else ''}: {self.reason}"


class Row(dict[str, str]):
    """One row by column name, without spaces around; `line` is where it begins, from 1, and `offset` the byte.

    A column that the file does not have is empty. It is asked for by the million, so it is a dictionary itself.
    """

    __slots__ = ("line", "offset")

    def __init__(self, line: int, cells: Mapping[str, str] | Iterable[tuple[str, str]], offset: int = 0) -> None:
        super().__init__(cells)
        self.line, self.offset = line, offset

    def __missing__(self, column: str) -> str:
        return ""


@dataclass
class _Line:
    number: int
    offset: int
    text: str


@dataclass
class Table(AbstractContextManager["Table"]):
    """A CSV file with a header, open for reading; of UTF-16 its copy in UTF-8, in which all positions are."""

    file: BinaryIO
    encoding: str = UTF8
    divider: str = ","
    header: list[str] = field(default_factory=list)
    start: tuple[int, int] = (0, 1)  # byte and line of the first row after the header

    @property
    def size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    @property
    def note(self) -> str:
        """Return what was taken for granted in reading it."""
        return ("The file is not UTF-8; its letters were read as those of Windows-1252, which Excel saves. Should é, ü "
                "or € look wrong in the shop, save it as CSV UTF-8 and import it again."
                ) if self.encoding == WINDOWS else ""

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def rows(self, offset: int = 0, line: int = 0) -> Iterator[Row | Rejection]:
        """Read the rows after the header, or from the one that begins at the byte `offset` in line `line`."""
        place = (offset, line) if line else self.start
        unclosed = 0
        for first, cells in self._records(*place):
            if isinstance(cells, str):
                unclosed += 1
                if unclosed > MAX_UNCLOSED:
                    raise UnreadableFile(f"More than {MAX_UNCLOSED} rows have quotes that do not match (line "
                                         f"{first.number} is one): save the file as CSV again.")
                yield Rejection(first.number, "", cells)
            else:
                yield self._row(first, cells)

    def row_at(self, offset: int, line: int) -> Row | Rejection:
        """Return the one row that begins there; a stream of `rows` that is under way goes on where it was."""
        present = self.file.tell()
        try:
            return next(self.rows(offset, line))
        finally:
            self.file.seek(present)

    def _records(self, offset: int, line: int) -> Iterator[tuple[_Line, list[str] | str]]:
        return _read_records(_read_lines(self.file, self.encoding, offset, line), self.divider)

    def _row(self, first: _Line, cells: list[str]) -> Row | Rejection:
        if len(cells) != len(self.header):
            return Rejection(first.number, "", f"The row has {len(cells)} cells where the header has "
                             f"{len(self.header)}.")
        whole = "".join(cells)  # one look at all of them: most rows are as they should be
        if "\0" in whole or len(whole) > MAX_CELL:
            for column, cell in zip(self.header, cells, strict=True):
                if "\0" in cell:
                    return Rejection(first.number, column, "The cell holds a NUL byte, which no text may.")
                if len(cell) > MAX_CELL:
                    return Rejection(first.number, column, f"The cell has {len(cell)} characters; at most {MAX_CELL} "
                                     "fit.")
        if "'" in whole:
            cells = [unguard(cell) for cell in cells]
        return Row(first.number, zip(self.header, map(str.strip, cells), strict=True), first.offset)


def open_table(path: Path, known: Collection[str] = ()) -> Table:
    """Return the file's table, its header read, to be closed by the caller; raises UnreadableFile.

    Its cells are divided by what brings out most of the `known` columns in the header; by commas in doubt.
    """
    if path.is_dir():
        raise UnreadableFile(f"{path} is a folder; name the file in it.")
    if not path.is_file():
        raise UnreadableFile(f"There is no file {path}.")
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile(f"The file has {path.stat().st_size / 1_048_576:.1f} MB; at most 64 MB are imported at "
                             "once. Divide it, keeping the rows of a product together.")
    table = Table(path.open("rb"))
    try:
        start = table.file.read(4)
        _refuse_other_kinds(start)
        if start.startswith(UTF16):
            with table.file as original:
                table.file = turn_to_utf8(original)
        else:
            table.encoding = find_encoding(table.file)
        _read_header(table, known)
    except NoText:
        table.file.close()
        raise UnreadableFile("This is no CSV file: it holds signs that no text has. Save the sheet as CSV UTF-8 and "
                             "import that.") from None
    except BaseException:
        table.file.close()
        raise
    return table


def guard(cell: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguard(cell: str) -> str:
    """Return what `guard` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _refuse_other_kinds(start: bytes) -> None:
    if start.startswith(b"PK\x03\x04"):
        raise UnreadableFile("This is an Excel or zip file. Save the sheet as CSV UTF-8 and import that.")
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile("This is an old Excel file. Save the sheet as CSV UTF-8 and import that.")


def _read_header(table: Table, known: Collection[str]) -> None:
    table.divider = max(DIVIDERS, key=lambda divider: _count_known(replace(table, divider=divider), known))
    first, cells = next(table._records(0, 1), (None, ""))
    if first is None:
        raise UnreadableFile("The file is empty.")
    if isinstance(cells, str):
        raise UnreadableFile(f"The header in line {first.number} cannot be read: {cells}")
    table.header = _checked_header([unguard(cell.strip()) for cell in cells])
    last = first.number + sum(cell.count("\n") for cell in cells)
    table.start = (table.file.tell(), last + 1)


def _count_known(table: Table, known: Collection[str]) -> int:
    _, cells = next(table._records(0, 1), (None, ""))
    return len({unguard(cell.strip()) for cell in cells}.intersection(known)) if isinstance(cells, list) else 0


def _checked_header(header: list[str]) -> list[str]:
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(f"Line 1 has {len(header)} columns; at most {MAX_COLUMNS} are read. Is this the file?")
    if any("\0" in name for name in header):
        raise UnreadableFile("Line 1 holds NUL bytes: this is no text file. Save it as CSV UTF-8 and import that.")
    for name in header:
        if name and header.count(name) > 1:
            raise UnreadableFile(f"The column {name[:80]} occurs twice in line 1.")
    return header


def _read_lines(file: BinaryIO, encoding: str, offset: int, number: int) -> Iterator[_Line]:
    """Read lines from the byte on; another reader may move the file between two of them."""
    file.seek(offset)
    while raw := file.readline(MAX_LINE + 1):
        if len(raw) > MAX_LINE:
            raise UnreadableFile(f"Line {number} has more than {MAX_LINE // 1_048_576} MB: this is no table of "
                                 "products, or its line ends are missing.")
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as error:
            raise UnreadableFile(f"Line {number} is not UTF-8 (byte {error.start + 1} of the line). "
                                 "Save the file as CSV UTF-8 and import it again.") from None
        yield _Line(number, offset, text.removeprefix(BOM) if offset == 0 else text)
        offset, number = offset + len(raw), number + 1


def _read_records(lines: Iterator[_Line], divider: str) -> Iterator[tuple[_Line, list[str] | str]]:
    """Return (first line, cells) for each record, or why it is none: then reading goes on with the next line."""
    waiting: deque[_Line] = deque()
    while first := (waiting.popleft() if waiting else next(lines, None)):
        if not first.text.strip():
            continue
        taken = [first]
        try:
            yield first, next(csv.reader(_feed(taken, waiting, lines), delimiter=divider, strict=True))
        except csv.Error as error:
            waiting.extendleft(reversed(taken[1:]))
            yield first, (
                "A quote is opened here and never closed." if "end of data" in str(error) else
                'The quotes do not match: a quote inside a quoted cell is written twice ("").'
            )


def _feed(taken: list[_Line], waiting: deque[_Line], lines: Iterator[_Line]) -> Iterator[str]:
    """Hand the record's lines to the reader as it asks for them, and note which it took."""
    yield taken[0].text
    while len(taken) < MAX_ROW_LINES and (following := waiting.popleft() if waiting else next(lines, None)):
        taken.append(following)
        yield following.text
