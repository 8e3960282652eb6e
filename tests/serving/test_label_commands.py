"""`recontact train` and `recontact evaluate` on label files as users have them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from recontact import CauseClassifier
from recontact.artifact import read_manifest
from recontact_data.labels import LabelledComment, write_labelled
from recontact_training import export

Command = Callable[..., tuple[int, str]]
OWN_CAUSES = """
languages: [en, nb]
none: {name: Nothing, description: No cause is stated.}
causes:
  - id: waiting
    name: {en: Had to wait, nb: Måtte vente}
    description: They waited.
    action: Add people.
  - {id: broken, name: Still broken, description: It is still broken., action: Mend it.}
"""
OWN_NAMES = {"long_wait": "måtte vente", "no_callback": "HAD TO WAIT", "solution_failed": "Still broken"}


@pytest.fixture
def short_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two epochs and no graph, whose export takes longer than they do."""
    monkeypatch.setattr(export, "export_graph", lambda *_: None)
    path = tmp_path / "recipe.yaml"
    path.write_text("epochs: 2\nlearning_rate: 3.0e-3\nhead_rate: 3.0e-3\n", encoding="utf-8")
    return path


def figures(recontact: Command, model: Path, labels: Path, *options: object) -> dict[str, float]:
    out = labels.with_name("figures.json")
    code, printed = recontact("evaluate", model, labels, "-o", out, *options)
    assert code == 0, printed
    (report,) = json.loads(out.read_text(encoding="utf-8")).values()
    return {name: report[name] for name in ("rows", "macro_f1", "exact", "primary")}


def test_a_model_is_judged_alike_by_full_rows_and_by_tables_of_users(
    recontact: Command, rows: list[LabelledComment], model_folder: Path, tmp_path: Path
) -> None:
    write_labelled(tmp_path / "full.jsonl", rows)
    one = {"text": [row.text for row in rows], "split": [row.split for row in rows]}
    causes = dict.fromkeys(cause for row in rows for cause in row.labels)
    pl.DataFrame({**one, "Reason": [";".join(row.labels) for row in rows]}).write_csv(tmp_path / "one.csv")
    marks = {cause: ["x" if cause in row.labels else None for row in rows] for cause in causes}
    pl.DataFrame(one | marks).write_excel(tmp_path / "marks.xlsx")
    expected = figures(recontact, model_folder, tmp_path / "full.jsonl")
    assert expected["rows"] == 12
    assert figures(recontact, model_folder, tmp_path / "one.csv", "--label-column", "reason") == expected
    assert figures(recontact, model_folder, tmp_path / "marks.xlsx", "--text-column", "text") == expected


def test_a_model_learns_from_a_table_with_causes_of_ones_own(
    recontact: Command, rows: list[LabelledComment], encoder: Path, short_recipe: Path, tmp_path: Path
) -> None:
    (tmp_path / "causes.yaml").write_text(OWN_CAUSES, encoding="utf-8")
    table = pl.DataFrame({"comment": [row.text for row in rows], "cause": [_own_name(row) for row in rows]})
    table.write_parquet(tmp_path / "own.parquet")
    options = ["--base", encoder, "--taxonomy", tmp_path / "causes.yaml", "--recipe", short_recipe]
    code, printed = recontact("train", tmp_path / "own.parquet", "-o", tmp_path / "model", *options)
    assert code == 0, printed
    classifier = CauseClassifier.load(tmp_path / "model", runtime="torch")
    assert classifier.taxonomy.ids == ("waiting", "broken")
    counts = read_manifest(tmp_path / "model").data
    assert sum(counts[split] for split in ("train", "validation", "test")) == len(rows)


def _own_name(row: LabelledComment) -> str:
    return OWN_NAMES[row.labels[0]] if row.labels else "none"


def test_full_rows_train_the_same_model_beside_a_table_as_alone_in_one_file(
    recontact: Command, rows: list[LabelledComment], encoder: Path, short_recipe: Path, tmp_path: Path
) -> None:
    bare = [replace(row, evidence=(), industry="", channel="", source="") for row in rows[40:]]
    write_labelled(tmp_path / "all.jsonl", [*rows[:40], *bare])
    write_labelled(tmp_path / "some.jsonl", rows[:40])
    table = [
        {"id": r.id, "text": r.text, "language": "en", "split": r.split, "label": ";".join(r.labels)} for r in bare
    ]
    pl.DataFrame(table).write_csv(tmp_path / "more.csv", separator=";")
    options = ["--base", encoder, "--recipe", short_recipe]
    for name, files in (("one", ["all.jsonl"]), ("two", ["some.jsonl", "more.csv"])):
        code, printed = recontact("train", *(tmp_path / file for file in files), "-o", tmp_path / name, *options)
        assert code == 0, printed
    one, two = (read_manifest(tmp_path / name) for name in ("one", "two"))
    assert (one.version, one.data) == (two.version, two.data)


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_an_unknown_label_ends_the_command_in_one_line_with_the_nearest(
    recontact: Command, model_folder: Path, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "own.csv"
    path.write_text("comment,label\nnobody rang,no_callback\nnobody wrote,no_calback\n", encoding="utf-8")
    options = ["train", path, "--base", model_folder, "-o", tmp_path / "new"]
    code, printed = recontact(*(options if command == "train" else ["evaluate", model_folder, path]))
    assert code == 1
    assert printed.count("\n") == 1
    assert printed.startswith(f"recontact: {path}, line 3: label 'no_calback' is no cause; 1 row has it; the nearest")
    assert not (tmp_path / "new").exists()


def test_what_a_user_should_know_of_the_rows_is_told(recontact: Command, model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    text = "tekst;cause\nIngen svarte på en måned;no_callback\nIngen svarte på en måned;\n;other\n"
    path.write_bytes(text.encode("cp1252"))
    code, printed = recontact("evaluate", model_folder, path, "--split", "all", "--skip-bad-rows")
    assert code == 0, printed
    assert f"{path}: read as cp1252" in printed
    assert f"{path}: rows without a text left out: 1" in printed
    assert f"{path}: texts with different labels (1): 'Ingen svarte på en måned' (lines 2, 3" in printed
    code, printed = recontact("evaluate", model_folder, path, "--encoding", "utf-8")
    assert (code, "--encoding" in printed) == (1, True)
