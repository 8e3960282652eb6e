"""Fine-tuning: labelled comments in, a model folder out, the same one each time."""

from dataclasses import replace
from pathlib import Path

import pytest

from recontact import CauseClassifier
from recontact.artifact import read_manifest
from recontact_data.errors import LabelError, ModelError
from recontact_data.labels import LabelledComment
from recontact_training import export
from recontact_training.finetune import finetune
from recontact_training.recipe import FinetuneRecipe

QUICK = FinetuneRecipe(epochs=2, learning_rate=3e-3, head_rate=3e-3)
OWN_CAUSES = """
languages: [en]
none: {name: Nothing, description: No cause is stated.}
causes:
  - {id: waiting, main: true, name: Waiting, description: The customer waited., action: Add people.}
  - {id: broken, main: false, name: Broken, description: It is still broken., action: Mend it.}
"""
OWN_LABELS = {"long_wait": "waiting", "no_callback": "waiting", "solution_failed": "broken"}


@pytest.fixture
def _without_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the graph out, whose export takes longer than the training, where only the weights are looked at."""
    monkeypatch.setattr(export, "export_graph", lambda *_: None)


@pytest.mark.usefixtures("_without_graph")
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    rows: list[LabelledComment], encoder: Path, tmp_path: Path
) -> None:
    first, again, other = (
        read_manifest(finetune(rows, encoder, tmp_path / name, recipe=recipe)).version
        for name, recipe in (("first", QUICK), ("again", QUICK), ("other", replace(QUICK, seed=14)))
    )
    assert first == again
    assert first != other


def test_the_folder_names_the_model_its_dials_and_its_rows(
    classifier: CauseClassifier, rows: list[LabelledComment], recipe: FinetuneRecipe
) -> None:
    manifest = classifier.manifest
    assert manifest.model_version == f"toy@{manifest.version}"
    assert manifest.recipe["epochs"] == recipe.epochs
    assert {split: manifest.data[split] for split in ("train", "validation", "test")} == {
        split: sum(row.split == split for row in rows) for split in ("train", "validation", "test")
    }


def renamed(row: LabelledComment) -> LabelledComment:
    """The row under the causes of `OWN_CAUSES`."""
    labels = tuple(OWN_LABELS[cause] for cause in row.labels)
    return replace(row, labels=labels, primary=(*labels, "none")[0], evidence=())


def test_own_causes_are_learnt_under_their_own_names(
    rows: list[LabelledComment], encoder: Path, tmp_path: Path
) -> None:
    taxonomy = tmp_path / "causes.yaml"
    taxonomy.write_text(OWN_CAUSES, encoding="utf-8")
    out = finetune([renamed(row) for row in rows], encoder, tmp_path / "model", recipe=QUICK, taxonomy_file=taxonomy)
    classifier = CauseClassifier.load(out)
    assert classifier.taxonomy.ids == ("waiting", "broken")
    assert classifier.predict_proba(["nobody picks up the phone"]).shape == (1, 2)


@pytest.mark.usefixtures("_without_graph")
def test_training_goes_on_from_a_model(rows: list[LabelledComment], model_folder: Path, tmp_path: Path) -> None:
    standing_still = replace(QUICK, epochs=1, learning_rate=1e-9, head_rate=1e-9)
    out = finetune(rows, model_folder, tmp_path / "next", recipe=standing_still)
    texts = [row.text for row in rows if row.labels]
    before, after = (
        CauseClassifier.load(folder, runtime="torch").predict_proba(texts).argmax(1) for folder in (model_folder, out)
    )
    assert (before == after).mean() > 0.9


@pytest.mark.usefixtures("_without_graph")
def test_rows_without_a_split_get_one(rows: list[LabelledComment], encoder: Path, tmp_path: Path) -> None:
    out = finetune([replace(row, split="") for row in rows], encoder, tmp_path / "model", recipe=QUICK)
    counts = read_manifest(out).data
    assert counts["train"] > counts["validation"] > 0


@pytest.mark.usefixtures("_without_graph")
def test_causes_with_few_rows_are_reported(rows: list[LabelledComment], encoder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    finetune(rows, encoder, tmp_path / "model", recipe=replace(QUICK, epochs=1), report=said.append)
    assert "only 9 training comments state no_callback; give at least 20" in said
    assert "only 0 training comments state wrong_answer; give at least 20" in said


@pytest.mark.parametrize("taken", ["folder", "file"])
def test_an_output_that_is_taken_is_refused_and_left_alone(
    rows: list[LabelledComment], encoder: Path, tmp_path: Path, taken: str
) -> None:
    out = tmp_path / "model"
    kept = out / "mine.txt" if taken == "folder" else out
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine", encoding="utf-8")
    with pytest.raises(ModelError, match="not an empty folder"):
        finetune(rows, encoder, out, recipe=QUICK)
    assert kept.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_an_unknown_label_is_refused_with_the_known_ones(
    rows: list[LabelledComment], encoder: Path, tmp_path: Path, split: str
) -> None:
    strange = replace(rows[0], id="strange", labels=("bad_weather",), primary="bad_weather", split=split)
    with pytest.raises(LabelError, match=r"'bad_weather' is not a cause.*known: solution_failed"):
        finetune([*rows, strange], encoder, tmp_path / "model", recipe=QUICK)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("split", ["train", "validation"])
def test_too_few_rows_are_refused(rows: list[LabelledComment], encoder: Path, tmp_path: Path, split: str) -> None:
    with pytest.raises(LabelError, match="too few"):
        finetune([row for row in rows if row.split == split], encoder, tmp_path / "model", recipe=QUICK)


def test_a_base_that_is_no_encoder_is_refused_in_one_line(rows: list[LabelledComment], tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    with pytest.raises(ModelError, match="no encoder at") as refusal:
        finetune(rows, tmp_path / "base", tmp_path / "model", recipe=QUICK)
    assert "\n" not in str(refusal.value)
