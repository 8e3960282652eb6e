"""Answers of the API as Python objects."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from typing import Any, Self

DONE = "done"
FINISHED = (DONE, "failed", "cancelled")


@dataclass(frozen=True)
class Health:
    """A server that can answer.

    Attributes:
        status: `ready`.
        model_version: Name and version of the model that answers.
    """

    status: str
    model_version: str


@dataclass(frozen=True)
class Cause:
    """A cause in one language; the one with the id `none` stands for no cause.

    Attributes:
        id: As predictions name it.
        main: Whether it is one of the main causes.
        name: Its name.
        description: What it covers.
        action: What to do about it.
    """

    id: str
    main: bool
    name: str
    description: str
    action: str


@dataclass(frozen=True)
class Taxonomy:
    """The causes of the model in service.

    Attributes:
        language: The language they are named in.
        languages: All languages that they can be named in.
        causes: The causes in their order, and `none`.
    """

    language: str
    languages: tuple[str, ...]
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class Job:
    """A file that is classified while nobody waits at the line.

    Attributes:
        id: What it is asked for by.
        state: `queued`, `running`, `done`, `failed` or `cancelled`.
        name: The file's name.
        format: Its format.
        text_column: The column of the comments.
        rows: Rows that are to be classified.
        rows_done: Rows that are.
        bad_rows: Broken rows that were set aside.
        evidence: Whether the result holds the words that state each cause.
        model_version: The model that answers, once the job runs.
        error: Why it failed.
        summary: Comments by cause and by language, and how many need review, once it is done.
        created_at: When it was sent.
        started_at: When work on it began.
        finished_at: When it ended.
        expires_at: When the server removes it with all its files.
        redacted: Comments in which personal data was masked: all (`comments`), and by kind; None where none was to be.
        min_precision: How often a cause that the result states must be right; None where the model cuts itself.
    """

    id: str
    state: str
    name: str
    format: str
    text_column: str
    rows: int
    rows_done: int
    bad_rows: int
    evidence: bool
    model_version: str | None
    error: str | None
    summary: Mapping[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    redacted: Mapping[str, int] | None = None
    min_precision: float | None = None

    @property
    def finished(self) -> bool:
        """Whether it will not change any more."""
        return self.state in FINISHED

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """A job from its JSON."""
        values = _known(cls, content)
        times = {k: datetime.fromisoformat(v) for k, v in values.items() if k.endswith("_at") and v is not None}
        return cls(**values | times)


def health(content: Mapping[str, Any]) -> Health:
    """A server's health from its JSON."""
    return Health(**_known(Health, content))


def taxonomy(content: Mapping[str, Any]) -> Taxonomy:
    """A taxonomy from its JSON."""
    causes = tuple(Cause(**_known(Cause, cause)) for cause in content["causes"])
    return Taxonomy(content["language"], tuple(content["languages"]), causes)


def _known(kind: type[Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a class has; a newer server may say more, an older one less of what may be absent."""
    needed = [field.name for field in fields(kind) if field.default is MISSING or field.name in content]
    return {name: content[name] for name in needed}
