"""What finds documents by terms: a port, and an engine for each database that the shop runs on."""

from __future__ import annotations

from storefront.foundation.database import db
from storefront.search.engines.port import Engine
from storefront.search.engines.postgresql import PostgresqlEngine
from storefront.search.engines.sqlite import SqliteEngine


def open_engine() -> Engine:
    """Return the engine of the database that the shop runs on."""
    return PostgresqlEngine() if db.engine.dialect.name == "postgresql" else SqliteEngine()
