"""Coverage: figures that agree with those counted by hand, and what a set lacks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recontact_data.agreement import agreement, read_readings
from recontact_data.coverage import coverage_of, coverage_table, read_required, shortfalls, words
from recontact_data.labels import LABELLED, LabelledComment, load_labelled
from recontact_data.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
DATASHEET = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")


def row(text: str, *labels: str, **fields: Any) -> LabelledComment:
    standing = {"industry": "bank", "channel": "phone", "split": "train"}
    return LabelledComment("", text, "en", labels, (*labels, "none")[0], **{**standing, **fields})


ROWS = [
    row("never called back", "no_callback", phenomena=("fragment", "untidy")),
    row("They rang at once, lovely", phenomena=("hard_none",), pair="p"),
    row("They rang at last, lovely", "not_fixed_on_time", pair="p", split="test", channel="app"),
    row(" ".join(f"word{n}" for n in range(50)), "no_callback", "no_help", phenomena=("caps",), industry="rail"),
]


def test_figures_are_those_counted_by_hand() -> None:
    found = coverage_of(ROWS)
    assert found.rows == 4
    assert found.counts["no_callback", "train"] == 2
    assert found.counts["not_fixed_on_time", "test"] == 1
    assert found.counts["none", "train"] == 1
    assert found.shares == pytest.approx(
        {
            "none": 0.25,
            "hard_none": 0.25,
            "several": 0.25,
            "paired": 0.5,
            "fragment": 0.25,
            "untidy": 0.5,
            "short": 0.75,
            "long": 0.25,
            "phone": 0.75,
        }
    )
    assert found.industries == {"bank": 3, "rail": 1}
    assert found.channels == {"phone": 3, "app": 1}
    assert found.median_words == 5


def test_4grams_count_one_row_of_a_pair() -> None:
    pair = [row("they said they would call and did", pair="p"), row("they said they would call and forgot", pair="p")]
    assert coverage_of(pair).distinct_4grams == 1
    # Each has four, and they share the first three.
    assert coverage_of([replace(r, pair=None) for r in pair]).distinct_4grams == pytest.approx(5 / 8)


def test_chinese_is_counted_in_characters() -> None:
    assert words(replace(row("他们从来没有给我回过电话也没有"), language="zh")) == pytest.approx(15 / 1.7)


def test_each_lack_is_said_with_its_language_and_what_is_wanted() -> None:
    required = {**read_required(), "rows": {"en": 10, "nb": 5}, "traditional": {"en": 1}}
    said = list(shortfalls({"en": coverage_of(ROWS)}, TAXONOMY, required))
    assert ("en", "has 4 comments; 10 are wanted") in said
    assert ("nb", "has no comments; 5 are wanted") in said
    assert ("en", "phone is 0.750 of the comments; 0.1 to 0.5 is wanted") in said
    assert ("en", "recurred stands in 0 comments; 1 are wanted") in said
    assert ("en", "water has 0 comments; 1 are wanted") in said
    assert ("en", "has 0 comments in Traditional Chinese; 1 wanted") in said
    assert not any("no_callback" in lack for _, lack in said)


def test_stock_phrases_are_said() -> None:
    same = coverage_of([row("we never got a call from them again", "no_callback")] * 5)
    said = dict(shortfalls({"en": same}, TAXONOMY, {**read_required(), "rows": {"en": 1}}))
    assert "is wanted; rewrite what sounds alike" in said["en"]


def test_the_table_has_a_line_a_language_and_counts_by_split() -> None:
    lines = coverage_table({"en": coverage_of(ROWS)}, TAXONOMY).splitlines()
    assert lines[0].startswith("|  | comments | solution_failed | no_callback |")
    assert lines[2].startswith("| en | 4 | 0/0/0 | 2/0/0 |")
    assert lines[-1].startswith("| en | 0.25 |")


def test_the_datasheet_holds_the_table_of_the_shipped_files() -> None:
    rows = load_labelled()
    codes = sorted({r.language for r in rows})
    table = coverage_table({code: coverage_of([r for r in rows if r.language == code]) for code in codes}, TAXONOMY)
    assert table in DATASHEET


def test_the_datasheet_holds_the_kappas_of_the_shipped_readings() -> None:
    written, real = (
        agreement(read_readings(LABELLED / name), TAXONOMY)
        for name in ("second-reading.jsonl", "real-second-reading.jsonl")
    )
    for cause, kappa in written.kappas.items():
        assert f"| {cause} | {kappa:.2f} | {real.kappas[cause]:.2f} |" in DATASHEET
