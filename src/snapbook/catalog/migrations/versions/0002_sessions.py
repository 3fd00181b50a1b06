"""Sessions of people at the page, a row each, so that they hold at every server."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "snapbook_sessions",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("session", sa.Text(), nullable=False),
    )
