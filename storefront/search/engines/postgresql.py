"""The engine over PostgreSQL's full text: one table for each side, with the terms as a tsvector under GIN.

The terms come ready, so no text search configuration of the server is asked. A rebuild lays the rows down in the
order of their standing and PostgreSQL reads them as they lie: what a limit cuts off are the least wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from storefront.foundation.database import db
from storefront.search.engines.port import Candidate, Document, Expression, TookTooLong, write_expression

MANY = 5000  # rows of one statement: the connection's own timeout is for each
LESS = 0.2  # seconds for each statement after one that was broken off
TABLE = """
CREATE TABLE IF NOT EXISTS search_engine_{side} (
  product_id integer PRIMARY KEY, terms tsvector NOT NULL, head text NOT NULL, weight real NOT NULL)
"""
INDEX = """
CREATE INDEX IF NOT EXISTS ix_search_engine_{side}_terms ON search_engine_{side} USING gin (terms)
"""


class PostgresqlEngine:
    """See port.py."""

    def clear(self, side: str) -> None:
        db.session.execute(text(TABLE.format(side=side)))
        db.session.execute(text(f"TRUNCATE search_engine_{side}"))
        db.session.execute(text(f"DROP INDEX IF EXISTS ix_search_engine_{side}_terms"))  # made anew by finish

    def write(self, side: str, documents: Sequence[Document]) -> None:
        _write(f"""
            INSERT INTO search_engine_{side} (product_id, terms, head, weight)
            SELECT id, CAST(said AS tsvector), head, weight
            FROM unnest(CAST(:0 AS integer[]), CAST(:1 AS text[]), CAST(:2 AS text[]), CAST(:3 AS real[]))
            AS new (id, said, head, weight)
            ON CONFLICT (product_id) DO UPDATE
            SET terms = excluded.terms, head = excluded.head, weight = excluded.weight""",  # noqa: S608
               [(document.product_id, " ".join(document.terms), document.head, document.weight)
                for document in documents])

    def count_words(self, side: str, words: Sequence[tuple[str, str, int]]) -> None:
        _write(f"""
            INSERT INTO search_word (side, word, term, uses)
            SELECT '{side}', word, term, uses
            FROM unnest(CAST(:0 AS text[]), CAST(:1 AS text[]), CAST(:2 AS integer[])) AS new (word, term, uses)
            ON CONFLICT (side, word) DO UPDATE
            SET uses = search_word.uses + excluded.uses, term = excluded.term""", words)  # noqa: S608

    def remove(self, side: str, product_ids: Collection[int]) -> None:
        db.session.execute(text(f"DELETE FROM search_engine_{side} WHERE product_id = ANY(:ids)"),  # noqa: S608
                           {"ids": list(product_ids)})

    def finish(self, side: str) -> None:
        db.session.execute(text("SET LOCAL statement_timeout = 0"))
        db.session.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        db.session.execute(text(INDEX.format(side=side)))
        db.session.execute(text(f"ANALYZE search_engine_{side}"))

    def count(self, side: str) -> int:
        return db.session.scalar(text(f"SELECT count(*) FROM search_engine_{side}")) or 0  # noqa: S608

    def find_known(self, side: str, product_ids: Collection[int]) -> set[int]:
        return set(db.session.scalars(text(
            f"SELECT product_id FROM search_engine_{side} WHERE product_id = ANY(:ids)"), {"ids": list(product_ids)}))  # noqa: S608

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """For each statement by itself."""
        _say_patience(seconds)
        try:
            yield
        except OperationalError as error:
            _end_canceled(error)
            raise TookTooLong from error
        db.session.execute(text("SET LOCAL statement_timeout = DEFAULT"))  # the transaction may go on

    def find(self, side: str, *asked: tuple[Expression, int]) -> list[Candidate]:
        values: dict[str, str | int] = {}
        for place, (expression, limit) in enumerate(asked):
            values[f"said{place}"] = write_expression(expression, both=" & ", either=" | ", quote="", begun=":*")
            values[f"limit{place}"] = limit
        each = " UNION ALL ".join(
            f"(SELECT product_id, head, weight, {place} FROM search_engine_{side} "  # noqa: S608
            f"WHERE terms @@ CAST(:said{place} AS tsquery) LIMIT :limit{place})" for place in range(len(asked)))
        try:
            found = db.session.connection().execute(text(each), values)
        except OperationalError as error:
            _end_canceled(error)
            _say_patience(LESS)
            return []
        assert found.cursor is not None
        rows = list(found.cursor.fetchall())  # to make a Row of each costs as much as to fetch them all
        found.close()
        return rows


def _say_patience(seconds: float) -> None:
    db.session.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))


def _end_canceled(error: OperationalError) -> None:
    """End the transaction when the timeout canceled its statement; raise the error when it is another one."""
    if getattr(error.orig, "sqlstate", None) != "57014":
        raise error
    db.session.rollback()


def _write(statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Give each column as one array: a row of parameters each would cost more than all the rest."""
    for start in range(0, len(rows), MANY):
        columns = zip(*rows[start:start + MANY], strict=True)
        db.session.execute(text(statement), {str(place): list(column) for place, column in enumerate(columns)})
