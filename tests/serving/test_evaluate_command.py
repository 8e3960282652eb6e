"""`recontact evaluate`: figures on labelled comments, and on real ones whose texts lie elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from recontact_data.labels import LabelledComment, write_labelled
from recontact_data.real_index import IndexRow, text_hash

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def folder(tmp_path: Path, rows: list[LabelledComment]) -> Path:
    """A folder with labelled comments, and the same as an index and its texts."""
    write_labelled(tmp_path / "labels.jsonl", rows)
    split = {"train": "validation"}
    index = [
        IndexRow(r.id, text_hash(r.text), "en", r.labels, r.primary, split.get(r.split, r.split), "random")
        for r in rows
    ]
    (tmp_path / "index.jsonl").write_text("".join(r.to_json() + "\n" for r in index), encoding="utf-8")
    odd = (tmp_path / "index.jsonl").read_text(encoding="utf-8").replace('"random"', '"easy"')
    (tmp_path / "odd.jsonl").write_text(odd, encoding="utf-8")
    texts = "".join(json.dumps({"id": r.id, "text": r.text}) + "\n" for r in rows)
    (tmp_path / "texts.jsonl").write_text(texts, encoding="utf-8")
    return tmp_path


def test_real_comments_are_judged_by_their_index_and_texts(recontact: Run, folder: Path, model_folder: Path) -> None:
    figures = folder / "figures.json"
    options = ["--index", folder / "index.jsonl", "--texts", folder / "texts.jsonl", "-o", figures]
    code, printed = recontact("evaluate", model_folder, *options)
    assert code == 0, printed
    assert "12 real comments" in printed
    [report] = json.loads(figures.read_text(encoding="utf-8")).values()
    assert report["rows"] == 12
    assert report["macro_f1"] > 0.8
    _, printed = recontact("evaluate", model_folder, folder / "labels.jsonl")
    assert "12 comments" in printed


def test_written_and_real_comments_are_judged_apart_in_one_run(
    recontact: Run, folder: Path, model_folder: Path
) -> None:
    figures = folder / "figures.json"
    real = ["--index", folder / "index.jsonl", "--texts", folder / "texts.jsonl", "--written"]
    code, printed = recontact("evaluate", model_folder, folder / "labels.jsonl", *real, "--split", "all", "-o", figures)
    assert code == 0, printed
    assert "60 comments" in printed
    assert "60 real comments" in printed
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert list(found) == ["written", "real"]
    assert all(report["rows"] == 60 for section in found.values() for report in section.values())


def test_the_baseline_of_real_comments_learns_from_labelled_ones(
    recontact: Run, folder: Path, model_folder: Path
) -> None:
    options = ["--index", folder / "index.jsonl", "--texts", folder / "texts.jsonl", "--baseline"]
    code, printed = recontact("evaluate", model_folder, folder / "labels.jsonl", *options)
    assert code == 0, printed
    assert "TF-IDF" in printed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--index", "index.jsonl"], "the index holds no texts; pass the file that does with --texts"),
        (["--texts", "texts.jsonl"], "--texts goes with --index"),
        (["--index", "index.jsonl", "--texts", "absent.jsonl"], "cannot read absent.jsonl"),
        (
            ["labels.jsonl", "--index", "index.jsonl", "--texts", "texts.jsonl"],
            "leave the files out, or add --baseline to learn from them, or --written",
        ),
        (
            ["--index", "odd.jsonl", "--texts", "texts.jsonl"],
            "chosen 'easy' is not random or keyword (60 such problems)",
        ),
        (["--index", "shipped", "--texts", "texts.jsonl"], "lacks 668 of the 668 comments of the index"),
    ],
)
def test_whoever_lacks_the_texts_is_told_so_in_one_line(
    recontact: Run,
    folder: Path,
    model_folder: Path,
    options: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    code, printed = recontact("evaluate", model_folder, *options)
    assert code == 1
    assert said in printed
    assert printed.count("\n") == 1
