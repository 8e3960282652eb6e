"""Promotions: the history of what a registry put in service, whose end says what is current."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from recontact_data.errors import ModelError
from recontact_data.output_file import reach_disk

FORMAT = 1
Action = Literal["promote", "rollback"]


@dataclass(frozen=True)
class Promotion:
    """One change of what is in service.

    Attributes:
        version: What was put in service.
        action: `promote`, or `rollback` to what was there before.
        at: When, ISO 8601 in UTC.
        overridden: What spoke against it and was overridden.
    """

    version: str
    action: Action
    at: str
    overridden: tuple[str, ...] = ()


def promotion(version: str, action: Action, overridden: Sequence[str] = ()) -> Promotion:
    """A change made now."""
    return Promotion(version, action, datetime.now(UTC).isoformat(timespec="seconds"), tuple(overridden))


def served(history: Sequence[Promotion]) -> tuple[str, ...]:
    """What was in service and would be again, rollback by rollback; the last is current.

    Raises:
        ValueError: a rollback goes where nothing was.
    """
    versions: list[str] = []
    for change in history:
        if change.action == "promote":
            versions.append(change.version)
        else:
            versions = versions[:-1]
            if versions[-1:] != [change.version]:
                raise ValueError(f"a rollback to {change.version}, which was not there before")
    return tuple(versions)


def read_history(file: Path) -> tuple[Promotion, ...]:
    """Reads a history; where there is no file, nothing happened yet.

    Raises:
        ModelError: the file is damaged, or of another format.
    """
    try:
        history = _parse(json.loads(file.read_text(encoding="utf-8")))
        served(history)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError) as error:
        cure = "restore it from a backup, or remove it and promote the version you want"
        raise ModelError(f"{file} is damaged ({type(error).__name__}: {error}); {cure}") from error
    return history


def _parse(content: Any) -> tuple[Promotion, ...]:
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']}, and this version reads {FORMAT}")
    history = tuple(Promotion(**{**entry, "overridden": tuple(entry["overridden"])}) for entry in content["promotions"])
    for change in history:
        if not isinstance(change.version, str) or change.action not in ("promote", "rollback"):
            raise ValueError(f"{change.action!r} of {change.version!r}")
    return history


def write_history(file: Path, history: Sequence[Promotion]) -> None:
    """Puts a history in the place of the old one, in one rename and on the disk before and after it.

    Only one process at a time may do so.
    """
    content = {"format": FORMAT, "promotions": [asdict(change) for change in history]}
    partial = file.with_name(f".{file.name}.part")
    partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    reach_disk(partial)
    os.replace(partial, file)
    reach_disk(file.parent)
