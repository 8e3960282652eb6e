"""`recontact train` from a model in use: what its owner gives, and is told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from recontact import CauseClassifier
from recontact.artifact import read_manifest
from recontact.registry import Registry
from recontact_data.labels import LabelledComment, write_labelled
from recontact_training import export

Command = Callable[..., tuple[int, str]]
OWN_CAUSES = """
languages: [en, nb]
none: {name: {en: Nothing, nb: Ingenting}, description: No cause is stated.}
causes:
  - {id: waiting, name: {en: Had to wait, nb: Måtte vente}, description: They waited., action: Add people.}
  - {id: broken, name: {en: Still broken, nb: Fremdeles ødelagt}, description: It is broken., action: Mend it.}
"""
OWN_NAMES = {"long_wait": "måtte vente", "no_callback": "MÅTTE VENTE", "solution_failed": "Fremdeles ødelagt"}


@pytest.fixture
def new_labels(rows: list[LabelledComment], tmp_path: Path) -> Path:
    """Thirty comments that the toy model has not seen, as a user has them."""
    texts = [f"{row.text}, once more" for row in rows[::2]]
    table = pl.DataFrame({"comment": texts, "cause": [";".join(row.labels) or "none" for row in rows[::2]]})
    table.write_csv(tmp_path / "new.csv")
    return tmp_path / "new.csv"


def test_the_model_in_service_learns_new_labels_beside_old_ones_and_says_whether_it_paid(
    recontact: Command, rows: list[LabelledComment], model_folder: Path, new_labels: Path, tmp_path: Path
) -> None:
    registry = Registry.create(tmp_path / "registry")
    version = registry.add(model_folder)
    registry.promote(version, instead_of=None)
    write_labelled(tmp_path / "old.jsonl", [replace(row, language="und") for row in rows])
    out = tmp_path / "next"
    code, printed = recontact(
        "train", new_labels, "--base", registry.folder, "--keep", tmp_path / "old.jsonl", "-o", out, "--name", "next"
    )
    assert code == 0, printed
    manifest = read_manifest(out)
    assert manifest.recipe["replay_rows"] > 0
    assert {"base": version, "new": 30, "kept": 48}.items() <= manifest.data.items()
    assert "training on 22 new comments, each once an epoch, and 36 old ones; " in printed
    assert "calibrating on " in printed
    lines = [line for line in printed.splitlines() if " before, " in line]
    assert [line.partition(":")[0] for line in lines] == ["4 new comments, held out", "12 old comments, held out"]
    assert all("95 %" in line and line.endswith("too few to be sure") for line in lines)
    assert f"put it in service: recontact models add {out}" in printed
    assert "--keep, so that it does not forget" not in printed
    assert CauseClassifier.load(out).predict(["they never called back"]).shape == (1, 9)


def test_a_model_of_other_causes_is_trained_from_a_table_in_the_users_language(
    recontact: Command, rows: list[LabelledComment], model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "export_graph", lambda *_: None)
    (tmp_path / "causes.yaml").write_text(OWN_CAUSES, encoding="utf-8")
    names = [OWN_NAMES[row.labels[0]] if row.labels else "Ingenting" for row in rows]
    table = pl.DataFrame({"kommentar": [row.text for row in rows], "årsak": names})
    table.write_csv(tmp_path / "egne.csv", separator=";")
    options = ["--base", model_folder, "--taxonomy", tmp_path / "causes.yaml", "--label-column", "årsak"]
    code, printed = recontact("train", tmp_path / "egne.csv", "-o", tmp_path / "model", *options)
    assert code == 0, printed
    data = read_manifest(tmp_path / "model").data
    assert sum(data[split] for split in ("train", "validation", "test")) == len(rows)
    assert "kept" not in data
    assert CauseClassifier.load(tmp_path / "model", runtime="torch").taxonomy.ids == ("waiting", "broken")
    code, printed = recontact(
        "train", tmp_path / "egne.csv", *options, "--keep", tmp_path / "egne.csv", "-o", tmp_path / "other"
    )
    assert (code, "give all files as LABELS" in printed) == (1, True)
    table.with_columns(pl.lit("Måte vente").alias("årsak")).write_csv(tmp_path / "egne.csv", separator=";")
    code, printed = recontact("train", tmp_path / "egne.csv", "-o", tmp_path / "other", *options)
    assert code == 1
    assert "label 'Måte vente' is no cause; 60 rows have it; the nearest is 'Måtte vente' (waiting)" in printed


def test_a_keep_that_contradicts_itself_is_refused(
    recontact: Command, model_folder: Path, new_labels: Path, tmp_path: Path
) -> None:
    options = ["--base", model_folder, "--keep", "none", "--keep", "shipped"]
    code, printed = recontact("train", new_labels, "-o", tmp_path / "next", *options)
    assert (code, printed.count("\n")) == (1, 1)
    assert "--keep shipped and --keep none contradict each other" in printed


def test_ctrl_c_while_a_checkpoint_is_written_is_no_error(
    recontact: Command, model_folder: Path, new_labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise OSError(9, "Bad file descriptor")  # what closing the file says

    monkeypatch.setattr("recontact_training.finetune.finetune", interrupted)
    code, said = recontact("train", new_labels, "--base", model_folder, "-o", tmp_path / "new")
    assert code == 1
    assert "recontact: stopped" in said
    assert "Bad file descriptor" not in said
