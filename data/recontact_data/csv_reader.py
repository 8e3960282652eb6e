"""Reads CSV and TSV as a stream, with exact line numbers, and finds its way again after a broken row."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

from recontact_data.bad_rows import MAX_CELL, BadRow
from recontact_data.encoding import find_encoding
from recontact_data.errors import CommentFileError
from recontact_data.readers import CommentReader, Dialect, ReadOptions, Row
from recontact_data.sources import Source
from recontact_data.text_lines import TextLines

DELIMITERS = (",", ";", "\t")
# A file of one column does not show its delimiter: commas and semicolons in it are text. It is split by a
# code point that Unicode keeps out of all text.
_NO_DELIMITER = "\uffff"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_MAX_HEADER_LINES = 100


class CsvReader(CommentReader):
    """Reads CSV (comma, semicolon or tab) and TSV; every value is a string."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        super().__init__(source, options)
        # The module's own limit is 131,072; it is only ever raised here, never lowered.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL))
        found = find_encoding(source.path, source.name, options.encoding)
        self._encoding = found.name
        self._lines: TextLines | None = None
        self.bytes_total = source.path.stat().st_size
        header, self._header_lines, delimiter = self._read_header()
        self.columns = header
        self._split_by = delimiter if len(header) > 1 or source.format == "tsv" else _NO_DELIMITER
        self.dialect = Dialect(delimiter, found.name, found.bom, found.guessed)
        self._settle_columns()
        self._refuse_no_rows()
        self._lines = None

    @property
    def bytes_read(self) -> int | None:
        """How far into the file the iteration is, out of `bytes_total`."""
        return self._lines.position if self._lines else 0

    def _open(self) -> TextLines:
        return TextLines(self.source.path, self.source.name, self._encoding, newline="")

    def _read_header(self) -> tuple[list[str], int, str]:
        with self._open() as lines:
            raw, told = _header_text(lines, self.source.name)
            end = lines.number
            delimiter = "\t" if self.source.format == "tsv" else told or sniff_delimiter(raw, self._few_lines(lines))
        try:
            return next(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter, strict=True)), end, delimiter
        except csv.Error as error:
            raise CommentFileError(f"{self.source.name}: the header is broken: {_explained(error)}; fix it") from error

    @staticmethod
    def _few_lines(lines: TextLines) -> list[str]:
        return [line for line, _ in zip(lines, range(20), strict=False)]

    def _rows(self) -> Iterator[Row | BadRow]:
        empty_lines: list[int] = []
        for line, fields in self._records():
            if isinstance(fields, BadRow):
                yield fields
            elif self._is_blank(fields):
                # In a file of one column an empty line is an empty comment, save at the very end.
                empty_lines += [line] if len(self.columns) == 1 else []
            else:
                for self._line in empty_lines:
                    yield {self.columns[0]: ""}
                empty_lines = []
                self._line = line
                yield dict(zip(self.columns, fields, strict=True))

    def _records(self) -> Iterator[tuple[int, list[str] | BadRow]]:
        """Yields what stands at each place, with the line it begins at."""
        self._lines = lines = self._open()
        with lines:
            for _ in range(self._header_lines):
                next(lines)
            reader = csv.reader(lines, delimiter=self._split_by, strict=True)
            after_broken_quote = False
            while True:
                lines.mark()
                start = lines.number + 1
                try:
                    fields, what = next(reader), ""
                except StopIteration:
                    return
                except csv.Error as error:
                    # Only the first line is surely broken: an open quote swallows good rows after it.
                    lines.put_back(lines.taken[1:])
                    after_broken_quote = True
                    yield start, BadRow(start, _explained(error), lines.taken[0])
                    continue
                raw = "".join(lines.taken)
                what = self._wrong(fields, raw)
                if after_broken_quote and not what and raw.count('"') % 2:
                    what = "a quote left over from the broken row before it"
                after_broken_quote = after_broken_quote and raw.count('"') % 2 == 1
                yield start, (BadRow(start, what, raw) if what else fields)

    def _is_blank(self, fields: Sequence[str]) -> bool:
        return not fields or (len(fields) == 1 < len(self.columns) and not fields[0].strip())

    def _wrong(self, fields: Sequence[str], raw: str) -> str:
        if "\0" in raw:
            return "a NUL byte (the file may be damaged or of another format)"
        if self._is_blank(fields):
            return ""
        if len(fields) != len(self.columns):
            return (
                f"{len(fields)} fields where the header has {len(self.columns)} "
                "(a text that holds the delimiter, a quote or a line break must stand in quotes)"
            )
        if any(len(field) > MAX_CELL for field in fields):
            return f"a cell of over {MAX_CELL:,} characters (an unclosed quote?)"
        return ""


def sniff_delimiter(header: str, lines: Sequence[str]) -> str:
    """Finds the delimiter from the header, outside quotes; the next lines decide between several.

    Args:
        header: The header's text.
        lines: A few lines that follow it.

    Returns:
        One of `DELIMITERS`; the comma where the header has none of them.
    """
    bare = _QUOTED.sub("", header)
    counts = {delimiter: bare.count(delimiter) for delimiter in DELIMITERS if delimiter in bare}
    if not counts:
        return ","

    def fit(delimiter: str) -> tuple[int, int]:
        same = sum(_QUOTED.sub("", line).count(delimiter) == counts[delimiter] for line in lines)
        return same, counts[delimiter]

    return max(counts, key=fit)


def _header_text(lines: TextLines, name: str) -> tuple[str, str | None]:
    """Reads the header's lines; also the delimiter that a first line `sep=;`, as Excel has it, tells."""
    raw, told = "", None
    for line in lines:
        marked = re.fullmatch(r"sep=([,;\t])\s*", line)
        if marked and lines.number == 1:
            told = marked[1]
        elif raw or line.strip():
            raw += line
            if raw.count('"') % 2 == 0 or lines.number > _MAX_HEADER_LINES:
                break
    if "\0" in raw:
        raise CommentFileError(f"{name}, line {lines.number}: a NUL byte in the header; is this a text file?")
    if not raw:
        raise CommentFileError(f"{name} is empty (only blank lines); export it again")
    return raw, told


def _explained(error: csv.Error) -> str:
    message = str(error)
    if "unexpected end of data" in message:
        return "a quote that is never closed"
    if "field larger than" in message:
        return f"a cell of over {MAX_CELL:,} characters (an unclosed quote?)"
    if "expected after" in message:
        return "a quote inside a quoted text (write it twice), or one that an earlier quote left open"
    return message
