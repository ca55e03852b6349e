"""large catalogs

Revision ID: 3f6d92c81ab4
Revises: e83b5f21c9d0
"""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "3f6d92c81ab4"
down_revision = "e83b5f21c9d0"
branch_labels = None
depends_on = None

# The panel's search by words and by the beginning of a SKU. Without the extension the plain index is read through.
ONLY_POSTGRESQL = {
    "ix_catalog_product_name_trigrams": "catalog_product USING gin (name gin_trgm_ops)",
    "ix_catalog_variant_sku_beginning": "catalog_variant (lower(sku) text_pattern_ops)",
}


def upgrade():
    op.add_column("catalog_collection", sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("catalog_collection", sa.Column("aged_on", sa.Date(), nullable=True))
    op.add_column("search_facet_state", sa.Column("others", sa.JSON(), server_default="{}", nullable=False))
    op.create_index("ix_catalog_product_name", "catalog_product", ["name"])
    op.add_column("catalog_import", sa.Column("undone_by", sa.String(80), server_default="", nullable=False))
    op.add_column("catalog_import", sa.Column("stopped_by", sa.String(80), server_default="", nullable=False))
    op.add_column("catalog_import", sa.Column("became_id", sa.Integer(), nullable=True))
    op.add_column("catalog_import_line", sa.Column("name", sa.String(300), server_default="", nullable=False))
    if op.get_bind().dialect.name == "postgresql":
        for name, what in ONLY_POSTGRESQL.items():
            _try(f"CREATE INDEX IF NOT EXISTS {name} ON {what}")


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        for name in ONLY_POSTGRESQL:
            op.execute(f"DROP INDEX IF EXISTS {name}")
    op.drop_column("catalog_import_line", "name")
    op.drop_column("catalog_import", "became_id")
    op.drop_column("catalog_import", "stopped_by")
    op.drop_column("catalog_import", "undone_by")
    op.drop_index("ix_catalog_product_name", "catalog_product")
    op.drop_column("search_facet_state", "others")
    op.drop_column("catalog_collection", "aged_on")
    op.drop_column("catalog_collection", "version")


def _try(statement):
    """What the database or the role cannot do is left out."""
    try:
        with op.get_bind().begin_nested():
            op.get_bind().execute(sa.text(statement))
    except DBAPIError:
        pass
