"""Labelled comments: their form, their reading and writing, and what can be wrong with one."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin

import numpy as np
from numpy.typing import NDArray

from recontact_data.errors import LabelError
from recontact_data.json_rows import read_json_rows
from recontact_data.output_file import OutputFile
from recontact_data.taxonomy import NONE, Taxonomy

LABELLED = Path(__file__).resolve().parent / "labelled"
"""Where the labelled comments lie: one `<language>.jsonl` each, with the second readings and the index beside them."""
SPLITS = ("train", "validation", "test")
NO_COMMENTS = ("second-reading.jsonl", "real-index.jsonl", "real-second-reading.jsonl")
INDUSTRIES = (
    "telecom", "broadband", "bank", "insurance", "power", "water", "parcel", "web_shop",
    "airline", "rail", "public_agency", "health", "car_repair", "streaming", "housing",
)  # fmt: skip
CHANNELS = ("phone", "chat", "chatbot", "email", "app", "branch", "letter", "social_media")
PHENOMENA = (
    "fragment", "untidy", "sarcasm", "indirect", "mixed_praise", "several", "hard_none", "negation", "past",
    "dialect", "caps", "emoji", "long", "advice", "question", "english_words", "no_diacritics", "traditional",
    "kept_promise",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Span:
    """Words that state a cause: characters `start` to `end` (excluded) of the comment."""

    cause: str
    start: int
    end: int


@dataclass(frozen=True)
class LabelledComment:
    """One comment with the causes it states.

    Attributes:
        id: Unique over all files.
        text: The comment.
        language: Language code.
        labels: Cause ids in the order of the taxonomy; empty for none.
        primary: The cause the comment presents as the reason, or `none`.
        evidence: Where each cause is stated.
        industry: One of `INDUSTRIES`.
        channel: One of `CHANNELS`.
        source: Where the comment comes from.
        split: One of `SPLITS`.
        pair: Shared by the two comments of a contrast pair.
        phenomena: Some of `PHENOMENA`.
    """

    id: str
    text: str
    language: str
    labels: tuple[str, ...]
    primary: str
    evidence: tuple[Span, ...] = ()
    industry: str = ""
    channel: str = ""
    source: str = ""
    split: str = ""
    pair: str | None = None
    phenomena: tuple[str, ...] = ()

    def to_json(self) -> str:
        """One line of JSON; empty optional fields are left out."""
        row = {k: v for k, v in asdict(self).items() if k not in {"pair", "phenomena"} or v}
        return json.dumps(row, ensure_ascii=False)


def parse_row(row: dict[str, Any]) -> LabelledComment:
    """Makes a comment of the object of one line; only `text` and `labels` must be there.

    Raises:
        LabelError: a field is missing, unknown or of the wrong type.
    """
    known = LabelledComment.__dataclass_fields__
    if unknown := sorted(set(row) - set(known)):
        raise LabelError(f"unknown field {unknown[0]!r}; known: {', '.join(known)}")
    for name in ("text", "labels"):
        if name not in row:
            raise LabelError(f"field {name!r} is missing")
    for name, value in row.items():
        _check_type(name, value, known[name].type)
    try:
        spans = tuple(Span(s["cause"], s["start"], s["end"]) for s in row.pop("evidence", []))
    except (KeyError, TypeError) as error:
        raise LabelError("each evidence needs cause, start and end") from error
    if wrong := [span.cause for span in spans if not isinstance(span.cause, str)]:
        raise LabelError(f"the cause of an evidence must be a text, not {wrong[0]!r}")
    if off := [s for s in spans if type(s.start) is not int or type(s.end) is not int]:
        raise LabelError(f"evidence {off[0].start!r}-{off[0].end!r} must be whole numbers")
    row.setdefault("primary", row["labels"][0] if row["labels"] else NONE)
    row.setdefault("id", "")
    row.setdefault("language", "und")
    lists: dict[str, Any] = {name: tuple(row.pop(name)) for name in ("labels", "phenomena") if name in row}
    return LabelledComment(**row, **lists, evidence=spans)


def _check_type(name: str, value: Any, wanted: Any) -> None:
    wants_list = get_origin(wanted) is tuple
    right = isinstance(value, list) if wants_list else isinstance(value, str)
    if not right and not (value is None and type(None) in get_args(wanted)):
        raise LabelError(f"field {name!r} must be a {'list' if wants_list else 'text'}, not {value!r}")
    if name in {"labels", "phenomena"} and not all(isinstance(entry, str) for entry in value):
        raise LabelError(f"field {name!r} must hold texts only, not {value!r}")


def problems(row: LabelledComment, taxonomy: Taxonomy) -> Iterator[str]:
    """Yields what is wrong with a row by itself, one message each."""
    if not row.text.strip():
        yield "the text is empty"
    if row.language not in taxonomy.languages:
        yield f"language {row.language!r} is not one of {', '.join(taxonomy.languages)}"
    if unknown := [label for label in row.labels if label not in taxonomy.ids]:
        yield f"label {unknown[0]!r} is not a cause; known: {', '.join(taxonomy.ids)}"
    elif list(row.labels) != [cause for cause in taxonomy.ids if cause in row.labels]:
        yield f"labels {list(row.labels)} must stand once each, in the order of the taxonomy"
    if row.primary not in (row.labels or (NONE,)):
        yield f"primary {row.primary!r} is not among the labels {list(row.labels)}"
    for name, value, known in (
        ("industry", row.industry, INDUSTRIES),
        ("channel", row.channel, CHANNELS),
        ("split", row.split, SPLITS),
    ):
        if value not in known:
            yield f"{name} {value!r} is not one of {', '.join(known)}"
    if unknown := sorted(set(row.phenomena) - set(PHENOMENA)):
        yield f"phenomenon {unknown[0]!r} is not one of {', '.join(PHENOMENA)}"
    yield from _evidence_problems(row)


def _evidence_problems(row: LabelledComment) -> Iterator[str]:
    for span in row.evidence:
        whole = all(isinstance(edge, int) for edge in (span.start, span.end))
        if not whole or not 0 <= span.start < span.end <= len(row.text):
            yield f"evidence {span.start}-{span.end} lies outside the {len(row.text)} characters of the text"
        elif row.text[span.start : span.end] != row.text[span.start : span.end].strip():
            yield f"evidence {row.text[span.start : span.end]!r} begins or ends with a space"
        if span.cause not in row.labels:
            yield f"evidence for {span.cause!r}, which is not among the labels {list(row.labels)}"
    if missing := [label for label in row.labels if label not in {span.cause for span in row.evidence}]:
        yield f"no evidence for {missing[0]!r}; mark the words that state it"


def pair_problems(rows: Sequence[LabelledComment]) -> Iterator[tuple[str, str]]:
    """Yields (row id, what is wrong) for contrast pairs."""
    pairs: dict[tuple[str, str], list[LabelledComment]] = {}
    for row in rows:
        if row.pair:
            pairs.setdefault((row.language, row.pair), []).append(row)
    for (_, name), members in pairs.items():
        if len(members) != 2:
            yield members[0].id, f"pair {name} has {len(members)} rows; a contrast pair has two"
        elif members[0].labels == members[1].labels:
            yield members[0].id, f"pair {name} has the same labels on both rows"
        elif members[0].split != members[1].split:
            yield members[0].id, f"pair {name} sits across {members[0].split} and {members[1].split}"


def read_labelled(path: Path) -> list[LabelledComment]:
    """Reads a labelled file.

    Raises:
        LabelError: the file cannot be read, or a line is not a row; names the file and the line.
    """
    return [row for _, row in numbered_comments(path)]


def numbered_comments(path: Path) -> Iterator[tuple[int, LabelledComment]]:
    """Yields the line and the comment of each row of a labelled file.

    Raises:
        LabelError: the file cannot be read, or a line is not a row; names the file and the line.
    """
    for number, found in read_json_rows(path):
        try:
            row = parse_row(found)
        except LabelError as error:
            raise LabelError(f"{path} line {number}: {error}") from error
        yield number, row if row.id else replace(row, id=f"{path.name}:{number}")


def labelled_files() -> list[Path]:
    """The labelled files that ship with the package, one a language."""
    return sorted(path for path in LABELLED.glob("*.jsonl") if path.name not in NO_COMMENTS)


def load_labelled(languages: Sequence[str] | None = None, split: str | None = None) -> list[LabelledComment]:
    """The labelled comments that ship with the package, by language and split."""
    paths = [LABELLED / f"{code}.jsonl" for code in languages] if languages else labelled_files()
    rows = [row for path in paths for row in read_labelled(path)]
    return [row for row in rows if split is None or row.split == split]


def label_matrix(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """Which causes each row states, shape (n, n_causes)."""
    return np.array([[cause in row.labels for cause in taxonomy.ids] for row in rows], dtype=bool).reshape(
        -1, len(taxonomy)
    )


def write_labelled(path: Path, rows: Iterable[LabelledComment]) -> None:
    """Writes rows as JSONL; the file appears whole or not at all."""
    file = OutputFile(path)
    try:
        file.temporary.write_text("".join(row.to_json() + "\n" for row in rows), encoding="utf-8")
        file.commit()
    finally:
        file.discard()
