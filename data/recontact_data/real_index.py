"""Labels of real comments whose texts are elsewhere: an index of ids and hashes, joined to whoever has the texts."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from recontact_data.errors import LabelError
from recontact_data.json_rows import check_lists, check_texts, read_json_rows
from recontact_data.labels import LABELLED, LabelledComment
from recontact_data.taxonomy import NONE, Taxonomy

INDEX = LABELLED / "real-index.jsonl"


@dataclass(frozen=True)
class IndexRow:
    """What a real comment states, without its text.

    Attributes:
        id: Its name in messages and readings.
        sha256: Hash of the text in UTF-8, in hexadecimal, by which it is found.
        language: Language code.
        labels: Cause ids in the order of the taxonomy; empty for none.
        primary: The cause the comment presents as the reason, or `none`.
        split: `validation` or `test`; nothing is trained on real comments.
        chosen: How it came into the index: `random` or `keyword`.
    """

    id: str
    sha256: str
    language: str
    labels: tuple[str, ...]
    primary: str
    split: str
    chosen: str

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


def read_index(path: Path = INDEX) -> list[IndexRow]:
    """Reads an index.

    Raises:
        LabelError: the file cannot be read, or a line is no row of an index; names the file and the line.
    """
    rows = []
    for number, row in read_json_rows(path):
        try:
            check_texts(row, "id", "sha256", "language", "primary", "split", "chosen")
            check_lists(row, "labels")
            rows.append(IndexRow(**{**row, "labels": tuple(row["labels"])}))
        except (LabelError, TypeError) as error:
            raise LabelError(f"{path} line {number} is no row of an index: {error}") from error
    return rows


def join_texts(index: Sequence[IndexRow], texts: Path) -> list[LabelledComment]:
    """The comments of an index, with their texts from a JSONL file of `text`, found by their hash.

    Raises:
        LabelError: the file cannot be read, or lacks comments of the index.
    """
    found = {}
    for number, row in read_json_rows(texts):
        try:
            check_texts(row, "text")
        except LabelError as error:
            raise LabelError(f"{texts} line {number}: {error}") from error
        found[text_hash(row["text"])] = row["text"]
    lost = [row.id for row in index if row.sha256 not in found]
    if lost:
        raise LabelError(
            f"{texts} lacks {len(lost)} of the {len(index)} comments of the index (first: {lost[0]}); "
            "pass the file that the index was made from, its texts unchanged"
        )
    return [
        LabelledComment(r.id, found[r.sha256], r.language, r.labels, r.primary, source="real", split=r.split)
        for r in index
    ]


def index_problems(index: Sequence[IndexRow], taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """Yields (id, what is wrong) for the rows of an index."""
    for row_id, count in Counter(row.id for row in index).items():
        if count > 1:
            yield row_id, f"stands {count} times in the index"
    for row in index:
        if list(row.labels) != [cause for cause in taxonomy.ids if cause in row.labels]:
            yield row.id, f"labels {list(row.labels)} must be causes, once each, in the order of the taxonomy"
        if row.primary not in (row.labels or (NONE,)):
            yield row.id, f"primary {row.primary!r} is not among the labels {list(row.labels)}"
        if row.language not in taxonomy.languages:
            yield row.id, f"language {row.language!r} is not one of {', '.join(taxonomy.languages)}"
        if not re.fullmatch("[0-9a-f]{64}", row.sha256):
            yield row.id, f"sha256 {row.sha256!r} is not 64 hexadecimal digits"
        if row.split not in ("validation", "test"):
            yield row.id, f"split {row.split!r} is not validation or test; nothing is trained on real comments"
        if row.chosen not in ("random", "keyword"):
            yield row.id, f"chosen {row.chosen!r} is not random or keyword"


def text_hash(text: str) -> str:
    """Hash by which an index knows a text."""
    return hashlib.sha256(text.encode()).hexdigest()
