"""Coverage: what a labelled set holds, language by language, and what it lacks against a requirement."""

import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from recontact_data.labels import CHANNELS, INDUSTRIES, LABELLED, SPLITS, LabelledComment
from recontact_data.taxonomy import NONE, Taxonomy

REQUIRED = LABELLED / "coverage.yaml"
UNTIDY = {"untidy", "no_diacritics", "caps", "emoji", "dialect"}
SHORT, LONG = 20, 45
"""Words up to which a comment is short, and from beyond which it is long."""
CHINESE_CHARACTERS_A_WORD = 1.7


@dataclass(frozen=True)
class Coverage:
    """What the comments of one language hold.

    Attributes:
        rows: Number of comments.
        counts: Comments by (cause or `none`, split).
        shares: Share of comments without a cause, with several, in contrast pairs, fragments, and so on.
        industries: Comments of each industry.
        channels: Comments of each channel.
        median_words: Median length in words.
        distinct_4grams: Different word 4-grams by all word 4-grams (characters in Chinese).
        traditional: Comments in Traditional Chinese.
    """

    rows: int
    counts: Mapping[tuple[str, str], int]
    shares: Mapping[str, float]
    industries: Mapping[str, int]
    channels: Mapping[str, int]
    median_words: float
    distinct_4grams: float
    traditional: int


def words(row: LabelledComment) -> float:
    """Length of a comment in words; a Chinese word is taken as 1.7 characters."""
    return len(row.text) / CHINESE_CHARACTERS_A_WORD if row.language == "zh" else len(row.text.split())


def coverage_of(rows: Sequence[LabelledComment]) -> Coverage:
    """What the comments of one language hold; `rows` must not be empty."""
    lengths = [words(row) for row in rows]
    tags = [set(row.phenomena) for row in rows]
    flags: dict[str, Sequence[bool]] = {
        "none": [not row.labels for row in rows],
        "hard_none": ["hard_none" in own for own in tags],
        "several": [len(row.labels) > 1 for row in rows],
        "paired": [row.pair is not None for row in rows],
        "fragment": ["fragment" in own for own in tags],
        "untidy": [bool(own & UNTIDY) for own in tags],
        "short": [length <= SHORT for length in lengths],
        "long": [length > LONG for length in lengths],
        "phone": [row.channel == "phone" for row in rows],
    }
    return Coverage(
        rows=len(rows),
        counts=Counter((cause, row.split) for row in rows for cause in row.labels or (NONE,)),
        shares={name: sum(found) / len(rows) for name, found in flags.items()},
        industries=Counter(row.industry for row in rows),
        channels=Counter(row.channel for row in rows),
        median_words=statistics.median(lengths),
        distinct_4grams=_distinct_4grams(rows),
        traditional=sum("traditional" in own for own in tags),
    )


def _distinct_4grams(rows: Sequence[LabelledComment]) -> float:
    """Pairs share words on purpose, so only the first row of a pair counts."""
    firsts = {row.pair: k for k, row in reversed(list(enumerate(rows)))}
    counted = [row for k, row in enumerate(rows) if row.pair is None or firsts[row.pair] == k]
    pieces = [tuple(row.text) if row.language == "zh" else row.text.casefold().split() for row in counted]
    grams = [tuple(piece[k : k + 4]) for piece in pieces for k in range(len(piece) - 3)]
    return len(set(grams)) / len(grams) if grams else 1.0


def read_required(path: Path = REQUIRED) -> dict[str, Any]:
    """The requirement of the shipped set."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def shortfalls(
    languages: Mapping[str, Coverage], taxonomy: Taxonomy, required: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yields (language, what it lacks) against the requirement."""
    for code in sorted(set(languages) - set(required["rows"])):
        yield code, f"has no requirement; add it to {REQUIRED.name}"
    for code, wanted in required["rows"].items():
        if code not in languages:
            yield code, f"has no comments; {wanted} are wanted"
            continue
        own = languages[code]
        if own.rows < wanted:
            yield code, f"has {own.rows} comments; {wanted} are wanted"
        for name, (low, high) in required["shares"].items():
            if not low <= own.shares[name] <= high:
                yield code, f"{name} is {own.shares[name]:.3f} of the comments; {low} to {high} is wanted"
        yield from ((code, lack) for lack in _scarce(own, taxonomy, required))
        if own.traditional < required["traditional"].get(code, 0):
            yield code, f"has {own.traditional} comments in Traditional Chinese; {required['traditional'][code]} wanted"
        if own.distinct_4grams < required["distinct_4grams"]:
            yield (
                code,
                (
                    f"only {own.distinct_4grams:.3f} of its 4-grams are distinct, "
                    f"{required['distinct_4grams']} is wanted; rewrite what sounds alike"
                ),
            )


def _scarce(own: Coverage, taxonomy: Taxonomy, required: Mapping[str, Any]) -> Iterator[str]:
    for cause in taxonomy.ids:
        share = required["each_main_cause" if cause in taxonomy.main_ids else "each_lesser_cause"]
        if (count := sum(own.counts[cause, split] for split in SPLITS)) < share * own.rows:
            yield f"{cause} stands in {count} comments; {math.ceil(share * own.rows)} are wanted"
    for known, found, share in (
        (INDUSTRIES, own.industries, required["each_industry"]),
        (CHANNELS, own.channels, required["each_channel"]),
    ):
        for name in known:
            if found[name] < share * own.rows:
                yield f"{name} has {found[name]} comments; {math.ceil(share * own.rows)} are wanted"


def coverage_table(languages: Mapping[str, Coverage], taxonomy: Taxonomy) -> str:
    """Two Markdown tables, a line a language: comments by cause and split, and the other figures."""
    causes = (*taxonomy.ids, NONE)
    counted = [
        [code, str(own.rows), *("/".join(str(own.counts[cause, s]) for s in SPLITS) for cause in causes)]
        for code, own in languages.items()
    ]
    names = list(next(iter(languages.values())).shares) if languages else []
    shared = [
        [code, *(f"{own.shares[n]:.2f}" for n in names), f"{own.median_words:.0f}", f"{own.distinct_4grams:.3f}"]
        for code, own in languages.items()
    ]
    return "\n\n".join(
        [
            _markdown(["", "comments", *causes], counted),
            _markdown(["", *names, "median words", "distinct 4-grams"], shared),
        ]
    )


def _markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *body))
