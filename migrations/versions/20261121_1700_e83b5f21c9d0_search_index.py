"""search index

The engines' own tables, which hold nothing that `flask search rebuild` cannot make again. Where the database has no
FTS5, or the role may not create extensions, the shop goes on with what there is.

Revision ID: e83b5f21c9d0
Revises: 7d40c2b6e915
"""
from alembic import op
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

revision = "e83b5f21c9d0"
down_revision = "7d40c2b6e915"
branch_labels = None
depends_on = None

SIDES = ("a", "b")
SQLITE = """
CREATE VIRTUAL TABLE IF NOT EXISTS search_engine_{side} USING fts5(
  terms, head UNINDEXED, weight UNINDEXED, detail = none,
  tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co' tokenchars '_'")
"""
POSTGRESQL = """
CREATE TABLE IF NOT EXISTS search_engine_{side} (
  product_id integer PRIMARY KEY, terms tsvector NOT NULL, head text NOT NULL, weight real NOT NULL)
"""


def upgrade():
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for side in SIDES:
        _try((POSTGRESQL if is_postgresql else SQLITE).format(side=side))
    if is_postgresql:
        _try("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        _try("CREATE INDEX IF NOT EXISTS ix_search_engine_word_trigrams ON search_word USING gin (word gin_trgm_ops)")


def downgrade():
    op.execute("DROP INDEX IF EXISTS ix_search_engine_word_trigrams")
    for side in SIDES:
        op.execute(f"DROP TABLE IF EXISTS search_engine_{side}")


def _try(statement):
    """What the database or the role cannot do is left out."""
    try:
        with op.get_bind().begin_nested():
            op.get_bind().execute(text(statement))
    except DBAPIError:
        pass
