"""Files of comments: open one of any format, read it in chunks, write rows back in any format."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from recontact_data.errors import CommentFileError
from recontact_data.output_file import OutputFile
from recontact_data.readers import CommentReader, Dialect, ReadOptions, Row, text_of
from recontact_data.sources import FORMATS, Source, format_of, open_source
from recontact_data.writers import CommentWriter

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "FORMATS",
    "CommentReader",
    "CommentWriter",
    "Dialect",
    "Row",
    "check_target",
    "open_comments",
    "open_writer",
    "text_of",
    "writes_bom",
]


def open_comments(
    source: Path | Literal["-"],
    *,
    text_column: str | None = None,
    chunk_rows: int = 1024,
    encoding: str | None = None,
    skip_bad_rows: bool = False,
    bad_rows_path: Path | None = None,
    format: str | None = None,
    reserved: Collection[str] = (),
) -> CommentReader:
    """Opens a file of comments for reading.

    Args:
        source: A CSV, TSV, XLSX, Parquet or JSONL file, or "-" for standard input.
        text_column: The column with the comments; without it, the one obvious choice.
        chunk_rows: Rows a chunk.
        encoding: The codec of a text file; without it, found from the bytes.
        skip_bad_rows: Whether broken rows are set aside rather than raised.
        bad_rows_path: Where to; without it `<name>.bad-rows<suffix>` beside the input, or, for standard
            input, `stdin.bad-rows.<format>` in the working folder.
        format: One of `FORMATS`; without it the suffix decides, for standard input the first bytes.
        reserved: Column names that the output adds and the input therefore must not have.

    Raises:
        CommentFileError: the file cannot be read; broken rows raise it during the iteration.
        ColumnError: a column is missing, ambiguous, twice there, nameless or reserved.
    """
    if chunk_rows < 1:
        raise CommentFileError(f"chunk_rows must be at least 1, not {chunk_rows}")
    opened = open_source(source, format)
    options = ReadOptions(text_column, chunk_rows, encoding, skip_bad_rows, bad_rows_path, frozenset(reserved))
    try:
        if bad_rows_path is not None:
            check_target(opened.path, bad_rows_path)
        return _reader(opened, options)
    except BaseException:
        opened.close()
        raise


def open_writer(
    target: Path | Literal["-"],
    columns: Sequence[str],
    *,
    format: str | None = None,
    like: CommentReader | None = None,
) -> CommentWriter:
    """Opens a file for writing; use it as a context manager.

    Args:
        target: The file, or "-" for standard output.
        columns: The columns, in order.
        format: One of `FORMATS`; without it the suffix decides, for standard output the format of `like`
            if that is text, else CSV.
        like: The reader whose delimiter, byte order mark and column types are taken over.

    Raises:
        CommentFileError: the target cannot be written, or is of an unknown format.
    """
    if format is not None and format not in FORMATS:
        raise CommentFileError(f"unknown format {format!r}; known: {', '.join(FORMATS)}")
    output = None if str(target) == "-" else OutputFile(Path(target))
    chosen = format or (format_of(Path(target)) if output else _stdout_format(like))
    if chosen in ("csv", "tsv"):
        from recontact_data.writers import CsvWriter

        return CsvWriter(output, columns, _delimiter(chosen, like), writes_bom(like))
    if chosen == "jsonl":
        from recontact_data.writers import JsonlWriter

        return JsonlWriter(output, columns)
    return _table_writer(chosen, output, columns, like.schema if like else None)


def check_target(source: Path | Literal["-"], target: Path | Literal["-"]) -> None:
    """Checks that an output does not overwrite its own input.

    Raises:
        CommentFileError: both are the same file.
    """
    if "-" in (str(source), str(target)):
        return
    if Path(source).exists() and Path(target).exists() and Path(source).samefile(target):
        raise CommentFileError(f"{target} is the input itself; write to another file")


def _reader(source: Source, options: ReadOptions) -> CommentReader:
    # Each format loads its own libraries, so that a CSV needs no spreadsheet engine.
    if source.format in ("csv", "tsv"):
        from recontact_data.csv_reader import CsvReader

        return CsvReader(source, options)
    if source.format == "jsonl":
        from recontact_data.jsonl_reader import JsonlReader

        return JsonlReader(source, options)
    from recontact_data.table_readers import ParquetReader, XlsxReader

    return XlsxReader(source, options) if source.format == "xlsx" else ParquetReader(source, options)


def _table_writer(
    chosen: str, output: OutputFile | None, columns: Sequence[str], schema: "pl.Schema | None"
) -> CommentWriter:
    from recontact_data.table_writers import ParquetWriter, XlsxWriter

    return XlsxWriter(output, columns) if chosen == "xlsx" else ParquetWriter(output, columns, schema)


def _stdout_format(like: CommentReader | None) -> str:
    return like.format if like is not None and like.format in ("csv", "tsv", "jsonl") else "csv"


def _delimiter(chosen: str, like: CommentReader | None) -> str:
    if chosen == "tsv":
        return "\t"
    return like.dialect.delimiter if like is not None and like.dialect is not None and like.format == "csv" else ","


def writes_bom(like: CommentReader | None) -> bool:
    """Whether CSV that follows a file begins with a byte order mark: as the file does, or where it was no UTF-8."""
    if like is None or like.dialect is None or like.format == "jsonl":
        return False
    return like.dialect.bom or not like.dialect.encoding.lower().replace("_", "-").startswith(("utf-8", "utf8"))
