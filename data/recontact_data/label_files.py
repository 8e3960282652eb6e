"""Reads users' own label files, of any format and with few columns, into labelled comments."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recontact_data.comments import CommentReader, open_comments
from recontact_data.errors import ColumnError, LabelError
from recontact_data.label_columns import LabelColumns, find_label_columns
from recontact_data.label_names import LabelNames
from recontact_data.label_rows import LabelledRows, check_known
from recontact_data.labels import LabelledComment, numbered_comments
from recontact_data.language import UNKNOWN, language_code
from recontact_data.sources import SUFFIXES
from recontact_data.taxonomy import NONE, Taxonomy

Report = Callable[[str], None]
# Fields that only the project's own rows have; a text cannot hold them unescaped.
_OWN_FIELDS = re.compile(rb'"(evidence|pair|phenomena)"\s*:')


@dataclass(frozen=True)
class LabelOptions:
    """How to read label files.

    Attributes:
        text_column: The column with the comments; None for the one obvious choice.
        label_column: The column with the labels; None for the usual names, or a column for each cause.
        encoding: The codec of text files; None to find it.
        skip_bad_rows: Whether broken rows are set aside, and those without a text left out, rather than refused.
    """

    text_column: str | None = None
    label_column: str | None = None
    encoding: str | None = None
    skip_bad_rows: bool = False


def read_label_files(
    paths: Sequence[Path],
    taxonomy: Taxonomy,
    options: LabelOptions | None = None,
    report: Report = lambda message: None,
) -> list[LabelledComment]:
    """Reads labelled comments: users' own files, and the project's full rows as they stand.

    Args:
        paths: CSV, TSV, XLSX, Parquet or JSONL files.
        taxonomy: The causes that labels may name.
        options: How to read users' own files; full rows are read as `read_labelled` does.
        report: Called with each warning.

    Raises:
        CommentFileError: a file cannot be read, or its columns are not what they should be.
        LabelError: a row is not valid; names the file and the line.
    """
    options = options or LabelOptions()
    full = [has_full_rows(path) for path in paths]
    if paths and all(full) and (options.text_column or options.label_column):
        cure = "leave --text-column and --label-column out"
        raise LabelError(f"{paths[0]} holds full rows, with `text` and `labels`; {cure}")
    names, rows, ids = LabelNames(taxonomy), list[LabelledComment](), set[str]()
    for path, is_full in zip(paths, full, strict=True):
        found = read_full_rows(path, names) if is_full else read_label_file(path, names, options, report)
        if not is_full:
            # Rows of one id go into one split, and every file may count its rows from 1.
            found = [replace(row, id=f"{path}:{row.id}") if row.id in ids else row for row in found]
        rows += with_language_codes(path, found, report)
        ids |= {row.id for row in found}
    return rows


def read_full_rows(path: Path, names: LabelNames) -> list[LabelledComment]:
    """Reads a file of the project's full rows, whose labels are ids.

    Args:
        path: A JSONL file.
        names: What the causes may be called.

    Raises:
        LabelError: the file cannot be read, a line is not a row, or a label is no cause; names file and line.
    """
    rows, unknown = list[LabelledComment](), dict[str, list[int]]()
    for number, row in numbered_comments(path):
        if NONE in row.labels:
            raise LabelError(f"{path}, line {number}: {NONE!r} is no label; write [] where no cause is stated")
        named = {*row.labels, row.primary, *(span.cause for span in row.evidence)}
        for label in sorted(named - {*names.taxonomy.ids, NONE}):
            unknown.setdefault(label, []).append(number)
        rows.append(row)
    check_known(str(path), "line", unknown, names)
    return rows


def with_language_codes(path: Path, rows: Sequence[LabelledComment], report: Report) -> list[LabelledComment]:
    """The rows of a file with plain language codes; what is none counts as not known, and is reported once."""
    codes = {written: language_code(written) for written in {row.language for row in rows}}
    if odd := sorted(written for written, code in codes.items() if code is None):
        number = sum(row.language in odd for row in rows)
        report(
            f"{path}: language {odd[0]!r} is no language code, such as nb or en; write the code, or leave it empty "
            f"(rows that count as of no known language: {number})"
        )
    return [replace(row, language=codes[row.language] or UNKNOWN) for row in rows]


def has_full_rows(path: Path) -> bool:
    """Tells whether a file is JSONL with the project's full rows, or a pipe, which is taken for that."""
    if path.is_fifo():
        return True
    kind = SUFFIXES.get(path.suffix.lower())
    if kind not in (None, "jsonl") or not path.is_file():
        return False
    content = path.read_bytes().replace(b"\0", b"")  # UTF-16 is ASCII between NULs
    return bool(_OWN_FIELDS.search(content)) if kind else content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def read_label_file(
    path: Path, names: LabelNames, options: LabelOptions, report: Report = lambda message: None
) -> list[LabelledComment]:
    """Reads one file of a text column and either one label column or one column for each cause.

    Args:
        path: A CSV, TSV, XLSX, Parquet or JSONL file.
        names: What the causes may be called.
        options: How to read it.
        report: Called with each warning.

    Raises:
        CommentFileError: the file cannot be read, or its columns are not what they should be.
        LabelError: a row is not valid; names the file and the line.
    """
    with _opened(path, options) as reader:
        columns = _columns(reader, names, options)
        for warning in _column_warnings(reader, columns):
            report(f"{path}: {warning}")
        found = LabelledRows(reader, columns, options.skip_bad_rows)
        for number, row in reader.numbered_rows():
            found.add(number, row)
    found.check()
    for warning in found.warnings():
        report(f"{path}: {warning}")
    return found.comments


def _opened(path: Path, options: LabelOptions) -> CommentReader:
    try:
        return open_comments(
            path, text_column=options.text_column, encoding=options.encoding, skip_bad_rows=options.skip_bad_rows
        )
    except ColumnError as error:
        raise _named(path, error) from error


def _columns(reader: CommentReader, names: LabelNames, options: LabelOptions) -> LabelColumns:
    sure = options.text_column is not None
    try:
        return find_label_columns(
            reader.columns, reader.text_column, names, wanted=options.label_column, text_is_sure=sure
        )
    except ColumnError as error:
        raise _named(reader.source.path, error) from error


def _named(path: Path, error: ColumnError) -> ColumnError:
    """With several files on one command line, an error must say which it is about."""
    return error if str(error).startswith(str(path)) else ColumnError(f"{path}: {error}")


def _column_warnings(reader: CommentReader, columns: LabelColumns) -> Iterator[str]:
    if reader.dialect is not None and reader.dialect.guessed:
        yield f"read as {reader.dialect.encoding}, the likeliest encoding; name another with --encoding"
    if "evidence" in reader.columns:
        yield "evidence is read from JSONL only; the column is left out"
    absent = [cause for cause in columns.names.taxonomy.ids if columns.causes and cause not in columns.causes]
    if absent:
        yield f"no column for {', '.join(absent)}; its comments count as not stating them"
