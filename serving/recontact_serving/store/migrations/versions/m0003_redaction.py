"""What was masked in a job's comments."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Goes to this form."""
    op.add_column("jobs", sa.Column("redacted", sa.JSON))


def downgrade() -> None:
    """Goes back."""
    op.drop_column("jobs", "redacted")
