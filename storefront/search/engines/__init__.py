"""What finds documents by terms: a port, and an engine for each database that the shop runs on."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import text

from storefront.foundation.database import db
from storefront.search.engines.port import Engine
from storefront.search.engines.postgresql import PostgresqlEngine
from storefront.search.engines.sqlite import SqliteEngine


def has_trigrams() -> bool:
    """Tell whether the database has pg_trgm: the migration makes it where the role may; asked once per process."""
    if db.engine.dialect.name != "postgresql":
        return False
    kept = current_app.extensions.get("search_trigrams")
    if kept is None:
        kept = db.session.scalar(text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")) == 1
        current_app.extensions["search_trigrams"] = kept
    return bool(kept)


def open_engine() -> Engine:
    """Return the engine of the database that the shop runs on."""
    return PostgresqlEngine() if db.engine.dialect.name == "postgresql" else SqliteEngine()
