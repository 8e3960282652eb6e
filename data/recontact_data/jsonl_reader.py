"""Reads JSONL as a stream: one JSON object a line, each row with its own keys."""

import json
from collections.abc import Iterator
from typing import Any

from recontact_data.bad_rows import MAX_CELL, BadRow
from recontact_data.encoding import find_encoding
from recontact_data.errors import CommentFileError
from recontact_data.readers import CommentReader, Dialect, ReadOptions, Row
from recontact_data.sources import Source
from recontact_data.text_lines import TextLines


class JsonlReader(CommentReader):
    """Reads JSONL; values keep their types, nested ones too.

    `columns` is every key of the file in order of appearance: the file is read once for it, so that
    an output with a header lacks none and a reserved name is found before any work is done.
    """

    def __init__(self, source: Source, options: ReadOptions) -> None:
        super().__init__(source, options)
        found = find_encoding(source.path, source.name, options.encoding)
        self.dialect = Dialect("", found.name, found.bom, found.guessed)
        self.bytes_total = source.path.stat().st_size
        self._lines: TextLines | None = None
        self._text_key: str | None = None
        self.columns = self._all_keys()
        self._settle_columns()
        self._text_key = self.text_column
        self._lines = None

    @property
    def bytes_read(self) -> int | None:
        """How far into the file the iteration is, out of `bytes_total`."""
        return self._lines.position if self._lines else 0

    def _all_keys(self) -> list[str]:
        keys: dict[str, None] = {}
        broken: BadRow | None = None
        for row in self._rows():
            if isinstance(row, BadRow):
                broken = broken or row
                if not self._options.skip_bad_rows:
                    raise self._broken(row)
            else:
                keys.update(dict.fromkeys(row))
        if not keys and broken is not None:
            raise CommentFileError(f"{self.source.name} has no good row; line {broken.line}: {broken.what}; fix it")
        if not keys:
            raise CommentFileError(f"{self.source.name} has no rows; nothing to read")
        return list(keys)

    def _rows(self) -> Iterator[Row | BadRow]:
        assert self.dialect is not None
        self._lines = lines = TextLines(self.source.path, self.source.name, self.dialect.encoding, newline="\n")
        with lines:
            for line in lines:
                lines.mark()
                if line.strip():
                    self._line = lines.number
                    row = parse_object(line)
                    what = row if isinstance(row, str) else self._wrong_text(row)
                    yield BadRow(lines.number, what, line) if what or isinstance(row, str) else row

    def _wrong_text(self, row: Row) -> str:
        if self._text_key is None:
            return ""
        if self._text_key not in row:
            return f"no {self._text_key!r}, the column with the comments"
        value = row[self._text_key]
        if isinstance(value, bool | list | dict):
            return f"{self._text_key!r} must be text, not {_json_type(value)}"
        return ""


def parse_object(line: str) -> Row | str:
    """Parses a line of JSONL into its object, or says what is wrong with the line."""
    try:
        row = json.loads(line, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return f"not valid JSON: {error.msg} at character {error.colno}"
    except RecursionError:
        return "not usable JSON: nested too deeply"
    except ValueError as error:
        return f"not valid JSON: {error}"
    if not isinstance(row, dict):
        return f"{_json_type(row)} where a JSON object is due (one object a line)"
    if any(isinstance(value, str) and len(value) > MAX_CELL for value in row.values()):
        return f"a text of over {MAX_CELL:,} characters"
    return _half_characters(line, row) or row


def _half_characters(line: str, row: Row) -> str:
    if "\\ud" not in line and "\\uD" not in line:
        return ""
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "half of a character (a lone surrogate such as \\ud83d)"
    return ""


def _without_repeats(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} comes twice")
    return row


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _json_type(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
