"""The chain: a row for each event, its place the primary key, its sealed bytes as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of events."""
    op.create_table(
        "snapbook_events",
        sa.Column("n", sa.BigInteger(), sa.CheckConstraint("n > 0"), autoincrement=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )


def downgrade() -> None:
    """Nothing kept is ever taken away."""
    raise NotImplementedError
