"""What MLflow's client logs before a version is made of it: a row for each line of a draft."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "snapbook_drafts",
        sa.Column("draft", sa.Text(), primary_key=True),
        sa.Column("mark", sa.Text(), primary_key=True),
        sa.Column("n", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("said", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
