"""Files of comments whose comments are redacted: row by row, or a whole copy that reads as the file itself does."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from recontact_data.comments import open_writer, writes_bom
from recontact_data.output_file import OutputFile
from recontact_data.readers import CommentReader, Row, text_of
from recontact_data.redact import Kind, masked
from recontact_data.writers import CommentWriter, CsvWriter, TextWriter, flat

if TYPE_CHECKING:
    import polars as pl


class CommentRedaction:
    """Masks personal data in the comments of a file's rows; other columns stay as they are.

    Attributes:
        comments: Comments in which something was masked.
        kinds: Those in which something of each kind was.
    """

    def __init__(self, reader: CommentReader) -> None:
        """Prepares; a column of comments that is no text, such as one of numbers, becomes text in what is written."""
        self.column = reader.text_column
        self._typed = reader.schema is not None
        self.comments = 0
        self.kinds: Counter[Kind] = Counter()
        if reader.schema is not None:
            reader.schema = _with_text(reader.schema, self.column)

    @property
    def counts(self) -> dict[str, int]:
        """Comments in which something was masked: all (`comments`), and by kind."""
        counts = {"comments": self.comments}
        return counts | {str(kind): count for kind, count in self.kinds.items()}

    def rows(self, rows: Iterable[Row]) -> list[Row]:
        """The same rows with redacted comments."""
        return [self._row(row) for row in rows]

    def _row(self, row: Row) -> Row:
        if row.get(self.column) is None:
            return row
        redacted = masked(text_of(row, self.column))
        if not redacted.kinds and not self._typed:
            return row
        self.comments += bool(redacted.kinds)
        self.kinds.update(redacted.kinds.keys())
        return row | {self.column: redacted.text}


def open_copy(target: Path, like: CommentReader) -> CommentWriter:
    """Opens a file for rows of `like`, in its format and dialect; what is read from it again is what was written.

    Raises:
        CommentFileError: it cannot be written.
    """
    if like.format in ("csv", "tsv"):
        return _ExactCsvWriter(OutputFile(target), like)
    return open_writer(target, like.columns, format=like.format, like=like)


class _ExactCsvWriter(CsvWriter):
    """CSV for this package to read again: no cell is guarded, and the first line tells the delimiter."""

    def __init__(self, output: OutputFile, like: CommentReader) -> None:
        assert like.dialect is not None
        super().__init__(output, like.columns, like.dialect.delimiter, writes_bom(like))
        self._told = "" if like.format == "tsv" else f"sep={like.dialect.delimiter}\n"

    def _start(self) -> None:
        TextWriter._start(self)  # not CsvWriter's, which guards the header
        self._line(self._told)
        self._csv.writerow(self.columns)

    def _write_row(self, row: Row) -> None:
        self._csv.writerow([flat(value) for value in self._cells(row)])


def _with_text(schema: "pl.Schema", column: str) -> "pl.Schema":
    import polars as pl

    texts = (pl.String, pl.Categorical)
    return schema if schema[column] in texts else pl.Schema(dict(schema) | {column: pl.String()})
