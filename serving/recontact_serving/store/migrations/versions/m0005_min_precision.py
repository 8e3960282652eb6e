"""How often a cause that a job's result states must be right."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Goes to this form."""
    op.add_column("jobs", sa.Column("min_precision", sa.Double))


def downgrade() -> None:
    """Goes back."""
    op.drop_column("jobs", "min_precision")
