"""Reads the tables with types of their own: XLSX (first sheet) and Parquet."""

import logging
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from recontact_data.bad_rows import BadRow
from recontact_data.errors import ColumnError, CommentFileError
from recontact_data.readers import CommentReader, ReadOptions, Row
from recontact_data.sources import Source

MAX_UNPACKED_BYTES = 1 << 30
BLOCK_BYTES = 1 << 20
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


class XlsxReader(CommentReader):
    """Reads the first sheet of an XLSX file, whole, its first row that is not empty being the header.

    A column with several kinds of values comes as text. Whole numbers come as int and columns of dates
    without times as dates, though Excel itself knows only floats and moments.
    """

    counts = "row"

    def __init__(self, source: Source, options: ReadOptions) -> None:
        super().__init__(source, options)
        refuse_bad_archive(source.path, source.name)
        self.columns, self._table = self._load()
        self.total_rows = self._table.height
        if not self._table.height:
            raise CommentFileError(f"{source.name} has a header but no rows; nothing to read")
        self._settle_columns()

    def _load(self) -> tuple[list[str], pl.DataFrame]:
        try:
            with _quiet("fastexcel"):
                book = fastexcel.read_excel(self.source.path)
                first = book.load_sheet(0, header_row=None, n_rows=1, dtypes="string").to_polars()
                table = book.load_sheet(0, header_row=0, schema_sample_rows=None).to_polars()
        except fastexcel.FastExcelError as error:
            reason = str(error).splitlines()[0]
            raise CommentFileError(
                f"{self.source.name} cannot be read as XLSX: {reason}; save it again in Excel"
            ) from error
        if not first.height:
            raise CommentFileError(f"{self.source.name}: the first sheet is empty; put the comments there")
        return ["" if name is None else str(name) for name in first.row(0)], _trimmed(table)

    def numbered_rows(self) -> Iterator[tuple[int, Row]]:
        """Yields each row with its number in the sheet, as Excel shows it."""
        above = self._rows_above()
        yield from ((above + number, row) for number, row in super().numbered_rows())

    def _rows_above(self) -> int:
        """How many rows stand above the first comment: the header, and empty ones before it."""
        book = fastexcel.read_excel(self.source.path)
        whole, filled = (book.load_sheet(0, header_row=None, n_rows=1, skip_rows=skip) for skip in (0, None))
        return int(whole.total_height - filled.total_height) + 1

    def _rows(self) -> Iterator[Row | BadRow]:
        for number, values in enumerate(self._table.iter_rows(), start=1):
            self._line = number
            yield dict(zip(self.columns, map(_whole, values), strict=True))


class ParquetReader(CommentReader):
    """Reads Parquet batch by batch, every column with its type."""

    counts = "row"

    def __init__(self, source: Source, options: ReadOptions) -> None:
        super().__init__(source, options)
        with self._readable():
            self._table = pl.scan_parquet(source.path, glob=False)
            self.schema = self._table.collect_schema()
            self.total_rows = int(self._table.select(pl.len()).collect().item())
        self.columns = self.schema.names()
        if not self.total_rows:
            raise CommentFileError(f"{source.name} has columns but no rows; nothing to read")
        self._settle_columns()
        kind = self.schema[self.text_column]
        if kind.is_nested() or kind in (pl.Binary, pl.Boolean, pl.Object):
            raise ColumnError(
                f"{source.name}: the column {self.text_column!r} holds {kind}, not text; "
                "name another with --text-column NAME"
            )

    def _rows(self) -> Iterator[Row | BadRow]:
        size, self._line = self._options.chunk_rows, 0
        with self._readable():
            for batch in self._table.collect_batches(chunk_size=size, maintain_order=True, lazy=True):
                for row in batch.to_dicts():
                    self._line += 1
                    yield row

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            reason = str(error).splitlines()[0]
            raise CommentFileError(
                f"{self.source.name} is no whole Parquet file: {reason}; export or copy it again"
            ) from error


def refuse_bad_archive(path: Path, name: str, most: int = MAX_UNPACKED_BYTES) -> None:
    """Unpacks an XLSX file to nowhere, to know that it is whole and not a zip bomb.

    Args:
        path: The file.
        name: What to call it in messages.
        most: Bytes it may expand to.

    Raises:
        CommentFileError: it is no zip, is damaged, or expands to more than `most` bytes.
    """
    left = most
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                # The sizes an archive states can lie: with this one it is read until its data really ends.
                member.file_size = most + 2 * BLOCK_BYTES
                with archive.open(member) as data:
                    while block := data.read(BLOCK_BYTES):
                        left -= len(block)
                        if left < 0:
                            raise CommentFileError(
                                f"{name} expands to over {most / (1 << 30):g} GiB; save it as CSV and give that"
                            )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        with path.open("rb") as file:
            locked = file.read(4) == _OLD_OFFICE
        kind = "has a password or is an old .xls" if locked else "is damaged or cut short, or no XLSX at all"
        raise CommentFileError(f"{name} {kind}; save it again as .xlsx without a password") from error


def _trimmed(table: pl.DataFrame) -> pl.DataFrame:
    """Drops empty rows at the end, and the times of columns that are all midnight."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    filled = pl.any_horizontal(
        pl.lit(value=False), pl.col(texts).fill_null("") != "", pl.all().exclude(texts).is_not_null()
    )
    last = table.select(filled.alias("f")).to_series().arg_true().max() if table.height else None
    table = table.head(0 if last is None else int(str(last)) + 1)
    for column in table.get_columns():
        moments = column.drop_nulls()
        if isinstance(column.dtype, pl.Datetime) and len(moments) and (moments.dt.time() == time(0)).all():
            table = table.with_columns(column.dt.date())
    return table


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Holds back a library's warnings on columns without a value, which are no news to the user."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
