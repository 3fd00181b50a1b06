"""Servers that follow an alias, a row each, so that every server of the registry knows them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "snapbook_fronts",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column(
            "heard", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
    )
