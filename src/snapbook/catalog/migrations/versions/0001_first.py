"""The chain, a row for each event, and the tokens of the servers that share it, in one row.

There is no way down: nothing kept is ever taken away.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "snapbook_events",
        sa.Column("n", sa.BigInteger(), sa.CheckConstraint("n > 0"), autoincrement=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
    op.create_table(
        "snapbook_tokens",
        sa.Column("one", sa.Boolean(), sa.CheckConstraint("one"), primary_key=True),
        sa.Column("book", sa.Text(), nullable=False),
    )
    op.execute("INSERT INTO snapbook_tokens VALUES (true, '{}')")
