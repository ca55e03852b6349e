"""What the whole file says of itself, in a private database on disk, so that the memory of an import stays flat.

Building it reads the file once: a file that cannot be read is refused before anything is written, and from then
on the file can be read from any product on.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager

from storefront.catalog.importer.formats import Format
from storefront.foundation.csv_files import Rejection, Row, Table

TABLES = """
CREATE TABLE owner (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;
CREATE TABLE part (key TEXT, line INTEGER, place INTEGER, PRIMARY KEY (key, line)) WITHOUT ROWID;
CREATE TABLE sku (sku TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;
CREATE TABLE slug (slug TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;
CREATE TABLE total (products INTEGER, unreadable INTEGER);
"""


class FileIndex(AbstractContextManager["FileIndex"]):
    """Which line each product, SKU and address of the file stands in, and which rows stand apart from their product."""

    def __init__(self, table: Table, source: Format, kept: bytes = b"") -> None:
        """Read the file, unless what `keep` returned for it is at hand; raises UnreadableFile."""
        # An empty name is a database of this connection alone, on disk as soon as it grows.
        self._database = sqlite3.connect("", isolation_level=None)
        self.products = 0
        self.unreadable = 0
        try:
            if kept:
                self._database.deserialize(kept)
                self.products, self.unreadable = self._database.execute("SELECT * FROM total").fetchone()
            else:
                self._database.executescript(f"PRAGMA journal_mode=OFF; PRAGMA cache_size=-4096;{TABLES}BEGIN;")
                self._read(table, source)
                self._database.execute("INSERT INTO total VALUES (?, ?)", (self.products, self.unreadable))
                self._database.execute("COMMIT")
        except BaseException:
            self._database.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def keep(self) -> bytes:
        """Return all of it, for the next one who reads the same file."""
        return self._database.serialize()

    def line_of(self, name: str) -> int:
        """Return the line of the row that is the product of this name; 0 when there is none."""
        return self._first("SELECT line FROM owner WHERE name = ?", name)

    def line_of_sku(self, sku: str) -> int:
        """Return the first line with the SKU."""
        return self._first("SELECT line FROM sku WHERE sku = ?", sku)

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

    def _read(self, table: Table, source: Format) -> None:
        last = ""
        for row in table.rows():
            if isinstance(row, Rejection):
                self.unreadable += 1
                continue
            for sku in source.skus(row):
                self._add("sku", sku, row)
            place = source.place(row)
            if place.is_part:
                self._database.execute("INSERT OR IGNORE INTO part VALUES (?, ?, ?)", (place.key, row.line, row.offset))
            elif place.key and place.key != last:
                last = self._read_first(row, place.names, last, source)

    def _read_first(self, row: Row, names: tuple[str, ...], last: str, source: Format) -> str:
        """Note a product's first row, or a row that stands apart: the product it interrupts may go on after it."""
        is_new = self._add("owner", names[0], row)
        if not is_new and source.joins_rows:
            self._database.execute("INSERT INTO part VALUES (?, ?, ?)", (names[0], row.line, row.offset))
            return last
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
