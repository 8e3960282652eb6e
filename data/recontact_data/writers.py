"""Writes rows as CSV, TSV or JSONL; what every writer of comment files does."""

import csv
import io
import json
import math
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from recontact_data.errors import CommentFileError
from recontact_data.output_file import OutputFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recontact_data.readers import Row

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?")


class CommentWriter(ABC):
    """Writes a file of comments; it appears under its name when the `with` block ends without an error.

    Attributes:
        columns: Names of the columns, in order.
    """

    def __init__(self, output: OutputFile | None, columns: Sequence[str]) -> None:
        self._output = output
        self.name = str(output.target) if output else "standard output"
        self.columns = list(columns)
        self._known = frozenset(columns)
        self._open = False

    def __enter__(self) -> Self:
        try:
            with self._written():
                self._start()
        except BaseException:
            self._release()
            raise
        self._open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        try:
            if kind is None:
                with self._written():
                    self._finish()
                if self._output is not None:
                    self._output.commit()
        finally:
            self._release()

    def write(self, rows: Iterable["Row"]) -> None:
        """Adds rows, in order; a column that a row lacks is left empty.

        Raises:
            CommentFileError: a row or cell does not fit the format, or the disk is full.
        """
        if not self._open:
            raise CommentFileError(f"{self.name} is not open; write inside its with block")
        with self._written():
            for row in rows:
                self._write_row(row)

    def _release(self) -> None:
        try:
            with self._written():
                self._abandon()
        finally:
            if self._output is not None:
                self._output.discard()

    @contextmanager
    def _written(self) -> "Iterator[None]":
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CommentFileError(
                f"cannot write {self.name}: {error.strerror}; free space or choose another"
            ) from error
        except UnicodeEncodeError as error:
            raise CommentFileError(
                f"{self.name}: a text holds half of a character ({error.reason}); mend it"
            ) from error

    def _cells(self, row: "Row") -> list[Any]:
        if not row.keys() <= self._known:
            extra = sorted(str(key) for key in row.keys() - self._known)
            raise CommentFileError(
                f"{self.name}: a row has {extra[0]!r}, which is no column of this file; write .jsonl"
            )
        return [row.get(column) for column in self.columns]

    @abstractmethod
    def _start(self) -> None:
        """Opens what is written to, and writes the header."""

    @abstractmethod
    def _write_row(self, row: "Row") -> None:
        """Writes one row."""

    @abstractmethod
    def _finish(self) -> None:
        """Completes the file."""

    @abstractmethod
    def _abandon(self) -> None:
        """Frees what is still held; also called after `_finish`."""


class TextWriter(CommentWriter):
    """The part that CSV and JSONL share: a stream of UTF-8 text, to a file or to standard output."""

    encoding = "utf-8"
    _text: TextIO | None = None

    def _start(self) -> None:
        if self._output is not None:
            self._text = self._output.temporary.open("x", encoding=self.encoding, newline="")
        else:
            self._text = io.TextIOWrapper(sys.stdout.buffer, encoding=self.encoding, newline="", write_through=True)

    def _line(self, line: str) -> None:
        assert self._text is not None
        self._text.write(line)

    def _finish(self) -> None:
        assert self._text is not None
        self._text.flush()
        self._abandon()

    def _abandon(self) -> None:
        if self._text is None:
            return
        if self._output is None:
            assert isinstance(self._text, io.TextIOWrapper)
            self._text.detach()
        else:
            self._text.close()
        self._text = None


class CsvWriter(TextWriter):
    """Writes CSV or TSV that a spreadsheet opens as it is, and runs nothing from it."""

    def __init__(self, output: OutputFile | None, columns: Sequence[str], delimiter: str, bom: bool) -> None:
        super().__init__(output, columns)
        self.encoding = "utf-8-sig" if bom else "utf-8"
        # The csv module of Python 3.11 quotes a lone CR only if the line end holds one.
        self._csv = csv.writer(_LineFeeds(self), delimiter=delimiter, lineterminator="\r\n")

    def _start(self) -> None:
        super()._start()
        self._write_cells(self.columns)

    def _write_row(self, row: "Row") -> None:
        self._write_cells([flat(value) for value in self._cells(row)])

    def _write_cells(self, cells: Sequence[str]) -> None:
        if any("\0" in cell for cell in cells):
            raise CommentFileError(f"{self.name}: a text holds a NUL character, which CSV cannot; write .jsonl")
        self._csv.writerow([guarded(cell) for cell in cells])


class _LineFeeds:
    """Gives a csv writer's lines to a `CsvWriter`, ended by LF."""

    def __init__(self, writer: CsvWriter) -> None:
        self._writer = writer

    def write(self, line: str) -> None:
        self._writer._line(line.removesuffix("\r\n") + "\n")


class JsonlWriter(TextWriter):
    """Writes JSONL: each row with its own keys, values with their types."""

    def _write_row(self, row: "Row") -> None:
        self._line(json.dumps(plain(row), ensure_ascii=False, allow_nan=False) + "\n")


def guarded(cell: str) -> str:
    """Puts an apostrophe before a cell that a spreadsheet would run as a formula; plain numbers stay.

    The guard is that of OWASP's page on CSV injection.
    """
    if cell.startswith(_FORMULA_STARTS) and not _PLAIN_NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def flat(value: Any) -> str:
    """Writes a value as the text of one cell: lists joined with ";", nested objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ";".join(flat(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(plain(value), ensure_ascii=False)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(plain(value))


def plain(value: Any) -> Any:
    """Turns a value into what JSON can hold: dates as ISO 8601, NaN and infinities as null.

    Raises:
        CommentFileError: the value is of a type with no place in JSON.
    """
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta | Decimal):
        return str(value)
    raise CommentFileError(f"a value of type {type(value).__name__} cannot be written as text; write .parquet")


def write_json(target: Path, value: Any) -> None:
    """Writes a JSON file, whole or not at all; NaN becomes null.

    Raises:
        CommentFileError: the file cannot be written.
    """
    file = OutputFile(target)
    try:
        file.temporary.write_text(json.dumps(plain(value), indent=2, allow_nan=False) + "\n", encoding="utf-8")
        file.commit()
    finally:
        file.discard()
