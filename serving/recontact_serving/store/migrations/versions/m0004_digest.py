"""What was sent with an idempotency key, as a hash."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Goes to this form."""
    op.add_column("jobs", sa.Column("digest", sa.String(64)))


def downgrade() -> None:
    """Goes back."""
    op.drop_column("jobs", "digest")
