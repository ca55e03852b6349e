"""The engine over SQLite's FTS5: one virtual table for each side, whose rowid is the product's id."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import SQLITE_INTERRUPT
from sqlite3 import Connection as SQLiteConnection

from sqlalchemy import bindparam, text
from sqlalchemy.exc import OperationalError

from storefront.foundation.database import db
from storefront.search.engines.port import Candidate, Document, Expression, TookTooLong, write_expression

STEPS = 20_000  # of SQLite's machine between two looks at the clock
TABLE = """
CREATE VIRTUAL TABLE IF NOT EXISTS search_engine_{side} USING fts5(
  terms, head UNINDEXED, weight UNINDEXED, detail = none,
  tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '_'")
"""


class SqliteEngine:
    """See port.py. The terms come ready: the tokenizer only divides them at the spaces."""

    def clear(self, side: str) -> None:
        db.session.execute(text(f"DROP TABLE IF EXISTS search_engine_{side}"))
        db.session.execute(text(TABLE.format(side=side)))

    def write(self, side: str, documents: Sequence[Document]) -> None:
        self.remove(side, [document.product_id for document in documents])
        rows = [{"id": document.product_id, "terms": " ".join(document.terms), "head": document.head,
                 "weight": document.weight} for document in documents]
        if rows:
            db.session.execute(text(f"INSERT INTO search_engine_{side} (rowid, terms, head, weight) "  # noqa: S608
                                    "VALUES (:id, :terms, :head, :weight)"), rows)

    def remove(self, side: str, product_ids: Collection[int]) -> None:
        rows = [{"id": product_id} for product_id in product_ids]
        if rows:
            db.session.execute(text(f"DELETE FROM search_engine_{side} WHERE rowid = :id"), rows)  # noqa: S608

    def count_words(self, side: str, words: Sequence[tuple[str, str, int]]) -> None:
        if words:
            db.session.connection().exec_driver_sql(
                "INSERT INTO search_word (side, word, term, uses) VALUES (?, ?, ?, ?) ON CONFLICT (side, word) "
                "DO UPDATE SET uses = uses + excluded.uses, term = excluded.term", [(side, *word) for word in words])

    def finish(self, side: str) -> None:
        db.session.execute(text(f"INSERT INTO search_engine_{side} (search_engine_{side}) "  # noqa: S608
                                "VALUES ('optimize')"))

    def count(self, side: str) -> int:
        return db.session.scalar(text(f"SELECT count(*) FROM search_engine_{side}")) or 0  # noqa: S608

    def find_known(self, side: str, product_ids: Collection[int]) -> set[int]:
        statement = text(f"SELECT rowid FROM search_engine_{side} WHERE rowid IN :ids")  # noqa: S608
        rows = db.session.scalars(statement.bindparams(bindparam("ids", expanding=True)), {"ids": list(product_ids)})
        return set(rows)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """For all statements together: after that only what is quick is answered."""
        deadline = time.monotonic() + seconds
        connection = db.session.connection().connection.driver_connection
        assert isinstance(connection, SQLiteConnection)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        try:
            yield
        except OperationalError as error:
            _check_interrupted(error)
            raise TookTooLong from error
        finally:
            connection.set_progress_handler(None, 0)

    def find(self, side: str, *asked: tuple[Expression, int]) -> list[Candidate]:
        statement = text(f"SELECT rowid, head, weight, :place FROM search_engine_{side} "  # noqa: S608
                         f"WHERE search_engine_{side} MATCH :said ORDER BY rank LIMIT :limit")
        found: list[Candidate] = []
        for place, (expression, limit) in enumerate(asked):
            said = write_expression(expression, both=" AND ", either=" OR ", quote='"', begun="*")
            try:
                rows = db.session.execute(statement, {"said": said, "limit": limit, "place": place}).all()
            except OperationalError as error:
                _check_interrupted(error)
            else:
                found += map(tuple, rows)
        return found


def _check_interrupted(error: OperationalError) -> None:
    """Raise the error when it is another one than that of the progress handler."""
    if getattr(error.orig, "sqlite_errorcode", None) != SQLITE_INTERRUPT:
        raise error
