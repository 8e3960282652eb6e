"""Labelled comments: their reading and writing, and what is said of a wrong row."""

import json
import re
from collections.abc import Sequence
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact_data.errors import LabelError
from recontact_data.labels import (
    CHANNELS,
    INDUSTRIES,
    PHENOMENA,
    SPLITS,
    LabelledComment,
    Span,
    load_labelled,
    parse_row,
    problems,
    read_labelled,
    write_labelled,
)
from recontact_data.taxonomy import Taxonomy, load_taxonomy

GOOD = LabelledComment(
    id="en-0001", text="They never rang back, and the queue took an hour", language="en",
    labels=("no_callback", "long_wait"), primary="no_callback",
    evidence=(Span("no_callback", 0, 20), Span("long_wait", 26, 48)),
    industry="bank", channel="phone", source="written", split="train", phenomena=("several",),
)  # fmt: skip


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


def changed(**changes: Any) -> dict[str, Any]:
    return json.loads(GOOD.to_json()) | changes


def complaint(row: dict[str, Any]) -> str:
    with pytest.raises(LabelError) as caught:
        parse_row(row)
    assert "\n" not in str(caught.value)
    return str(caught.value)


spans = st.builds(Span, cause=st.text(), start=st.integers(), end=st.integers())
texts = st.lists(st.text(), max_size=3).map(tuple)
comments = st.builds(
    LabelledComment,
    id=st.text(), text=st.text(), language=st.text(), labels=texts, primary=st.text(),
    evidence=st.lists(spans, max_size=3).map(tuple), industry=st.text(), channel=st.text(), source=st.text(),
    split=st.text(), pair=st.none() | st.text(min_size=1), phenomena=texts,
)  # fmt: skip


@given(comments)
def test_what_is_written_as_json_is_read_back_the_same(comment: LabelledComment) -> None:
    assert parse_row(json.loads(comment.to_json())) == comment


@given(comments)
def test_a_row_is_one_line(comment: LabelledComment) -> None:
    assert "\n" not in comment.to_json()
    assert "\r" not in comment.to_json()


def test_empty_optional_fields_are_left_out_of_the_json() -> None:
    row = json.loads(replace(GOOD, phenomena=()).to_json())
    assert not {"pair", "phenomena"} & set(row)
    assert json.loads(replace(GOOD, pair="en-1").to_json())["pair"] == "en-1"


def test_letters_of_every_language_are_written_as_they_are() -> None:
    assert "не ме 你好 øå😀" in replace(GOOD, text="не ме 你好 øå😀").to_json()


def test_a_row_needs_only_id_text_language_labels_and_primary() -> None:
    row = parse_row({"id": "1", "text": "ok", "language": "en", "labels": [], "primary": "none"})
    assert row == LabelledComment("1", "ok", "en", (), "none")


def test_rows_and_spans_are_frozen() -> None:
    for thing, field in ((GOOD, "text"), (GOOD.evidence[0], "end")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, field, "changed")


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"id": 1,}', "line 1: not valid JSON"), ("[]", "a list where a JSON object is due"), ("3", "a number where")],
)
def test_a_line_that_is_no_object_is_said_with_its_number(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.jsonl").write_text(text + "\n", encoding="utf-8")
    with pytest.raises(LabelError, match=re.escape(said)):
        read_labelled(tmp_path / "a.jsonl")


def test_an_unknown_field_is_named_with_the_known_ones() -> None:
    message = complaint(changed(colour="red"))
    assert message.startswith("unknown field 'colour'; known: id, text, language")


def test_text_and_labels_are_enough() -> None:
    row = parse_row({"text": "nobody called", "labels": ["no_callback"]})
    assert (row.id, row.language, row.primary) == ("", "und", "no_callback")
    assert parse_row({"text": "fine", "labels": []}).primary == "none"


@pytest.mark.parametrize("name", ["text", "labels"])
def test_a_missing_field_is_named(name: str) -> None:
    row = json.loads(GOOD.to_json())
    del row[name]
    assert complaint(row) == f"field {name!r} is missing"


@pytest.mark.parametrize("name", ["id", "text", "language", "primary", "industry", "split", "pair"])
def test_a_field_that_must_be_a_text_is_named_with_its_value(name: str) -> None:
    assert complaint(changed(**{name: 7})) == f"field {name!r} must be a text, not 7"


@pytest.mark.parametrize("name", ["labels", "evidence", "phenomena"])
@pytest.mark.parametrize("value", ["no_callback", None, {"a": 1}])
def test_a_field_that_must_be_a_list_is_named_with_its_value(name: str, value: Any) -> None:
    assert complaint(changed(**{name: value})) == f"field {name!r} must be a list, not {value!r}"


@pytest.mark.parametrize("name", ["labels", "phenomena"])
@pytest.mark.parametrize("value", [[1], [["no_callback"]], ["a", None]])
def test_labels_and_phenomena_hold_texts_only(name: str, value: list[Any]) -> None:
    assert complaint(changed(**{name: value})) == f"field {name!r} must hold texts only, not {value!r}"


@pytest.mark.parametrize("span", [{"cause": "no_callback", "start": 0}, "no_callback", 5, None])
def test_an_evidence_needs_cause_start_and_end(span: Any) -> None:
    assert complaint(changed(evidence=[span])) == "each evidence needs cause, start and end"


def test_the_cause_of_an_evidence_must_be_a_text() -> None:
    span = {"cause": ["no_callback"], "start": 0, "end": 3}
    assert "cause of an evidence must be a text, not ['no_callback']" in complaint(changed(evidence=[span]))


def test_nothing_is_said_of_a_good_row(taxonomy: Taxonomy) -> None:
    assert list(problems(GOOD, taxonomy)) == []
    assert list(problems(replace(GOOD, labels=(), primary="none", evidence=()), taxonomy)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": " \n"}, "the text is empty"),
        ({"language": "xx"}, "language 'xx' is not one of nb, nn,"),
        ({"labels": ("no_callback", "weather")}, "label 'weather' is not a cause; known: solution_failed,"),
        ({"labels": ("none",)}, "label 'none' is not a cause"),
        ({"labels": ("long_wait", "no_callback")}, "must stand once each, in the order of the taxonomy"),
        ({"labels": ("no_callback", "no_callback")}, "must stand once each, in the order of the taxonomy"),
        ({"primary": "recurred"}, "primary 'recurred' is not among the labels ['no_callback', 'long_wait']"),
        ({"primary": "none"}, "primary 'none' is not among the labels"),
        ({"labels": (), "evidence": ()}, "primary 'no_callback' is not among the labels []"),
        ({"industry": "circus"}, f"industry 'circus' is not one of {', '.join(INDUSTRIES)}"),
        ({"channel": "pigeon"}, f"channel 'pigeon' is not one of {', '.join(CHANNELS)}"),
        ({"split": "dev"}, f"split 'dev' is not one of {', '.join(SPLITS)}"),
        ({"split": ""}, "split '' is not one of"),
        ({"phenomena": ("caps", "shouting")}, f"phenomenon 'shouting' is not one of {', '.join(PHENOMENA)}"),
    ],
)
def test_each_wrong_field_is_said_with_its_value(taxonomy: Taxonomy, changes: dict[str, Any], said: str) -> None:
    assert any(said in problem for problem in problems(replace(GOOD, **changes), taxonomy))


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (Span("long_wait", 26, 49), "evidence 26-49 lies outside the 48 characters of the text"),
        (Span("long_wait", -1, 4), "evidence -1-4 lies outside"),
        (Span("long_wait", 30, 30), "evidence 30-30 lies outside"),
        (Span("long_wait", 9, 5), "evidence 9-5 lies outside"),
        (Span("long_wait", 25, 30), "evidence ' the ' begins or ends with a space"),
        (Span("no_help", 26, 48), "evidence for 'no_help', which is not among the labels"),
    ],
)
def test_each_wrong_evidence_is_said_with_its_place(taxonomy: Taxonomy, span: Span, said: str) -> None:
    row = replace(GOOD, evidence=(*GOOD.evidence, span))
    assert [said in problem for problem in problems(row, taxonomy)] == [True]


def test_offsets_that_are_no_whole_numbers_are_said() -> None:
    said = complaint(changed(evidence=[{"cause": "no_callback", "start": "0", "end": 2.5}]))
    assert said == "evidence '0'-2.5 must be whole numbers"


def test_a_label_without_evidence_is_said(taxonomy: Taxonomy) -> None:
    row = replace(GOOD, evidence=GOOD.evidence[:1])
    assert list(problems(row, taxonomy)) == ["no evidence for 'long_wait'; mark the words that state it"]


def test_every_problem_of_a_row_is_said_at_once(taxonomy: Taxonomy) -> None:
    assert len(list(problems(replace(GOOD, language="xx", channel="pigeon", split="dev"), taxonomy))) == 3


def test_labels_are_judged_by_the_taxonomy_given(taxonomy: Taxonomy) -> None:
    smaller = replace(taxonomy, causes=taxonomy.causes[:2])
    assert any("label 'long_wait' is not a cause" in problem for problem in problems(GOOD, smaller))


def test_rows_written_to_a_file_are_read_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    rows = [GOOD, replace(GOOD, id="en-0002", text="one\ntwo\r\nthree\u2028four\x85 five")]
    write_labelled(path, iter(rows))
    assert read_labelled(path) == rows
    assert [file.name for file in tmp_path.iterdir()] == ["own.jsonl"]


def test_a_write_that_fails_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    write_labelled(path, [GOOD])
    broken: Sequence[Any] = [GOOD, None]
    with pytest.raises(AttributeError):
        write_labelled(path, broken)
    assert read_labelled(path) == [GOOD]


def test_empty_lines_are_skipped_and_a_bad_line_is_named_with_file_and_number(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text(f"{GOOD.to_json()}\n\n  \n", encoding="utf-8")
    assert read_labelled(path) == [GOOD]
    path.write_text(f"{GOOD.to_json()}\n\n{json.dumps(changed(text=4))}\n", encoding="utf-8")
    with pytest.raises(LabelError, match=r"own\.jsonl line 3: field 'text' must be a text, not 4"):
        read_labelled(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.jsonl").write_bytes("måned".encode("latin-1"))
    for name in ("absent.jsonl", "latin.jsonl"):
        with pytest.raises(LabelError, match=f"cannot read .*{name}"):
            read_labelled(tmp_path / name)


def test_the_shipped_comments_come_by_language_and_split() -> None:
    rows = load_labelled(["en"], split="test")
    assert rows
    assert {(row.language, row.split) for row in rows} == {("en", "test")}
    assert len(load_labelled(["en"])) > len(rows)


def test_a_language_that_is_not_shipped_is_an_error() -> None:
    with pytest.raises(LabelError, match=r"xx\.jsonl"):
        load_labelled(["xx"])


def test_the_guide_names_every_cause_industry_channel_and_tag() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "labelling.md").read_text(encoding="utf-8")
    for word in (*load_taxonomy().ids, *INDUSTRIES, *CHANNELS, *PHENOMENA):
        assert re.search(rf"\b{word}\b", guide), word
