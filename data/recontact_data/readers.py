"""What every reader of a comment file does: chunks of rows in order, broken rows raised or set aside."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from recontact_data.bad_rows import BadRow, BadRowsFile
from recontact_data.errors import ColumnError, CommentFileError
from recontact_data.sources import Source
from recontact_data.text_column import SAMPLE_ROWS, find_text_column, listed

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]


@dataclass(frozen=True)
class Dialect:
    """How a text file is written.

    Attributes:
        delimiter: What stands between two cells; "" for JSONL.
        encoding: Python codec name.
        bom: Whether the file begins with a byte order mark.
        guessed: Whether the encoding is the likeliest of several, worth a line to the user.
    """

    delimiter: str
    encoding: str
    bom: bool
    guessed: bool = False


@dataclass(frozen=True)
class ReadOptions:
    """What the caller of `open_comments` asked for; see there."""

    text_column: str | None = None
    chunk_rows: int = 1024
    encoding: str | None = None
    skip_bad_rows: bool = False
    bad_rows_path: Path | None = None
    reserved: Collection[str] = ()


class CommentReader(ABC):
    """Reads a file of comments in chunks of rows; each `iter()` starts at the first row again.

    Attributes:
        columns: Names of all columns, in the file's order.
        text_column: The one with the comments.
        format: "csv", "tsv", "xlsx", "parquet" or "jsonl".
        dialect: How a text file is written; None for XLSX and Parquet.
        schema: The types of a Parquet file's columns; None for other formats.
        total_rows: Number of rows where the file tells it, else None.
        bytes_total: Size of a text file, else None.
        bad_rows: Broken rows that the iteration has set aside so far.
        counts: What `numbered_rows` counts, "line" or "row".
    """

    columns: list[str]
    text_column: str
    dialect: Dialect | None = None
    schema: "pl.Schema | None" = None
    total_rows: int | None = None
    bytes_total: int | None = None
    counts = "line"

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self.source = source
        self.format = source.format
        self.bad_rows = 0
        self._line = 0
        self._options = options
        self._bad_rows_target = options.bad_rows_path or _beside(source)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[list[Row]]:
        with self._aside() as aside:
            good = self._good_rows(aside)
            # One chunk ahead: the file of broken rows has its name before the last chunk is handed out.
            ahead = list(itertools.islice(good, self._options.chunk_rows))
            while ahead:
                chunk, ahead = ahead, list(itertools.islice(good, self._options.chunk_rows))
                if not ahead:
                    aside.finish()
                yield chunk
            aside.finish()

    def numbered_rows(self) -> Iterator[tuple[int, Row]]:
        """Yields each row with its place: the line it begins at, the row of the sheet, or the row of the Parquet table.

        All are counted from 1.
        """
        with self._aside() as aside:
            for row in self._good_rows(aside):
                yield self._line, row
            aside.finish()

    @property
    def bad_rows_path(self) -> Path | None:
        """Where the broken rows are, or None while there are none."""
        return self._bad_rows_target if self.bad_rows else None

    @property
    def bytes_read(self) -> int | None:
        """How far into a text file the iteration is, out of `bytes_total`."""
        return None

    def close(self) -> None:
        """Frees what the reader holds."""
        self.source.close()

    @abstractmethod
    def _rows(self) -> Iterator[Row | BadRow]:
        """Yields every row from the first, good ones as dicts; sets `_line` to the place of each."""

    def _aside(self) -> BadRowsFile:
        self.bad_rows = 0
        return BadRowsFile(self._bad_rows_target, self.dialect.encoding if self.dialect else "utf-8")

    def _good_rows(self, aside: BadRowsFile) -> Iterator[Row]:
        for row in self._rows():
            if not isinstance(row, BadRow):
                yield row
            elif self._options.skip_bad_rows:
                aside.add(row)
                self.bad_rows += 1
            else:
                raise self._broken(row)

    def _broken(self, row: BadRow) -> CommentFileError:
        cure = "fix it, or set such rows aside with --skip-bad-rows"
        return CommentFileError(f"{self.source.name}, line {row.line}: {row.what}; {cure}")

    def _settle_columns(self) -> None:
        """Checks the column names and finds the one with the comments."""
        name = self.source.name
        for position, column in enumerate(self.columns, 1):
            if not column.strip():
                raise ColumnError(f"{name}: column {position} has no name; give every column a name in the header")
        twice = [c for c in dict.fromkeys(self.columns) if self.columns.count(c) > 1]
        if twice:
            raise ColumnError(f"{name}: more than one column is named {listed(twice)}; give each its own name")
        taken = [column for column in self.columns if column in self._options.reserved]
        if taken:
            raise ColumnError(
                f"{name}: the output adds columns named {listed(taken)}; rename those of the input, "
                f"for example {taken[0]!r} to {'input_' + taken[0]!r}"
            )
        self.text_column = find_text_column(self.columns, self._options.text_column, self._sample)

    def _sample(self) -> list[Row]:
        good = (row for row in self._rows() if not isinstance(row, BadRow))
        return list(itertools.islice(good, SAMPLE_ROWS))

    def _refuse_no_rows(self) -> None:
        if next(iter(self._rows()), None) is None:
            raise CommentFileError(f"{self.source.name} has a header but no rows; nothing to read")


def text_of(row: Row, column: str) -> str:
    """Returns a row's comment as text: "" for None and NaN, numbers as written."""
    value = row.get(column)
    if value is None or (isinstance(value, float) and value != value):
        return ""
    return value if isinstance(value, str) else str(value)


def _beside(source: Source) -> Path:
    if source.spooled:
        return Path(f"stdin.bad-rows.{source.format}")
    return source.path.with_name(f"{source.path.stem}.bad-rows{source.path.suffix}")
