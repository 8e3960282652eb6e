"""Tables: what a server remembers: jobs, and keys of those who may come in. All times are seconds since 1970, UTC."""

from typing import Any

from sqlalchemy import JSON, Boolean, Double, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables."""


class Job(Base):
    """One file of comments that is to be classified, and how far that is.

    `attempt` counts how often a server took the job up; whoever writes names the attempt it works for, and is refused
    once there is a later one. `lease_until` is when the job may be taken up again if nothing is heard until then.
    """

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("owner", "idempotency_key"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    idempotency_key: Mapped[str | None] = mapped_column(String(128))
    digest: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), index=True)
    name: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(8))
    text_column: Mapped[str] = mapped_column(Text)
    encoding: Mapped[str | None] = mapped_column(String(32))
    skip_bad_rows: Mapped[bool] = mapped_column(Boolean)
    evidence: Mapped[bool] = mapped_column(Boolean)
    redacted: Mapped[dict[str, int] | None] = mapped_column(JSON(none_as_null=True))
    min_precision: Mapped[float | None] = mapped_column(Double)
    rows: Mapped[int] = mapped_column(Integer)
    bad_rows: Mapped[int] = mapped_column(Integer, default=0)
    rows_done: Mapped[int] = mapped_column(Integer, default=0)
    model_version: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created: Mapped[float] = mapped_column(Double, index=True)
    started: Mapped[float | None] = mapped_column(Double)
    finished: Mapped[float | None] = mapped_column(Double)
    expires: Mapped[float | None] = mapped_column(Double, index=True)
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    taken_at_row: Mapped[int] = mapped_column(Integer, default=0)
    stalls: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[float] = mapped_column(Double, default=0.0)


class ApiKey(Base):
    """A key that lets somebody in; of its secret only the hash is known."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    rate: Mapped[int | None] = mapped_column(Integer)
    created: Mapped[float] = mapped_column(Double)
    revoked: Mapped[float | None] = mapped_column(Double)
