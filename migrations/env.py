"""Runs migrations against the application's database, with short lock waits on PostgreSQL."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

import storefront
from storefront.foundation.clock import UtcDateTime

# Every context's tables must be known before they are compared with the database's.
for package in pkgutil.iter_modules(storefront.__path__, "storefront."):
    if importlib.util.find_spec(f"{package.name}.models"):
        importlib.import_module(f"{package.name}.models")
for module in ("outbox", "daily", "page_marks"):
    importlib.import_module(f"storefront.foundation.{module}")
target = current_app.extensions["migrate"].db


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write our column types as SQLAlchemy's own: a migration imports nothing of the shop."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def include_object(item: Any, name: str | None, kind: str, is_reflected: bool, compared_with: Any) -> bool:
    """Pass over what only one database has: the search engines' own tables, trigrams, beginnings of words."""
    return not (is_reflected and ((name or "").startswith(("search_engine_", "ix_search_engine_"))
                                  or (name or "").endswith(("_trigrams", "_beginning"))))


def run(connection: Connection) -> None:
    """Apply what is asked for in one transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = '1s'"))
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.commit()
    options = current_app.extensions["migrate"].configure_args
    context.configure(connection=connection, target_metadata=target.metadata, render_item=render_item,
                      include_object=include_object, **options)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database: set DATABASE_URL.")
with target.engine.connect() as connection:
    run(connection)
    connection.commit()
