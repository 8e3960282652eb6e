"""The check of labelled files: what it finds, what it leaves in peace, what it prints and returns."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from recontact_data.check import check_rows, check_shipped, main
from recontact_data.coverage import coverage_of
from recontact_data.labels import LabelledComment, Span, labelled_files, load_labelled, write_labelled
from recontact_data.taxonomy import Taxonomy, load_taxonomy

TEXTS = {
    "solution_failed": "The new router blinks red just like the old one",
    "no_callback": "Adjuster promised to phone on Friday, silence since",
    "needed_more_info": "After two letters they suddenly wanted a payslip too",
    "no_help": "She sighed, said not my department and hung up",
    "long_wait": "Fifty minutes of pan pipes before my battery died",
    "wrong_answer": "Chatbot swore refunds need no receipt; the shop laughed",
    "recurred": "Third leak under that same kitchen sink since March",
    "not_fixed_on_time": "Heating was due Monday, it came on Thursday week",
    "other": "Account mysteriously merged with my cousin's",
}
PRAISE = "Quick, kind, everything sorted at once!"


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


def row(number: int, text: str, *labels: str, language: str = "en", pair: str | None = None) -> LabelledComment:
    return LabelledComment(
        id=f"{language}-{number:04d}", text=text, language=language, labels=labels,
        primary=labels[0] if labels else "none", evidence=tuple(Span(label, 0, len(text)) for label in labels),
        industry="bank", channel="phone", source="written", split="test", pair=pair,
    )  # fmt: skip


def complete() -> list[LabelledComment]:
    """Rows of which nothing can be said: each cause, and none, stands in the test split."""
    rows = [row(n, text, cause) for n, (cause, text) in enumerate(TEXTS.items(), start=1)]
    return [*rows, row(10, PRAISE)]


def found(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> list[tuple[str, str]]:
    return list(check_rows(rows, taxonomy))


def test_nothing_is_said_of_right_rows(taxonomy: Taxonomy) -> None:
    assert found(complete(), taxonomy) == []


def test_a_wrong_row_is_said_with_its_id(taxonomy: Taxonomy) -> None:
    rows = complete()
    rows[3] = replace(rows[3], channel="pigeon")
    [(where, problem)] = found(rows, taxonomy)
    assert where == "en-0004"
    assert problem.startswith("channel 'pigeon' is not one of phone,")


def test_an_id_that_stands_twice_is_said_once_with_the_count(taxonomy: Taxonomy) -> None:
    rows = [*complete(), row(10, "Wonderful people, solved within minutes"), row(10, "Ten out of ten from grandma")]
    assert found(rows, taxonomy) == [("en-0010", "the id stands 3 times")]


def test_a_cause_that_the_test_split_lacks_is_said_for_its_language(taxonomy: Taxonomy) -> None:
    rows = complete()
    rows[0] = replace(rows[0], split="train")
    assert found(rows, taxonomy) == [("en", "the test split has no solution_failed")]
    assert ("en", "the test split has no none") in found(complete()[:-1], taxonomy)


def test_every_language_needs_every_cause_in_its_test_split(taxonomy: Taxonomy) -> None:
    said = found([*complete(), row(1, "Raske folk", language="nb")], taxonomy)
    assert said == [("nb", f"the test split has no {cause}") for cause in taxonomy.ids]


def paired() -> list[LabelledComment]:
    rows = complete()
    rows[1] = replace(rows[1], pair="p")
    return [*rows, row(11, "Adjuster promised to phone on Friday, and did", pair="p")]


def test_nothing_is_said_of_a_right_pair(taxonomy: Taxonomy) -> None:
    assert found(paired(), taxonomy) == []


def test_a_pair_across_splits_is_said(taxonomy: Taxonomy) -> None:
    rows = paired()
    rows[-1] = replace(rows[-1], split="train")
    assert found(rows, taxonomy) == [("en-0002", "pair p sits across test and train")]


def test_a_pair_of_one_or_three_is_said(taxonomy: Taxonomy) -> None:
    assert found(paired()[:-1], taxonomy) == [("en-0002", "pair p has 1 rows; a contrast pair has two")]
    third = row(12, "Lovely hold music, honest staff", pair="p")
    assert found([*paired(), third], taxonomy) == [("en-0002", "pair p has 3 rows; a contrast pair has two")]


def test_a_pair_with_the_same_labels_is_said(taxonomy: Taxonomy) -> None:
    rows = [*paired()[:-1], row(11, "The call they promised for Friday? Nope", "no_callback", pair="p")]
    assert found(rows, taxonomy) == [("en-0002", "pair p has the same labels on both rows")]


def test_right_files_are_counted_and_exit_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_labelled(tmp_path / "a.jsonl", complete()[:4])
    write_labelled(tmp_path / "b.jsonl", complete()[4:])
    assert main([str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "10 rows in the named files, 0 problems"


def test_each_problem_is_a_printed_line_and_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    write_labelled(path, [*complete(), replace(row(11, PRAISE), phenomena=("odd",))])
    assert main([str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].startswith("en-0011: phenomenon 'odd' is not one of")
    assert lines[-2] == "en-0011: nearly the same as en-0010"
    assert lines[-1] == "11 rows in the named files, 2 problems"


def test_a_file_that_cannot_be_read_is_one_printed_line_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jsonl").write_text("{}\n", encoding="utf-8")
    for name, said in (("absent.jsonl", "cannot read"), ("bad.jsonl", "bad.jsonl line 1: field 'text' is missing")):
        assert main([str(tmp_path / name)]) == 1
        out = capsys.readouterr().out
        assert out.startswith("error: ")
        assert said in out
        assert out.count("\n") == 1


def test_rows_can_be_checked_against_a_taxonomy_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "languages: [en]\nnone: {name: None, description: Nothing}\n"
        "causes: [{id: billing, name: Billing, description: The bill, action: Check}]\n",
        encoding="utf-8",
    )
    path = tmp_path / "a.jsonl"
    write_labelled(path, [row(1, "Charged twice", "billing"), row(2, PRAISE)])
    assert main([str(path), "--taxonomy", str(own)]) == 0
    assert main([str(path)]) == 1
    assert "en-0001: label 'billing' is not a cause" in capsys.readouterr().out
    assert main([str(path), "--taxonomy", str(tmp_path / "absent.yaml")]) == 1
    assert capsys.readouterr().out.startswith("error: cannot read the taxonomy")


@pytest.mark.slow
@pytest.mark.timeout(1800)  # compares every two comments of a language; the machine may be busy
def test_nothing_is_wrong_with_the_shipped_comments(taxonomy: Taxonomy, capsys: pytest.CaptureFixture[str]) -> None:
    assert {path.stem for path in labelled_files()} == set(taxonomy.languages)
    assert main(["--easiness"]) == 0, capsys.readouterr().out


def test_what_the_shipped_set_lacks_is_said(taxonomy: Taxonomy) -> None:
    rows = load_labelled(["nb"])[:200]
    said = dict(check_shipped(rows, {"nb": coverage_of(rows)}, taxonomy))
    assert "comments; 950 are wanted" in said["da"]
    assert "nb" in said


def test_a_file_without_comments_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text("", encoding="utf-8")
    assert main([str(tmp_path / "a.jsonl")]) == 1
    assert capsys.readouterr().out == "error: there are no comments to check; name files that hold some\n"


def test_stock_phrases_are_too_easy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = [(c, t, s) for c, t in TEXTS.items() for s in ("train", "validation", "test") for _ in range(9)]
    rows = [replace(row(n, f"{text} {n}", cause), split=split) for n, (cause, text, split) in enumerate(kinds)]
    write_labelled(tmp_path / "a.jsonl", rows)
    assert main([str(tmp_path / "a.jsonl"), "--easiness"]) == 1
    assert "at most 0.65 is wanted; rewrite stock phrases" in capsys.readouterr().out


def test_easiness_is_printed_and_needs_all_three_splits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    write_labelled(path, complete())
    assert main([str(path), "--easiness"]) == 1
    assert "needs rows of all three splits, and there are no train rows" in capsys.readouterr().out
