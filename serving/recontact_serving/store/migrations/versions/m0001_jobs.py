"""The table of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Goes to this form."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(128)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("text_column", sa.Text, nullable=False),
        sa.Column("encoding", sa.String(32)),
        sa.Column("skip_bad_rows", sa.Boolean, nullable=False),
        sa.Column("evidence", sa.Boolean, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("bad_rows", sa.Integer, nullable=False),
        sa.Column("rows_done", sa.Integer, nullable=False),
        sa.Column("model_version", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("summary", sa.JSON),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("finished", sa.Double),
        sa.Column("expires", sa.Double),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("taken_at_row", sa.Integer, nullable=False),
        sa.Column("stalls", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.UniqueConstraint("owner", "idempotency_key"),
    )
    for column in ("owner", "state", "created", "expires"):
        op.create_index(f"ix_jobs_{column}", "jobs", [column])


def downgrade() -> None:
    """Goes back."""
    op.drop_table("jobs")
