"""`recontact calibrate`, and `classify --min-precision` with what it makes."""

import json
from pathlib import Path

import pytest

from recontact_data.labels import LabelledComment
from recontact_serving.cli.main import main


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["recontact", *map(str, arguments)])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_a_model_is_calibrated_on_a_users_file_and_then_cut_at_a_precision(
    model_folder: Path,
    rows: list[LabelledComment],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    labels, out, answers = tmp_path / "labels.jsonl", tmp_path / "model", tmp_path / "answers.jsonl"
    lines = [json.dumps({"text": row.text, "label": ";".join(row.labels) or "none"}) for row in rows]
    labels.write_text("\n".join(lines), encoding="utf-8")
    assert run(monkeypatch, "calibrate", model_folder, labels, "-o", out, "--review-precision", "0.6") == 0
    said = capfd.readouterr()
    assert "toy@" in said.err
    assert "60 answers need no review" in said.out
    assert "no_help none" in said.out
    command = ("classify", labels, "-o", answers, "--text-column", "text", "--min-precision", "0.55")
    assert run(monkeypatch, *command, "--model", out) == 0
    assert "no_help is never stated" in capfd.readouterr().err
    found = [json.loads(line)["causes"] for line in answers.read_text(encoding="utf-8").splitlines()]
    assert not any("no_help" in causes for causes in found)
    assert any(found)


def test_index_and_texts_go_together(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "calibrate", model_folder, "-o", tmp_path / "new", "--index", "shipped") == 1
    assert "--texts" in capfd.readouterr().err
    assert not (tmp_path / "new").exists()
