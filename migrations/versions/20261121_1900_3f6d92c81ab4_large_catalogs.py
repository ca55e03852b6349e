"""large catalogs

Revision ID: 3f6d92c81ab4
Revises: e83b5f21c9d0
"""
import sqlalchemy as sa
from alembic import op

revision = "3f6d92c81ab4"
down_revision = "e83b5f21c9d0"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("catalog_collection", sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("catalog_collection", sa.Column("aged_on", sa.Date(), nullable=True))


def downgrade():
    with op.batch_alter_table("catalog_collection") as table:
        table.drop_column("aged_on")
        table.drop_column("version")
