"""Opens what a user named as input: a file of a known format, or standard input spooled to a file."""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recontact_data.errors import CommentFileError

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
FORMATS = ("csv", "tsv", "xlsx", "parquet", "jsonl")
_SIGNATURES = ((b"PK\x03\x04", "xlsx"), (b"PAR1", "parquet"))


@dataclass(frozen=True)
class Source:
    """An input that can be read more than once.

    Attributes:
        path: Where the bytes lie.
        name: What to call the input in messages.
        format: One of `FORMATS`.
        spooled: Whether `path` is a temporary copy of standard input.
    """

    path: Path
    name: str
    format: str
    spooled: bool = False

    def close(self) -> None:
        """Removes the temporary copy of standard input, if this is one."""
        if self.spooled:
            self.path.unlink(missing_ok=True)


def open_source(source: Path | str, format: str | None) -> Source:
    """Checks that an input can be read and says of which format it is.

    Args:
        source: A path, or "-" for standard input.
        format: One of `FORMATS`; without it the suffix decides, and for standard input the first bytes.

    Raises:
        CommentFileError: no such file, a folder, unreadable, empty, or of an unknown or wrong format.
    """
    if format is not None and format not in FORMATS:
        raise CommentFileError(f"unknown format {format!r}; known: {', '.join(FORMATS)}")
    if str(source) == "-":
        return _spool_standard_input(format)
    path = Path(source)
    head = _first_bytes(path)
    chosen = format or format_of(path)
    signed = next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), None)
    if signed is not None and chosen in ("csv", "tsv", "jsonl"):
        raise CommentFileError(f"{path} is no {chosen} file but looks like {signed}; rename it to .{signed}")
    return Source(path, str(path), chosen)


def format_of(path: Path) -> str:
    """Returns the format that a file name's suffix stands for.

    Raises:
        CommentFileError: the suffix is not known.
    """
    chosen = SUFFIXES.get(path.suffix.lower())
    if chosen is None:
        known = ", ".join(SUFFIXES)
        raise CommentFileError(f"{path} has the unknown suffix {path.suffix!r}; save it as one of: {known}")
    return chosen


def _first_bytes(path: Path) -> bytes:
    if path.is_dir():
        raise CommentFileError(f"{path} is a folder; give a file")
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError as error:
        raise CommentFileError(f"no file at {path}; check the path") from error
    except OSError as error:
        raise CommentFileError(f"cannot read {path}: {error.strerror}; check that you may open it") from error
    if not head:
        raise CommentFileError(f"{path} is empty (0 bytes); export it again")
    return head


def _spool_standard_input(format: str | None) -> Source:
    with tempfile.NamedTemporaryFile(prefix="recontact-stdin-", delete=False) as copy:
        path = Path(copy.name)
        try:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        path.unlink()
        raise CommentFileError("standard input is empty; pipe a file into it")
    return Source(path, "standard input", format or _sniffed(head), spooled=True)


def _sniffed(head: bytes) -> Literal["xlsx", "parquet", "jsonl", "csv"]:
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"PAR1"):
        return "parquet"
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    return "jsonl" if start.startswith(b"{") else "csv"
