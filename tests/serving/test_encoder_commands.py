"""`recontact pretrain` makes an encoder, `recontact evaluate-encoder` says what it knows."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recontact_data import labels
from recontact_data.labels import LabelledComment
from recontact_serving.cli.main import app

RECIPE = """
languages: {en: 1, nb: 2}
vocabulary_size: 400
max_length: 24
batch_pieces: 60
warmup_steps: 1
steps: 2
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus folder of a few lines."""
    folder = tmp_path / "corpus"
    pairs = "".join(f"nobody called back {k}\tingen ringte tilbake {k}\n" for k in range(30))
    for name, text in {
        "mono/en.general.txt": "the boiler is old\n" * 9,
        "mono/nb.general.txt": "kjelen er gammel\n" * 9,
        "parallel/en-nb.tsv": pairs,
        "heldout/ntrex.en-nb.tsv": pairs,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_an_encoder_is_made_and_measured(
    corpus: Path, encoder: Path, rows: list[LabelledComment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, out = tmp_path / "recipe.yaml", tmp_path / "run"
    recipe.write_text(RECIPE, encoding="utf-8")
    command = ["pretrain", str(corpus), "--teacher", str(encoder), "-o", str(out), "--recipe", str(recipe)]
    made = CliRunner().invoke(app, command)
    assert made.exit_code == 0, made.output
    assert f"wrote the encoder to {out / 'encoder'}" in made.output
    comments = [replace(row, language=("en", "nb")[k % 2]) for k, row in enumerate(rows)]
    monkeypatch.setattr(labels, "load_labelled", lambda: comments)
    figures = tmp_path / "figures.json"
    measure = ["evaluate-encoder", str(out / "encoder"), "--corpus", str(corpus), "--baselines", "-o", str(figures)]
    measured = CliRunner().invoke(app, measure)
    assert measured.exit_code == 0, measured.output
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert list(found) == [str(out / "encoder"), "random weights", "TF-IDF"]
    assert set(found[str(out / "encoder")]["to_english"]["ntrex"]) == {"nb"}
    assert "probe: all languages" in measured.output


def test_what_was_measured_is_kept_when_the_next_encoder_fails(
    corpus: Path, encoder: Path, rows: list[LabelledComment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments = [replace(row, language=("en", "nb")[k % 2]) for k, row in enumerate(rows)]
    monkeypatch.setattr(labels, "load_labelled", lambda: comments)
    figures = tmp_path / "figures.json"
    command = ["evaluate-encoder", str(encoder), str(tmp_path / "missing"), "--corpus", str(corpus), "-o", str(figures)]
    assert CliRunner().invoke(app, command).exit_code != 0
    assert list(json.loads(figures.read_text(encoding="utf-8"))) == [str(encoder)]
