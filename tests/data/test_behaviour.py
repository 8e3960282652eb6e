"""Behavioural cases: the shipped ones are as the datasheet says, and a wrong one is named with its file and line."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from recontact_data.behaviour import (
    KINDS,
    BehaviourCase,
    behaviour_files,
    kinds_table,
    read_cases,
    shipped_problems,
)
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
DATASHEET = (Path(__file__).parents[2] / "data" / "README.md").read_text(encoding="utf-8")
RIGHT: dict[str, Any] = {
    "kind": "promise_broken", "language": "en", "texts": ["They never rang"],
    "stated": ["no_callback"], "absent": ["recurred"],
}  # fmt: skip
PAIR: dict[str, Any] = {**RIGHT, "kind": "letter_case", "texts": ["They never rang", "THEY NEVER RANG"]}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_case_written_is_the_case_read(tmp_path: Path) -> None:
    found = read_cases([written(tmp_path / "a.jsonl", RIGHT)], TAXONOMY)
    assert found == [BehaviourCase("promise_broken", "en", ("They never rang",), ("no_callback",), ("recurred",))]


def test_a_variant_may_differ_from_its_original_in_case_alone(tmp_path: Path) -> None:
    [found] = read_cases([written(tmp_path / "a.jsonl", PAIR)], TAXONOMY)
    assert found.texts == ("They never rang", "THEY NEVER RANG")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "weather"}, "kind 'weather' is not one of promise_kept, promise_broken,"),
        ({"language": "xx"}, "language 'xx' is not one of"),
        ({"texts": ["a", "b"]}, "2 texts; a case of kind 'promise_broken' has 1"),
        ({"texts": []}, "0 texts; a case of kind 'promise_broken' has 1"),
        ({"kind": "typos"}, "1 texts; a case of kind 'typos' has 2"),
        ({"kind": "typos", "texts": ["same", "same"]}, "both texts are 'same'; the second must be a variant"),
        ({"texts": [" \n"]}, "a text is empty"),
        ({"stated": ["rain"]}, "'rain' is not a cause; known: solution_failed,"),
        ({"absent": ["rain"]}, "'rain' is not a cause; known: solution_failed,"),
        ({"stated": ["*"]}, "'*' is not a cause"),
        ({"absent": ["*", "recurred"]}, "names causes beside '*', which stands for all"),
        ({"absent": ["no_callback"]}, "cause 'no_callback' stands twice in stated and absent"),
        ({"stated": ["no_callback", "no_callback"]}, "cause 'no_callback' stands twice in stated and absent"),
        ({"stated": [], "absent": []}, "stated and absent are both empty"),
        ({"texts": "They never rang"}, "'texts' must be a list of texts"),
        ({"kind": None}, "'kind' must be a text, not None"),
        ({"note": "x"}, "unknown field 'note'; known: kind, language, texts, stated, absent"),
    ],
)
def test_a_wrong_case_is_said_with_its_file_and_line(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    other = {**RIGHT, "texts": ["Nobody wrote back"]}
    path = written(tmp_path / "a.jsonl", other, {**RIGHT, **changes})
    with pytest.raises(LabelError) as raised:
        read_cases([path], TAXONOMY)
    assert str(raised.value).startswith(f"{path} line 2: ")
    assert said in str(raised.value)


def test_a_missing_field_is_said(tmp_path: Path) -> None:
    row = {name: value for name, value in RIGHT.items() if name != "absent"}
    with pytest.raises(LabelError, match=r"line 1: 'absent' must be a list of texts, not None"):
        read_cases([written(tmp_path / "a.jsonl", row)], TAXONOMY)


def test_a_text_that_stands_in_two_cases_is_said_with_both_places(tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", RIGHT)
    second = written(tmp_path / "b.jsonl", {**PAIR, "texts": ["They rang", "they  NEVER rang"]})
    with pytest.raises(LabelError) as raised:
        read_cases([first, second], TAXONOMY)
    assert str(raised.value).startswith(f"{second} line 1: the text 'they  NEVER rang' stands in {first} line 1")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"cannot read .*absent\.jsonl"):
        read_cases([tmp_path / "absent.jsonl"], TAXONOMY)


def test_the_shipped_cases_are_six_of_each_kind_in_each_of_eight_languages() -> None:
    cases = read_cases(behaviour_files(), TAXONOMY)
    counts = Counter((case.kind, case.language) for case in cases)
    languages = {path.stem for path in behaviour_files()}
    assert languages == {"bg", "da", "de", "en", "nb", "ru", "sv", "zh"}
    assert counts == {(kind, code): 6 for kind in KINDS for code in languages}


def test_the_datasheet_holds_the_table_and_the_number_of_the_shipped_cases() -> None:
    cases = read_cases(behaviour_files(), TAXONOMY)
    assert kinds_table(cases) in DATASHEET
    assert f"{len(cases):,} cases" in DATASHEET


def complete(language: str = "en") -> list[BehaviourCase]:
    """A case of each kind, no two alike."""
    made = []
    for number, (name, kind) in enumerate(KINDS.items()):
        texts = tuple(f"{kind.tries} {chr(97 + number % 26) * (5 + number)} {part}" for part in range(kind.texts))
        made.append(BehaviourCase(name, language, texts, (), ("*",)))
    return made


def test_nothing_is_said_of_cases_of_every_kind() -> None:
    assert list(shipped_problems(complete(), [])) == []


def test_a_kind_that_a_language_lacks_is_said() -> None:
    said = list(shipped_problems([*complete(), *complete("nb")[1:]], []))
    assert said == [("nb", "has no behavioural case of kind promise_kept")]


def test_a_case_that_nearly_repeats_a_labelled_comment_is_said() -> None:
    case = BehaviourCase("typos", "en", ("They never ever rang me", "They nevr ever rang me"), ("no_callback",), ())
    rows = [
        LabelledComment(f"{code}-0001", "they never rang me", code, ("no_callback",), "no_callback")
        for code in ("en", "nb")
    ]
    said = list(shipped_problems([*complete(), case], rows))
    assert said == [
        ("typos (en) 'They never ever rang me'", "nearly the same as en-0001"),
        ("typos (en) 'They nevr ever rang me'", "nearly the same as en-0001"),
    ]
