"""Checkpoints: a training run that is stopped anywhere ends as if nothing had stopped it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from transformers import TrainerCallback

from recontact.artifact import EVIDENCE, read_manifest
from recontact_data.errors import ModelError
from recontact_data.labels import LabelledComment, write_labelled
from recontact_training import export
from recontact_training.checkpoints import PartialRun
from recontact_training.finetune import finetune
from recontact_training.recipe import FinetuneRecipe

# 36 rows, 5 steps an epoch; everything that draws random numbers, and a mean of epochs.
RECIPE = FinetuneRecipe(
    epochs=3, batch_size=8, learning_rate=3e-3, head_rate=3e-3, mean_of_epochs=2, hidden_share=0.2,
    untidy_share=0.5, joined_share=0.3,
    checkpoint_minutes=0.0,
)  # fmt: skip
Train = Callable[..., Path]


class StopAt(TrainerCallback):
    """Raises as Ctrl-C does, before or after what happens at a step."""

    def __init__(self, step: int, event: str) -> None:
        self.step, self.event = step, event

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.event == "in" and state.global_step == self.step:
            raise KeyboardInterrupt

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.event == "saved" and state.global_step == self.step:
            raise KeyboardInterrupt


@pytest.fixture
def train(rows: list[LabelledComment], encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Trains the toy encoder without exporting its graph."""
    monkeypatch.setattr(export, "export_graph", lambda *_: None)

    def run(name: str, *callbacks: TrainerCallback, recipe: FinetuneRecipe = RECIPE, **options: Any) -> Path:
        chosen = options.pop("rows", rows)
        return finetune(chosen, encoder, tmp_path / name, recipe=recipe, callbacks=callbacks, **options)

    return run


def weights(folder: Path) -> tuple[str, dict[str, list[Any]]]:
    """Version, and the weights of the second head, which the version says nothing of."""
    evidence = {name: weight.tolist() for name, weight in load_file(folder / EVIDENCE).items()}
    return read_manifest(folder).version, evidence


def test_a_run_stopped_again_and_again_gives_the_same_weights_as_one_that_is_not(train: Train, tmp_path: Path) -> None:
    whole = train("whole", recipe=replace(RECIPE, checkpoint_minutes=60))
    # In the first epoch; at the end of the second, whose mean is taken; in the third; after the last step.
    stops = [StopAt(3, "in"), StopAt(10, "saved"), StopAt(12, "in"), StopAt(14, "saved"), StopAt(15, "saved")]
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            train("stopped", stop)
    said: list[str] = []
    stopped = train("stopped", report=said.append)
    assert "goes on from step 15, where a checkpoint was made" in said
    assert weights(stopped) == weights(whole)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stopped", "whole"]


def test_a_checkpoint_that_was_cut_off_does_not_count(train: Train, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train("stopped", StopAt(3, "in"))
    partial = tmp_path / "stopped.partial"
    assert [path.name for path in partial.iterdir() if path.is_dir()] == ["step-3"]
    (partial / "checkpoint-4").mkdir()
    (partial / "checkpoint-4" / "model.safetensors").write_bytes(b"half")
    stopped = train("stopped")
    assert weights(stopped) == weights(train("whole"))


def test_a_stopped_run_of_other_comments_or_dials_is_refused_with_the_cure(
    train: Train, rows: list[LabelledComment], tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train("stopped", StopAt(3, "in"))
    for what, options in (
        ("labels", {"rows": rows[:-1]}),
        ("recipe", {"recipe": replace(RECIPE, learning_rate=1e-3)}),
        ("labels and recipe", {"rows": rows[:-1], "recipe": replace(RECIPE, epochs=2, mean_of_epochs=1)}),
    ):
        with pytest.raises(ModelError, match=rf"stopped\.partial holds a stopped run whose {what} differed; .*-o"):
            train("stopped", **options)
    assert (tmp_path / "stopped.partial" / "step-3").is_dir()
    train("stopped", recipe=replace(RECIPE, checkpoint_minutes=60))
    assert not (tmp_path / "stopped.partial").exists()


def test_what_fails_before_the_first_checkpoint_leaves_nothing(train: Train, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train("stopped", StopAt(0, "in"))
    assert not list(tmp_path.iterdir())


def test_two_commands_do_not_train_one_model_at_once(tmp_path: Path) -> None:
    with PartialRun(tmp_path / "model", {"labels": "a"}), pytest.raises(ModelError, match="another command"):
        PartialRun(tmp_path / "model", {"labels": "a"})
    assert not list(tmp_path.iterdir())


KILLED = """
epochs: 400
batch_size: 4
learning_rate: 1.0e-3
checkpoint_minutes: 0
"""


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_killed_command_goes_on(rows: list[LabelledComment], encoder: Path, tmp_path: Path) -> None:
    write_labelled(tmp_path / "labels.jsonl", rows)
    (tmp_path / "recipe.yaml").write_text(KILLED, encoding="utf-8")
    command = [
        *(sys.executable, "-m", "recontact_serving.cli.main", "train", str(tmp_path / "labels.jsonl")),
        *("--base", str(encoder), "--recipe", str(tmp_path / "recipe.yaml"), "-o", str(tmp_path / "model")),
    ]
    partial = tmp_path / "model.partial"
    for signalled in (signal.SIGKILL, signal.SIGINT):
        began = {path.name for path in partial.glob("step-*")}
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        give_up = time.monotonic() + 500
        while {path.name for path in partial.glob("step-*")} <= began and time.monotonic() < give_up:
            time.sleep(0.05)
        os.kill(process.pid, signalled)
        said = process.communicate()[1]
        assert process.returncode != 0
        assert {path.name for path in partial.glob("step-*")} - began, said
    assert "goes on from step" in said.partition("stopped at step")[0]
    assert "the same command goes on from step" in said
    assert not (tmp_path / "model").exists()
