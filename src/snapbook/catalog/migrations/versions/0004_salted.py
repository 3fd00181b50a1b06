"""Events have a salt from now on (docs/format.md): a server that does not know them must not write.

The tables are as they were; the revision says it.
"""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to make."""
