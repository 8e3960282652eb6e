"""Rows of a small JSONL file that is read whole: labels, readings, indexes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recontact_data.errors import LabelError
from recontact_data.jsonl_reader import parse_object


def read_json_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields the number and the object of each line that is not blank.

    Raises:
        LabelError: the file cannot be read, or a line holds no object; names the file and the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"cannot read {path}: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = parse_object(line)
            if isinstance(row, str):
                raise LabelError(f"{path} line {number}: {row}; the file must be JSONL, one object a line")
            yield number, row


def check_texts(row: dict[str, Any], *names: str) -> None:
    """Makes sure that fields are there and are texts.

    Raises:
        LabelError: names the first that is not.
    """
    for name in names:
        if name not in row:
            raise LabelError(f"field {name!r} is missing")
        if not isinstance(row[name], str):
            raise LabelError(f"{name!r} must be a text, not {row.get(name)!r}")


def check_lists(row: dict[str, Any], *names: str) -> None:
    """Makes sure that fields are there and are lists of texts.

    Raises:
        LabelError: names the first that is not.
    """
    for name in names:
        value = row.get(name)
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise LabelError(f"{name!r} must be a list of texts, not {value!r}")
