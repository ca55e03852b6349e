"""large catalogs

Revision ID: 3f6d92c81ab4
Revises: e83b5f21c9d0
"""
from alembic import op  # noqa: F401

revision = "3f6d92c81ab4"
down_revision = "e83b5f21c9d0"
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
