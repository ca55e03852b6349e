"""The tables of search, made again where they are missing; all of them but the synonyms hold copies.

`flask db upgrade` makes them once. After a restore that left them out it has nothing to do any more, so the rebuild
makes them.
"""

from __future__ import annotations

import logging

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from storefront.catalog.collections import ask_about_all
from storefront.foundation.cache import invalidate
from storefront.foundation.database import Model, db, transactional
from storefront.search.models import SearchIndex, SearchWord, StaleProduct
from storefront.search.synonyms import GROUP

PREFIX = "search_"
ENGINE = "search_engine_"  # and a or b
TRIGRAMS = "CREATE INDEX IF NOT EXISTS ix_search_engine_word_trigrams ON search_word USING gin (word gin_trgm_ops)"
logger = logging.getLogger(__name__)


def find_missing_tables() -> list[str]:
    """Return the tables of search that the database lacks; a side of the engine counts when it serves."""
    known = set(inspect(db.session.connection()).get_table_names())
    missing = [name for name in sorted(Model.metadata.tables) if name.startswith(PREFIX) and name not in known]
    if SearchIndex.__tablename__ not in missing:
        serving = db.session.scalars(select(SearchIndex.serving).where(SearchIndex.serving != ""))
        missing += [ENGINE + side for side in serving if ENGINE + side not in known]
    return missing


@transactional
def make_missing_tables() -> list[str]:
    """Make the tables of search that are missing and return their names.

    A side of the engine that was lost serves no more; whoever fills one makes it. Of a database that waits for
    `flask db upgrade` nothing is made: the upgrade would stumble over it.
    """
    missing = find_missing_tables()
    if not missing or not _is_upgraded():
        return []
    Model.metadata.create_all(db.session.connection(), tables=[
        table for table in Model.metadata.sorted_tables if table.name in missing])
    if SearchWord.__tablename__ in missing and db.engine.dialect.name == "postgresql":
        _try(TRIGRAMS)
    for index in db.session.scalars(select(SearchIndex)):
        if ENGINE + index.serving in missing or SearchWord.__tablename__ in missing:
            index.serving = ""  # plain SQL answers until the rebuild is done
    if StaleProduct.__tablename__ in missing:
        ask_about_all()  # what sold out meanwhile was not noted, and rules of collections may ask for it
    invalidate(GROUP)
    logger.warning("made the missing tables %s", ", ".join(missing))
    return missing


def lacks_table(error: DBAPIError) -> bool:
    """Tell whether a statement failed because a table is not there, rather than the database."""
    return getattr(error.orig, "sqlstate", None) == "42P01" or "no such table" in str(error.orig)


def _is_upgraded() -> bool:
    present = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    return present == set(ScriptDirectory(f"{current_app.root_path}/migrations").get_heads())


def _try(statement: str) -> None:
    """What the database or the role cannot do is left out."""
    try:
        with db.session.begin_nested():
            db.session.execute(text(statement))
    except DBAPIError:
        logger.info("left out: %s", statement)
