"""`recontact models` and `recontact compare`: what a person who puts a model in service sees."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from recontact import CauseClassifier
from recontact.registry import Registry
from recontact_data.labels import LabelledComment, write_labelled
from recontact_serving.cli import models

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def labels(tmp_path: Path, rows: list[LabelledComment]) -> Path:
    """The toy comments as a file."""
    write_labelled(tmp_path / "labels.jsonl", rows)
    return tmp_path / "labels.jsonl"


@pytest.fixture
def kept(tmp_path: Path, model_folder: Path, spoiled_folder: Path) -> Registry:
    """A registry with the toy model and its spoiled copy."""
    made = Registry.create(tmp_path / "registry")
    made.add(model_folder)
    made.add(spoiled_folder)
    return made


@pytest.fixture
def toy(classifier: CauseClassifier) -> str:
    """The toy model's version."""
    return classifier.model_version


@pytest.fixture
def spoiled(spoiled_folder: Path) -> str:
    """The spoiled model's version."""
    return CauseClassifier.load(spoiled_folder).model_version


def on(kept: Registry, labels: Path) -> list[object]:
    """Options of `promote`."""
    return ["--registry", kept.folder, "--labels", labels, "--split", "all"]


def test_the_first_model_is_added_listed_and_put_in_service(
    recontact: Run, tmp_path: Path, model_folder: Path, toy: str, labels: Path
) -> None:
    place = tmp_path / "registry"
    code, printed = recontact("models", "add", model_folder, "--registry", place)
    assert (code, printed) == (
        0,
        f"{toy} is in {place}\ncurrent: none; put one in service with `recontact models promote`\n",
    )
    code, printed = recontact("models", "promote", toy, *on(Registry(place), labels))
    assert code == 0, printed
    assert "nothing was in service, so it was compared with nothing" in printed
    assert f"current: {toy}, since 20" in printed
    code, printed = recontact("models", "list", "--registry", place)
    assert code == 0
    assert [line for line in printed.splitlines() if toy in line and "36 comments" in line]
    assert f"current: {toy}, since 20" in printed


def test_a_better_model_is_put_in_service_and_rolled_back(
    recontact: Run, kept: Registry, toy: str, spoiled: str, labels: Path
) -> None:
    kept.promote(spoiled, instead_of=None)
    code, printed = recontact("models", "promote", toy, *on(kept, labels))
    assert code == 0, printed
    assert "macro-F1 over all: " in printed
    assert f"current: {toy}" in printed
    assert CauseClassifier.load(kept.folder).model_version == toy
    code, printed = recontact("models", "rollback", "--registry", kept.folder)
    assert code == 0
    assert f"current: {spoiled}" in printed
    assert printed.endswith("by rollback\n")
    code, printed = recontact("models", "rollback", "--registry", kept.folder)
    assert code == 1
    assert f"current: {spoiled}" in printed
    assert "recontact: nothing was in service before" in printed


def test_a_spoiled_model_is_refused_with_each_reason(
    recontact: Run, kept: Registry, toy: str, spoiled: str, labels: Path
) -> None:
    kept.promote(toy, instead_of=None)
    (kept.folder_of(spoiled) / "config.json").open("a").write("\n")
    code, printed = recontact("models", "promote", spoiled, *on(kept, labels))
    assert code == 1
    assert f"refused: {spoiled} is not put in service" in printed
    assert [line.split(":")[0].strip() for line in printed.splitlines() if line.startswith("  ")] == [
        "checksums",
        "quality",
        "quality",
    ]
    assert f"current: {toy}" in printed
    assert kept.current == toy


def test_force_puts_it_in_service_and_says_what_it_overrides(
    recontact: Run, kept: Registry, toy: str, spoiled: str, labels: Path
) -> None:
    kept.promote(toy, instead_of=None)
    (kept.folder_of(spoiled) / "config.json").open("a").write("\n")
    code, printed = recontact("models", "promote", spoiled, *on(kept, labels), "--force")
    assert code == 0, printed
    overridden = [line for line in printed.splitlines() if line.startswith("overridden by --force, ")]
    assert [line.split()[3] for line in overridden] == ["checksums:", "quality:", "quality:"]
    assert "config.json differs from the manifest" in overridden[0]
    assert f"current: {spoiled}" in printed
    assert list(kept.history[-1].overridden) == [line.partition(": ")[2] for line in overridden]


def test_a_better_model_overrides_nothing_with_force(
    recontact: Run, kept: Registry, toy: str, spoiled: str, labels: Path
) -> None:
    kept.promote(spoiled, instead_of=None)
    code, printed = recontact("models", "promote", toy, *on(kept, labels), "--force")
    assert code == 0, printed
    assert "overridden" not in printed
    assert kept.history[-1].overridden == ()


def test_a_model_that_cannot_answer_is_refused_even_with_force(
    recontact: Run, kept: Registry, toy: str, spoiled: str, labels: Path
) -> None:
    kept.promote(spoiled, instead_of=None)
    (kept.folder_of(toy) / "model.onnx").unlink()
    code, printed = recontact("models", "promote", toy, *on(kept, labels), "--force")
    assert code == 1
    assert "--force does not override this" in printed
    assert kept.current == spoiled


def test_a_wide_margin_lets_a_worse_model_pass(
    recontact: Run, kept: Registry, toy: str, spoiled: str, labels: Path
) -> None:
    kept.promote(toy, instead_of=None)
    code, printed = recontact("models", "promote", spoiled, *on(kept, labels), "--margin", "1")
    assert code == 0, printed
    assert kept.current == spoiled


def test_what_becomes_current_while_a_model_is_measured_is_not_overwritten(
    recontact: Run, kept: Registry, toy: str, spoiled: str, labels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = models._judge

    def meanwhile(*arguments: object) -> object:
        verdict = measured(*arguments)  # type: ignore[arg-type]
        kept.promote(toy, instead_of=None)
        return verdict

    monkeypatch.setattr(models, "_judge", meanwhile)
    code, printed = recontact("models", "promote", spoiled, *on(kept, labels))
    assert code == 1
    assert f"{toy} is current now, not nothing as when this began" in printed
    assert kept.current == toy


def test_verify_names_every_damaged_file(recontact: Run, kept: Registry, toy: str, spoiled: str) -> None:
    code, printed = recontact("models", "verify", "--registry", kept.folder)
    assert code == 0
    assert "2 versions, all whole" in printed
    (kept.folder_of(toy) / "model.onnx").unlink()
    (kept.folder_of(spoiled) / "config.json").open("a").write("\n")
    code, printed = recontact("models", "verify", "--registry", kept.folder)
    assert code == 1
    assert "lacks model.onnx" in printed
    assert "config.json differs from the manifest" in printed
    assert "current: none" in printed


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["list", "--registry", "absent"], 1, "no model registry at absent"),
        (["promote", "toy@1", "--registry", "registry"], 1, "does not hold 'toy@1'; it holds: toy@"),
        (["add", "absent", "--registry", "registry"], 1, "no model folder at absent"),
        (["rollback", "--registry", "registry"], 1, "nothing was in service before now"),
        (["list"], 2, "--registry"),
        (["promote", "--registry", "registry"], 2, "VERSION"),
        (["promote", "toy@1", "--registry", "registry", "--margin", "-1"], 2, "--margin"),
        (["promote", "toy@1", "--registry", "registry", "--split", "tests"], 2, "'tests' is not one of"),
        (["remove", "--registry", "registry"], 2, "remove"),
    ],
)
def test_what_cannot_be_done_ends_with_its_own_exit_code_and_cure(
    recontact: Run, kept: Registry, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(kept.folder.parent)
    ended, printed = recontact("models", *arguments)
    assert ended == code, printed
    assert said in printed


def test_compare_shows_and_writes_the_differences(
    recontact: Run, kept: Registry, toy: str, spoiled: str, spoiled_folder: Path, labels: Path, tmp_path: Path
) -> None:
    kept.promote(toy, instead_of=None)
    figures = tmp_path / "figures.json"
    code, printed = recontact("compare", kept.folder, spoiled_folder, labels, "-o", figures)
    assert code == 0, printed
    assert "12 comments" in printed
    assert "macro-F1 en (12)" in printed
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert (found["new"], found["current"], found["rows"]) == (toy, spoiled, 12)
    assert found["macro_f1"]["difference"] > 0.3
    assert found["causes"]["other"]["difference"] is None


def test_promote_and_compare_read_the_tables_that_users_have(
    recontact: Run, kept: Registry, toy: str, rows: list[LabelledComment], tmp_path: Path
) -> None:
    table = tmp_path / "own.csv"
    columns = {"text": [row.text for row in rows], "Reason": [";".join(row.labels) for row in rows]}
    pl.DataFrame(columns).write_csv(table)
    options = ("--split", "all", "--label-column", "reason")
    code, printed = recontact("models", "promote", toy, "--registry", kept.folder, "--labels", table, *options)
    assert code == 0, printed
    code, printed = recontact("compare", kept.folder, kept.folder, table, *options)
    assert code == 0, printed
    assert f"{len(rows)} comments" in printed
    code, printed = recontact("compare", kept.folder, kept.folder, table, "--label-column", "cause")
    assert code == 1
    assert "no column 'cause'" in printed


def test_compare_takes_the_bundled_model_by_name(recontact: Run, labels: Path) -> None:
    code, printed = recontact("compare", "bundled", "bundled", labels)
    assert code == 0, printed
    assert "recontact@" in printed


def test_compare_refuses_models_of_other_causes(
    recontact: Run, model_folder: Path, labels: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(model_folder, tmp_path / "other")
    causes = (other / "causes.yaml").read_text(encoding="utf-8").replace("id: other", "id: weather")
    (other / "causes.yaml").write_text(causes, encoding="utf-8")
    code, printed = recontact("compare", other, model_folder, labels)
    assert code == 1
    assert "different causes" in printed


def test_without_the_train_extra_the_first_model_is_put_in_service_and_others_by_force(
    recontact: Run, kept: Registry, toy: str, spoiled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "_can_judge", lambda: False)
    place = ["--registry", kept.folder]
    code, printed = recontact("models", "promote", toy, *place)
    assert code == 0, printed
    assert "its files are whole; it was not measured" in printed
    code, printed = recontact("models", "promote", spoiled, *place)
    assert code == 1
    assert "pip install 'recontact[train]'" in printed
    assert kept.current == toy
    assert recontact("models", "promote", spoiled, *place, "--force")[0] == 0
    assert kept.current == spoiled
    assert "not measured" in str(kept.history[-1].overridden)


@pytest.mark.parametrize("shown", [{}, {"FORCE_COLOR": "1", "COLUMNS": "40"}], ids=["piped", "on a narrow terminal"])
def test_versions_are_listed_whole(
    recontact: Run,
    kept: Registry,
    toy: str,
    spoiled: str,
    monkeypatch: pytest.MonkeyPatch,
    shown: dict[str, str],
) -> None:
    for name, value in ({"COLUMNS": "60"} | shown).items():
        monkeypatch.setenv(name, value)
    kept.promote(toy, instead_of=None)
    printed = recontact("models", "list", "--registry", kept.folder)[1]
    assert f" {toy} " in printed
    assert f" {spoiled} " in printed
    assert "…" not in printed
