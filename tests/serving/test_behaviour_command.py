"""`recontact check-behaviour`: failure rates by kind, examples, and an exit code that a build can act on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, str]]
CALLED = ["they never called back and the boiler is old", "THEY NEVER CALLED BACK AND THE BOILER IS OLD"]


def case(kind: str, texts: list[str], stated: list[str], absent: list[str], language: str = "en") -> dict[str, Any]:
    return {"kind": kind, "language": language, "texts": texts, "stated": stated, "absent": absent}


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """Cases that the toy model passes, but for the sarcasm, whose cause it has never seen."""
    rows = [
        case("plain_praise", ["friendly and quick!!"], [], ["*"]),
        case("letter_case", CALLED, ["no_callback"], []),
        case("sarcasm", ["I moved in May, friendly and quick"], ["recurred"], [], "nb"),
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def rows_of(printed: str) -> dict[str, list[str]]:
    """The words of each line of the table by its first."""
    return {words[0]: words[1:] for words in map(str.split, printed.splitlines()) if words}


def test_kinds_stand_worst_first_with_rate_interval_and_languages(
    recontact: Run, cases: Path, model_folder: Path
) -> None:
    code, printed = recontact("check-behaviour", model_folder, cases)
    assert code == 0, printed
    assert ", 3 behavioural cases" in printed
    table = rows_of(printed)
    assert table["kind"] == ["cases", "failed", "95%", "wrong", "en", "nb"]
    assert table["sarcasm"] == ["1", "100.0", "21-100", "100"]
    assert table["plain_praise"] == ["1", "0.0", "0-79", "0"]
    assert table["letter_case"] == ["1", "0.0", "0-79", "0.0", "0"]
    assert table["all"] == ["3", "33.3", "6-79", "0.0", "0", "100"]
    order = [name for name in table if name in ("sarcasm", "letter_case", "plain_praise", "negation", "others", "all")]
    assert order == ["sarcasm", "plain_praise", "letter_case", "others", "all"]


def test_examples_are_shown_on_request(recontact: Run, cases: Path, model_folder: Path) -> None:
    _, without = recontact("check-behaviour", model_folder, cases)
    assert "I moved in May" not in without
    _, printed = recontact("check-behaviour", model_folder, cases, "--examples", 1)
    assert "sarcasm: praise by its words, a failure by its meaning" in printed
    assert "  nb  none: I moved in May, friendly and quick\n      missing: recurred\n" in printed


def test_figures_are_written_as_json(recontact: Run, cases: Path, model_folder: Path) -> None:
    path = cases.parent / "figures.json"
    code, printed = recontact("check-behaviour", model_folder, cases, "-o", path)
    assert code == 0, printed
    [(version, found)] = json.loads(path.read_text(encoding="utf-8")).items()
    assert version.startswith("toy@")
    assert found["kinds"]["sarcasm"]["failures"]["share"] == 1
    assert found["languages"]["en"]["failures"]["cases"] == 2


def test_a_kind_above_the_limit_exits_1_and_is_named(recontact: Run, cases: Path, model_folder: Path) -> None:
    figures = cases.parent / "figures.json"
    code, printed = recontact("check-behaviour", model_folder, cases, "--max-failure", 0.15, "-o", figures)
    assert code == 1
    said = (
        "recontact: more than 15.0% of the cases fail in 1 of 3 kinds: sarcasm (1 of 1); --examples shows some of them"
    )
    assert printed.endswith(said + "\n")
    assert figures.exists()
    assert recontact("check-behaviour", model_folder, cases, "--max-failure", 1)[0] == 0
    assert recontact("check-behaviour", model_folder, cases, "--max-failure", 0, "--kind", "letter_case")[0] == 0


def test_only_the_languages_and_kinds_asked_for_are_judged(recontact: Run, cases: Path, model_folder: Path) -> None:
    _, printed = recontact("check-behaviour", model_folder, cases, "--language", "en", "--kind", "letter_case")
    assert ", 1 behavioural cases" in printed
    assert "plain_praise" not in printed
    _, printed = recontact("check-behaviour", model_folder, cases, "--language", "en", "--language", "nb")
    assert ", 3 behavioural cases" in printed


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--language", "fr"], 2, "no case has 'fr'; there are en, nb"),
        (["--kind", "weather"], 2, "no case has 'weather'; there are plain_praise, letter_case, sarcasm"),
        (["--language", "nb", "--kind", "letter_case"], 1, "there are no cases to judge by; check --kind"),
        (["--max-failure", "15"], 2, "--max-failure"),
        (["--examples", "-1"], 2, "--examples"),
    ],
)
def test_what_cannot_be_judged_is_said(
    recontact: Run,
    cases: Path,
    model_folder: Path,
    options: list[str],
    code: int,
    said: str,
) -> None:
    found, printed = recontact("check-behaviour", model_folder, cases, *options)
    assert found == code
    # Wrong use is printed in a frame, whose lines break anywhere.
    assert said in " ".join(printed.replace("│", " ").split())


def test_a_wrong_file_is_one_line_with_its_place(recontact: Run, tmp_path: Path, model_folder: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text(json.dumps(case("weather", ["rain"], [], ["*"])) + "\n", encoding="utf-8")
    code, printed = recontact("check-behaviour", model_folder, path)
    assert code == 1
    assert printed.startswith(f"recontact: {path} line 1: kind 'weather' is not one of")
    assert printed.count("\n") == 1


def test_without_files_the_shipped_cases_are_judged(recontact: Run, model_folder: Path) -> None:
    code, printed = recontact("check-behaviour", model_folder, "--kind", "typos", "--language", "sv")
    assert code == 0, printed
    assert ", 6 behavioural cases" in printed
    assert rows_of(printed)["typos"][0] == "6"
