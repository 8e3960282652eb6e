"""Agreement: kappas that agree with those worked out by hand, and readings that cannot be trusted."""

import math
from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score

from recontact_data.agreement import Reading, agreement, agreement_table, cohen_kappa, main, read_readings
from recontact_data.agreement import reading_problems as problems
from recontact_data.errors import LabelError
from recontact_data.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()


def reading(number: int, first: tuple[str, ...], second: tuple[str, ...]) -> Reading:
    return Reading(f"en-{number:04d}", first, (*first, "none")[0], second, (*second, "none")[0])


READINGS = [
    reading(1, ("no_help",), ("no_help",)),
    reading(2, ("no_help", "no_callback"), ("no_callback", "no_help")),
    reading(3, (), ("no_help",)),
    reading(4, (), ()),
]


def test_kappa_is_one_for_the_same_answers_and_zero_for_chance() -> None:
    assert cohen_kappa([True, False, True], [True, False, True]) == 1
    assert cohen_kappa([True, True, False, False], [True, False, True, False]) == 0
    assert math.isnan(cohen_kappa([False, False], [False, False]))
    assert math.isnan(cohen_kappa([], []))


def test_kappa_is_that_of_scikit_learn() -> None:
    first, second = [True, False, True, True, False, False, True], [True, True, True, False, False, False, True]
    assert cohen_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))


def test_agreement_is_that_worked_out_by_hand() -> None:
    found = agreement(READINGS, TAXONOMY)
    assert found.readings == 4
    assert found.kappas["no_callback"] == 1
    assert found.kappas["no_help"] == pytest.approx((3 / 4 - 1 / 2) / (1 / 2))  # 2 of 4 and 3 of 4 said it
    assert found.kappas["none"] == pytest.approx((3 / 4 - 1 / 2) / (1 / 2))
    assert math.isnan(found.kappas["recurred"])
    assert found.exact == 3 / 4  # the order of causes does not matter
    assert found.primary == 2 / 4


def test_a_reading_twice_or_of_no_row_and_too_few_readings_are_said() -> None:
    languages = {f"en-{n:04d}": "en" for n in range(1, 31)}
    said = list(problems([*READINGS, READINGS[0], reading(99, (), ())], languages, TAXONOMY, share=0.2))
    assert ("en-0001", "was read 2 times by the second reader") in said
    assert ("en-0099", "was read by the second reader and is not there; take the reading out") in said
    assert ("en", "5 of 30 comments had a second reading; 20% are wanted") in said
    assert list(problems(READINGS, languages, TAXONOMY, share=0.1)) == []


def test_an_unknown_cause_and_a_primary_that_was_not_named_are_said() -> None:
    wrong = Reading("en-0001", ("no_hlep",), "no_hlep", ("no_help",), "none")
    said = [problem for _, problem in problems([wrong], {"en-0001": "en"}, TAXONOMY, share=1)]
    assert said[0].startswith("a reader named 'no_hlep', which is no cause")
    assert said[1] == "a reader's primary 'none' is not among the causes ['no_help']"


def test_the_table_has_a_line_a_cause() -> None:
    table = agreement_table(agreement(READINGS, TAXONOMY))
    assert "| no_callback | 1.00 |" in table
    assert table.endswith("4 comments; same causes 0.750, same primary cause 0.500")


def test_readings_are_read_and_a_broken_line_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "second-reading.jsonl"
    line = '{"id": "en-0001", "first": ["no_help"], "first_primary": "no_help", "second": [], "second_primary": "none"}'
    path.write_text(line + "\n", encoding="utf-8")
    assert read_readings(path) == [Reading("en-0001", ("no_help",), "no_help", (), "none")]
    assert main([str(path)]) == 0
    assert "1 comments; same causes 0.000" in capsys.readouterr().out
    path.write_text(line + '\n\n{"id": "en-0002"}\n', encoding="utf-8")
    with pytest.raises(LabelError, match=r"line 3 is no reading: field .first_primary. is missing"):
        read_readings(path)
    assert main([str(path)]) == 1
    assert capsys.readouterr().out.startswith("error: ")
