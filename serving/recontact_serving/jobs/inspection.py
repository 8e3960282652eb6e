"""Inspection: reads a file that somebody sent once from end to end, in a process of its own with limits.

What a library makes of a damaged or malicious file (endless memory, a panic, a crash) ends that process and no other.
The server reads a file only after it passed. The process takes a JSON object on standard input, and answers with one
on standard output; what else it prints may quote the file, and is thrown away.
"""

import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from recontact_data.comments import CommentReader, Row, open_comments, text_of
from recontact_data.errors import CommentFileError, RecontactError
from recontact_data.redacted_files import CommentRedaction, open_copy

MIB = 1 << 20
REDACTING = 10  # times as much computing as reading


class UploadError(RecontactError):
    """A file that was sent cannot be read."""


class UploadTooLargeError(RecontactError):
    """A file that was sent is over a limit, which is named."""


@dataclass(frozen=True)
class Limits:
    """What a file may hold, and its reading may take.

    Attributes:
        rows: Rows.
        characters: Characters of a comment.
        expanded_bytes: Bytes of a spreadsheet once unpacked.
        seconds: Seconds of computing.
        memory_mib: MiB of memory.
    """

    rows: int = 1_000_000
    characters: int = 20_000
    expanded_bytes: int = 500_000_000
    seconds: int = 120
    memory_mib: int = 4_096


@dataclass(frozen=True)
class Wanted:
    """How a file is to be read; see `open_comments`.

    Attributes:
        copy: Name of a copy to be made of it whose comments are redacted; None for none.
    """

    path: str
    text_column: str | None = None
    encoding: str | None = None
    skip_bad_rows: bool = False
    bad_rows_path: str | None = None
    reserved: Collection[str] = ()
    copy: str | None = None


@dataclass(frozen=True)
class Inspected:
    """What is in a file.

    Attributes:
        rows: Rows that can be read.
        bad_rows: Broken ones that were set aside.
        text_column: Column of the comments.
        redacted: Comments in which something was masked, all and by kind; None where nothing was to be.
    """

    rows: int
    bad_rows: int
    text_column: str
    redacted: dict[str, int] | None = None


def inspect(folder: Path, wanted: Wanted, limits: Limits) -> Inspected:
    """Has a file inspected by a process of its own.

    Args:
        folder: Where the file lies.
        wanted: Its name there, and how it is to be read.
        limits: What it may hold and take.

    Raises:
        UploadError: it cannot be read, or not with that much time and memory.
        UploadTooLargeError: it holds too much.
    """
    if wanted.copy:
        limits = replace(limits, seconds=limits.seconds * REDACTING)
    given = json.dumps({"wanted": asdict(wanted) | {"reserved": list(wanted.reserved)}, "limits": asdict(limits)})
    try:
        ended = subprocess.run(
            [sys.executable, "-m", __name__], input=given.encode(), capture_output=True, cwd=folder,
            timeout=2 * limits.seconds, check=False,
        )  # fmt: skip
        answer = json.loads(ended.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise UploadError(
            f"the file could not be read with {limits.seconds} seconds and {limits.memory_mib} MiB of memory; "
            "it is damaged or too large: export it again, or send it in parts"
        ) from None
    if "too_large" in answer:
        raise UploadTooLargeError(answer["too_large"])
    if "error" in answer:
        raise UploadError(answer["error"])
    return Inspected(**answer)


def _read(wanted: Wanted, limits: Limits) -> Inspected:
    path = Path(wanted.path)
    if path.suffix == ".xlsx":
        _check_expanded(path, limits.expanded_bytes)
    with open_comments(
        path,
        text_column=wanted.text_column,
        encoding=wanted.encoding,
        skip_bad_rows=wanted.skip_bad_rows,
        bad_rows_path=Path(wanted.bad_rows_path) if wanted.bad_rows_path else None,
        reserved=wanted.reserved,
    ) as reader:
        _check_rows(reader.total_rows or 0, limits.rows)
        if not wanted.copy:
            return Inspected(_checked(reader, limits), reader.bad_rows, reader.text_column)
        redaction = CommentRedaction(reader)
        with open_copy(Path(wanted.copy), reader) as copy:
            rows = _checked(reader, limits, lambda chunk: copy.write(redaction.rows(chunk)))
        return Inspected(rows, reader.bad_rows, reader.text_column, redaction.counts)


def _checked(reader: CommentReader, limits: Limits, keep: Callable[[list[Row]], None] = lambda chunk: None) -> int:
    """How many rows there are, each within the limits."""
    rows = 0
    for chunk in reader:
        for row in chunk:
            rows += 1
            if (length := len(text_of(row, reader.text_column))) > limits.characters:
                raise UploadTooLargeError(
                    f"a comment may have {limits.characters} characters; that of row {rows} has {length}"
                )
        _check_rows(rows, limits.rows)
        keep(chunk)
    if not rows:
        raise UploadError("the file has no row that can be read")
    return rows


def _check_rows(rows: int, most: int) -> None:
    if rows > most:
        raise UploadTooLargeError(f"a job may have {most} rows, this one has {rows} or more; send it in parts")


def _check_expanded(path: Path, most: int) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UploadError(f"{path.name} is no XLSX workbook; export it again") from error
    if size > most:
        raise UploadTooLargeError(
            f"a spreadsheet may have {most} bytes once unpacked, this one has {size}; send CSV, or parts of it"
        )


def main() -> None:
    """The process."""
    given = json.load(sys.stdin)
    limits = Limits(**given["limits"])
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_mib * MIB, limits.memory_mib * MIB))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer: dict[str, Any]
    try:
        answer = asdict(_read(Wanted(**given["wanted"]), limits))
    except UploadTooLargeError as error:
        answer = {"too_large": str(error)}
    except (UploadError, CommentFileError) as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
