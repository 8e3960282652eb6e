"""Writes the tables with types of their own: XLSX and Parquet."""

import shutil
import sys
import tempfile
from abc import abstractmethod
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from recontact_data.column_types import NO_TYPE, describe, merge_types, type_of
from recontact_data.errors import CommentFileError
from recontact_data.output_file import OutputFile
from recontact_data.writers import CommentWriter, flat

if TYPE_CHECKING:
    from recontact_data.readers import Row

MAX_CELL = 32_767
MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
PART_ROWS = 20_000
_FIRST_DAY = date(1900, 3, 1)  # Excel counts 29 February 1900, which never was
_EXACT_INTEGER = 1 << 53


class TableWriter(CommentWriter):
    """The part that XLSX and Parquet share: a scratch folder, and a whole file at the end."""

    _scratch: "tempfile.TemporaryDirectory[str] | None" = None

    def _start(self) -> None:
        folder = self._output.target.parent if self._output else None
        self._scratch = tempfile.TemporaryDirectory(prefix=".recontact-", suffix=".part", dir=folder)

    @property
    def _folder(self) -> Path:
        assert self._scratch is not None
        return Path(self._scratch.name)

    def _finish(self) -> None:
        path = self._output.temporary if self._output else self._folder / "whole"
        self._write_whole(path)
        if self._output is None:
            with path.open("rb") as whole:
                shutil.copyfileobj(whole, sys.stdout.buffer)
            sys.stdout.buffer.flush()

    def _abandon(self) -> None:
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    @abstractmethod
    def _write_whole(self, path: Path) -> None:
        """Writes the complete file."""


class XlsxWriter(TableWriter):
    """Writes XLSX row by row; texts stay texts, whatever they begin with."""

    def _start(self) -> None:
        super()._start()
        if len(self.columns) > MAX_COLUMNS:
            raise CommentFileError(f"{self.name}: XLSX holds {MAX_COLUMNS:,} columns, not {len(self.columns):,}")
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": str(self._folder),
        }
        self._book = xlsxwriter.Workbook(str(self._folder / "book"), options)
        self._sheet = self._book.add_worksheet("comments")
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._clock = self._book.add_format({"num_format": "hh:mm:ss"})
        for column, name in enumerate(self.columns):
            self._cell(0, column, name)
        self._next = 1

    def _write_row(self, row: "Row") -> None:
        if self._next >= MAX_ROWS:
            raise CommentFileError(f"{self.name}: XLSX holds {MAX_ROWS:,} rows; write .csv or .parquet")
        for column, value in enumerate(self._cells(row)):
            self._cell(self._next, column, value)
        self._next += 1

    def _cell(self, row: int, column: int, value: Any) -> None:
        if isinstance(value, bool):
            self._sheet.write_boolean(row, column, value)
        elif isinstance(value, int | float) and abs(value) <= _EXACT_INTEGER:
            self._sheet.write_number(row, column, value)
        elif isinstance(value, time) and value.tzinfo is None:
            self._sheet.write_datetime(row, column, value, self._clock)
        elif isinstance(value, datetime) and value.tzinfo is None and value.date() >= _FIRST_DAY:
            self._sheet.write_datetime(row, column, value, self._moment)
        elif isinstance(value, date) and not isinstance(value, datetime) and value >= _FIRST_DAY:
            self._sheet.write_datetime(row, column, value, self._day)
        else:
            self._string(row, column, flat(value))

    def _string(self, row: int, column: int, text: str) -> None:
        # Excel counts UTF-16 units: an emoji is two.
        if len(text) > MAX_CELL // 2 and len(text.encode("utf-16-le")) // 2 > MAX_CELL:
            raise CommentFileError(
                f"{self.name}, row {row + 1}, column {self.columns[column]!r}: XLSX holds {MAX_CELL:,} characters "
                f"a cell, not {len(text):,}; write .csv or .parquet"
            )
        if text:
            self._sheet.write_string(row, column, text)

    def _write_whole(self, path: Path) -> None:
        self._book.close()
        shutil.move(self._folder / "book", path)


class ParquetWriter(TableWriter):
    """Writes Parquet in parts, joined at the end, with the types that the values need."""

    def __init__(self, output: OutputFile | None, columns: Sequence[str], schema: pl.Schema | None) -> None:
        super().__init__(output, columns)
        given = schema or pl.Schema()
        self._given = {name: given[name] for name in self.columns if name in given}
        self._types = {name: self._given.get(name, NO_TYPE) for name in self.columns}
        self._rows: list[list[Any]] = []
        self._parts: list[Path] = []

    def _write_row(self, row: "Row") -> None:
        self._rows.append(self._cells(row))
        if len(self._rows) >= PART_ROWS:
            self._write_part()

    def _write_part(self) -> None:
        by_column = list(zip(*self._rows, strict=True)) or [() for _ in self.columns]
        series = [self._series(name, values) for name, values in zip(self.columns, by_column, strict=True)]
        part = self._folder / f"{len(self._parts)}.parquet"
        pl.DataFrame(series).write_parquet(part)
        self._parts.append(part)
        self._rows = []

    def _series(self, name: str, values: Sequence[Any]) -> pl.Series:
        try:
            kind = self._given.get(name)
            if kind is None:
                kind = type_of(values)
                self._types[name] = merge_types(self._types[name], kind)
            return pl.Series(name, values, dtype=kind, strict=True)
        except (TypeError, OverflowError, pl.exceptions.PolarsError) as error:
            reason = str(error).splitlines()[0]
            raise CommentFileError(
                f"{self.name}: column {name!r} does not fit one Parquet type: {reason}; write .jsonl"
            ) from error

    def _write_whole(self, path: Path) -> None:
        if self._rows or not self._parts:
            self._write_part()
        # A part without a value in some column, or with whole numbers only, takes the type of the others.
        types = {name: describe(kind) for name, kind in self._types.items()}
        frames = [pl.DataFrame(schema=types).lazy(), *(pl.scan_parquet(part, glob=False) for part in self._parts)]
        try:
            pl.concat(frames, how="diagonal_relaxed").sink_parquet(path, maintain_order=True)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            reason = str(error).splitlines()[0]
            raise CommentFileError(f"{self.name} cannot be written as Parquet: {reason}; write .jsonl") from error
