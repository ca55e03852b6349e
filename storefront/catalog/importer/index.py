"""What the whole file says of itself, in a private database on disk, so that the memory of an import stays flat.

Building it reads the file once: a file that cannot be read is refused before anything is written, and from then
on the file can be read from any product on.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import AbstractContextManager

from storefront.catalog.importer.formats import Format
from storefront.foundation.csv_files import Rejection, Row, Table
from storefront.foundation.decimals import DecimalSigns, read_commas

TABLES = """
CREATE TABLE owner (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;
CREATE TABLE part (key TEXT, line INTEGER, place INTEGER, PRIMARY KEY (key, line)) WITHOUT ROWID;
CREATE TABLE sku (sku TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;
CREATE TABLE slug (slug TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;
CREATE TABLE total (said TEXT);
"""
LOOKS = 500  # rows between two looks at the clock


class FileIndex(AbstractContextManager["FileIndex"]):
    """Which line each product, SKU and address of the file stands in, and which rows stand apart from their product."""

    def __init__(self, table: Table, source: Format, kept: bytes = b"", until: float | None = None) -> None:
        """Read the file, from where what `keep` returned for it ends, to its end or until that moment is there.

        Raises UnreadableFile.
        """
        # An empty name is a database of this connection alone, on disk as soon as it grows.
        self._database = sqlite3.connect("", isolation_level=None)
        self.products = 0
        self.unreadable = 0
        self.is_whole = self.has_read = False
        self._repeats_skus = False
        self._last = ""
        self._place = table.start  # byte and line from which on nothing was read yet
        self._signs = DecimalSigns(source.decimals)
        try:
            if kept:
                self._database.deserialize(kept)
                self._take_up()
            else:
                self._database.executescript(f"PRAGMA journal_mode=OFF; PRAGMA cache_size=-4096;{TABLES}")
            if not self.is_whole:
                self.has_read = True
                self._database.execute("BEGIN")
                self._read(table, source, until)
                self._note_down()
                self._database.execute("COMMIT")
        except BaseException:
            self._database.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def keep(self) -> bytes:
        """Return all of it, for the next one who reads the same file."""
        return self._database.serialize()

    def with_points(self, row: Row) -> Row:
        """Return the row with points before its decimals, where the file writes commas throughout."""
        return read_commas(row, self.commas) if self.commas else row

    def line_of(self, name: str) -> int:
        """Return the line of the row that is the product of this name; 0 when there is none."""
        return self._first("SELECT line FROM owner WHERE name = ?", name)

    def line_of_sku(self, sku: str, line: int) -> int:
        """Return the first line with the SKU that this line has: itself, while no SKU of the file occurs twice."""
        return self._first("SELECT line FROM sku WHERE sku = ?", sku) if self._repeats_skus else line

    def free_slug(self, slug: str, line: int) -> str:
        """Return the slug, numbered when a product in an earlier line has it."""
        number, wanted = 1, slug
        while self._first("SELECT line FROM slug WHERE slug = ?", wanted) not in (0, line):
            number += 1
            wanted = f"{slug[:190]}-{number}"
        return wanted

    def parts(self, names: tuple[str, ...]) -> list[tuple[int, int]]:
        """Return (byte, line) of the rows of the product that stand apart from it."""
        found: list[tuple[int, int]] = []
        for name in names:
            found += self._database.execute("SELECT place, line FROM part WHERE key = ?", (name,)).fetchall()
        return sorted(found, key=lambda place: place[1])

    def _first(self, statement: str, value: str) -> int:
        row = self._database.execute(statement, (value,)).fetchone()
        return int(row[0]) if row else 0

    def _take_up(self) -> None:
        [said] = self._database.execute("SELECT said FROM total").fetchone()
        self.is_whole, self.products, self.unreadable, self._last, place, undecided, commas, self._repeats_skus = (
            json.loads(said))
        self._place = tuple(place)
        self._signs = DecimalSigns(undecided, commas)
        self.commas = self._signs.commas

    def _note_down(self) -> None:
        self.commas = self._signs.commas
        said = [self.is_whole, self.products, self.unreadable, self._last, self._place, self._signs.undecided,
                sorted(self.commas), self._repeats_skus]
        self._database.execute("DELETE FROM total")
        self._database.execute("INSERT INTO total VALUES (?)", (json.dumps(said),))

    def _read(self, table: Table, source: Format, until: float | None) -> None:
        for number, row in enumerate(table.rows(*self._place), start=1):
            if isinstance(row, Rejection):
                self.unreadable += 1
                continue
            if until is not None and number % LOOKS == 0 and time.monotonic() > until:
                self._place = (row.offset, row.line)
                return
            self._signs.note(row)
            for sku in source.skus(row):
                self._repeats_skus |= not self._add("sku", sku, row)
            place = source.place(row)
            if place.is_part:
                self._database.execute("INSERT OR IGNORE INTO part VALUES (?, ?, ?)", (place.key, row.line, row.offset))
            elif place.key and place.key != self._last:
                self._last = self._read_first(row, place.names, source)
        self.is_whole = True

    def _read_first(self, row: Row, names: tuple[str, ...], source: Format) -> str:
        """Note a product's first row, or a row that stands apart: the product it interrupts may go on after it."""
        is_new = self._add("owner", names[0], row)
        if not is_new and source.joins_rows:
            self._database.execute("INSERT INTO part VALUES (?, ?, ?)", (names[0], row.line, row.offset))
            return self._last
        for name in names[1:]:
            self._add("owner", name, row)
        if is_new:
            self.products += 1
            self._add_slug(source.derive_slug(row), row)
        return names[0]

    def _add_slug(self, slug: str, row: Row) -> None:
        if slug:
            self._add("slug", self.free_slug(slug, row.line), row)

    def _add(self, table: str, name: str, row: Row) -> bool:
        done = self._database.execute(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)",  # noqa: S608  # our own words
                                      (name, row.line))
        return done.rowcount == 1
