"""The index of real comments: joined to its texts, or a clear word on why not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recontact_data.errors import LabelError
from recontact_data.real_index import IndexRow, index_problems, join_texts, read_index, text_hash
from recontact_data.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
TEXT = "Ik wacht nog steeds op een telefoontje"


def row(row_id: str = "real-1", text: str = TEXT) -> IndexRow:
    return IndexRow(row_id, text_hash(text), "nl", ("no_callback",), "no_callback", "test", "random")


def pool(folder: Path, **texts: str) -> Path:
    path = folder / "pool.jsonl"
    path.write_text("".join(json.dumps({"id": k, "text": v}) + "\n" for k, v in texts.items()), encoding="utf-8")
    return path


def test_an_index_written_is_the_index_read(tmp_path: Path) -> None:
    (tmp_path / "index.jsonl").write_text(row().to_json() + "\n", encoding="utf-8")
    assert read_index(tmp_path / "index.jsonl") == [row()]


def test_joined_rows_have_the_text_and_the_labels(tmp_path: Path) -> None:
    path = pool(tmp_path, other="x", another_name=TEXT)
    [found] = join_texts([row()], path)
    assert (found.text, found.labels, found.language, found.split, found.source) == (
        TEXT, ("no_callback",), "nl", "test", "real",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["quite another", TEXT + "."])
def test_a_text_that_is_missing_or_changed_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(LabelError, match=r"lacks 1 of the 1 comments .* \(first: real-1\)"):
        join_texts([row()], pool(tmp_path, some=text))


def test_a_pool_that_is_not_there_or_not_right_is_said(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"cannot read .*absent"):
        join_texts([row()], tmp_path / "absent.jsonl")
    (tmp_path / "p.jsonl").write_text('\n{"text": null}\n', encoding="utf-8")
    with pytest.raises(LabelError, match="line 2: 'text' must be a text, not None"):
        join_texts([row()], tmp_path / "p.jsonl")
    (tmp_path / "p.csv").write_text("id;text\n", encoding="utf-8")
    with pytest.raises(LabelError, match=r"line 1: .* the file must be JSONL, one object a line"):
        join_texts([row()], tmp_path / "p.csv")
    (tmp_path / "p.jsonl").write_text('{"comment": "hi"}\n', encoding="utf-8")
    with pytest.raises(LabelError, match="line 1: field 'text' is missing"):
        join_texts([row()], tmp_path / "p.jsonl")


def test_a_line_that_is_no_row_is_said(tmp_path: Path) -> None:
    path = tmp_path / "index.jsonl"
    path.write_text(row().to_json() + '\n{"id": "real-2"}\n', encoding="utf-8")
    with pytest.raises(LabelError, match="line 2 is no row of an index"):
        read_index(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"labels": ("no_callback", "solution_failed")}, "in the order of the taxonomy"),
        ({"labels": ("weather",), "primary": "weather"}, "must be causes"),
        ({"primary": "recurred"}, "primary 'recurred' is not among"),
        ({"split": "train"}, "nothing is trained on real comments"),
        ({"chosen": "easy"}, "is not random or keyword"),
        ({"language": "xx"}, "language 'xx' is not one of"),
        ({"sha256": "abc"}, "is not 64 hexadecimal digits"),
    ],
)
def test_a_wrong_row_is_said(changes: dict[str, str], said: str) -> None:
    [(where, problem)] = index_problems([replace(row(), **changes)], TAXONOMY)
    assert where == "real-1"
    assert said in problem


def test_nothing_is_said_of_a_right_row_and_a_row_twice_is_said() -> None:
    assert list(index_problems([row()], TAXONOMY)) == []
    assert list(index_problems([row(), row()], TAXONOMY)) == [("real-1", "stands 2 times in the index")]


def test_the_shipped_index_holds_labels_of_600_real_comments_and_no_text() -> None:
    index = read_index()
    assert list(index_problems(index, TAXONOMY)) == []
    assert len(index) >= 600
    assert len({r.language for r in index}) == 10
    for field, values in (("split", ("validation", "test")), ("chosen", ("random", "keyword"))):
        counts = [sum(getattr(r, field) == value for r in index) for value in values]
        assert abs(counts[0] - counts[1]) < 0.1 * len(index)
