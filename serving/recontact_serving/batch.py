"""Batch: classifies a file of comments into another file, chunk by chunk."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from recontact import CauseClassifier, Prediction
from recontact_data.comments import CommentReader, Row, check_target, open_comments, open_writer, text_of
from recontact_data.redact import Kind
from recontact_data.redacted_files import CommentRedaction
from recontact_serving.answer_columns import AnswerColumns

CHUNK = 128

Path_ = Path | Literal["-"]
Progress = Callable[[int, CommentReader], None]


@dataclass
class Summary:
    """What was found in a file.

    Attributes:
        comments: Rows classified.
        causes: Comments that state each cause, and `none`; a comment counts for each of its causes.
        languages: Comments by language.
        needs_review: Comments that a person should look at.
        truncated: Comments that were too long to be read to the end.
        seconds: Time taken.
        bad_rows: Broken rows set aside.
        bad_rows_path: Where to.
        redacted: Comments in which personal data was masked.
        redacted_kinds: Those in which each kind of it was.
    """

    comments: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    needs_review: int = 0
    truncated: int = 0
    seconds: float = 0.0
    bad_rows: int = 0
    bad_rows_path: Path | None = None
    redacted: int = 0
    redacted_kinds: Counter[Kind] = field(default_factory=Counter)

    def add(self, predictions: Sequence[Prediction]) -> None:
        """Counts the answers of a chunk."""
        for prediction in predictions:
            self.causes.update(prediction.causes or (prediction.cause,))
            self.languages[prediction.language] += 1
            self.needs_review += prediction.needs_review
            self.truncated += prediction.truncated
        self.comments += len(predictions)


def classify_file(
    classifier: CauseClassifier,
    source: Path_,
    target: Path_,
    *,
    text_column: str | None = None,
    encoding: str | None = None,
    format: str | None = None,
    skip_bad_rows: bool = False,
    evidence: bool = False,
    redact: bool = False,
    progress: Progress = lambda done, reader: None,
) -> Summary:
    """Classifies every row of a file; the output appears whole or not at all.

    Args:
        classifier: The model.
        source: CSV, TSV, XLSX, Parquet or JSONL; "-" for standard input.
        target: Likewise; "-" for standard output.
        text_column: Column of the comments; None where there is one obvious choice.
        encoding: Codec of a text file; None to find it.
        format: Format of standard input; None to find it.
        skip_bad_rows: Whether broken rows go to a file of their own beside the output (where one side is
            a pipe: where `open_comments` puts it).
        evidence: Whether to add the words that state each cause.
        redact: Whether personal data in the comments is masked, before the model reads them and in the output.
        progress: Called with the rows done and the reader after each chunk.

    Raises:
        CommentFileError: a file cannot be read or written, or a row is broken.
        ColumnError: the text column is not found, or a column has the name of an added one.
    """
    check_target(source, target)
    summary, begun = Summary(), time.perf_counter()
    added = AnswerColumns(classifier.taxonomy, evidence)
    aside = None if "-" in (str(source), str(target)) else _bad_rows_beside(Path(target), Path(source).suffix)
    reader = open_comments(
        source,
        text_column=text_column,
        chunk_rows=CHUNK,
        encoding=encoding,
        format=format,
        skip_bad_rows=skip_bad_rows,
        bad_rows_path=aside,
        reserved=added.names,
    )
    redaction = CommentRedaction(reader) if redact else None
    with reader, open_writer(target, [*reader.columns, *added.names], like=reader) as writer:
        for read in reader:
            rows = redaction.rows(read) if redaction else read
            writer.write(_classified(classifier, rows, reader.text_column, added, summary))
            progress(summary.comments, reader)
        if redaction:
            summary.redacted, summary.redacted_kinds = redaction.comments, redaction.kinds
        summary.bad_rows, summary.bad_rows_path = reader.bad_rows, reader.bad_rows_path
    summary.seconds = time.perf_counter() - begun
    return summary


def _bad_rows_beside(target: Path, suffix: str) -> Path:
    return target.parent / f"{target.stem}.bad-rows{suffix}"


def _classified(
    classifier: CauseClassifier, rows: list[Row], column: str, added: AnswerColumns, summary: Summary
) -> list[Row]:
    texts = [text_of(row, column) for row in rows]
    predictions = classifier.classify(texts)
    summary.add(predictions)
    return [row | added.cells(text, found) for row, text, found in zip(rows, texts, predictions, strict=True)]
