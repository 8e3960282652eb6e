"""The teacher's vectors are computed once, go on after a stop, and are made anew for other sentences."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from recontact_training import teacher as module
from recontact_training.teacher import TeacherVectors

SENTENCES = ["the boiler is old", "nobody called", "all good, thank you", "nobody called", "hung up"]


def vectors(encoder: Path, out: Path, sentences: list[str] = SENTENCES) -> tuple[TeacherVectors, list[str]]:
    said: list[str] = []
    return TeacherVectors(encoder, sentences, out, torch.device("cpu"), False, said.append), said


def test_a_sentence_is_kept_once_and_found_again(encoder: Path, tmp_path: Path) -> None:
    made, said = vectors(encoder, tmp_path)
    found, rows = made(["nobody called", "hung up", "nobody called"])
    assert rows[0] == rows[2] != rows[1]
    assert torch.equal(found[0], found[2])
    assert said == ["teacher: 4 of 4 sentences"]


def test_vectors_are_the_means_of_the_states_of_real_pieces(encoder: Path, tmp_path: Path) -> None:
    made, _ = vectors(encoder, tmp_path)
    tokenizer, model = AutoTokenizer.from_pretrained(encoder), AutoModel.from_pretrained(encoder)
    with torch.inference_mode():
        states = model(**tokenizer("hung up", return_tensors="pt")).last_hidden_state
    assert made(["hung up"])[0].numpy() == pytest.approx(states.mean(1).numpy(), abs=1e-2)


def test_what_was_done_before_a_stop_is_not_done_again(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 1)
    whole, _ = vectors(encoder, tmp_path)
    mark = tmp_path / "teacher.json"
    mark.write_text(json.dumps({**json.loads(mark.read_text()), "done": 2}))
    again, said = vectors(encoder, tmp_path)
    assert said == ["teacher: 3 of 4 sentences", "teacher: 4 of 4 sentences"]
    assert np.array_equal(again.vectors, whole.vectors)
    assert vectors(encoder, tmp_path)[1] == []


def test_other_sentences_are_computed_anew(encoder: Path, tmp_path: Path) -> None:
    vectors(encoder, tmp_path)
    made, said = vectors(encoder, tmp_path, ["something else"])
    assert said == ["teacher: 1 of 1 sentences"]
    assert made.vectors.any()
