"""Baselines learn from the same rows as a model and stand beside it."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from recontact_data.errors import LabelError, ModelError
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.taxonomy import load_taxonomy
from recontact_training.baselines import baseline_figures, baselines, frozen_predictions, run_baselines
from recontact_training.setfit_baseline import _body, setfit_predictions

TAXONOMY = load_taxonomy()


def split(rows: list[LabelledComment], *names: str) -> list[list[LabelledComment]]:
    return [[row for row in rows if row.split == name] for name in names]


def test_a_frozen_encoder_tells_causes_from_its_vectors_even_if_ids_are_not_unique(
    rows: list[LabelledComment], encoder: Path
) -> None:
    train, validation, test = split([replace(row, id="same") for row in rows], "train", "validation", "test")
    predicted = frozen_predictions(str(encoder), train, validation, test, TAXONOMY)
    figures = baseline_figures(predicted, label_matrix(test, TAXONOMY), test, TAXONOMY, ("model", "frozen"))
    assert figures.report.macro_f1 > 0.3
    assert figures.lead.macro_f1.difference == pytest.approx(1 - figures.report.macro_f1)


@pytest.mark.slow
def test_setfit_learns_on_the_toy_encoder(rows: list[LabelledComment], encoder: Path) -> None:
    train, validation, test = split(rows, "train", "validation", "test")
    predicted = setfit_predictions(encoder, train, validation, test, TAXONOMY, steps=3)
    assert predicted.shape == (len(test), len(TAXONOMY))
    assert (predicted & label_matrix(test, TAXONOMY)).any()


def test_setfit_trains_an_encoder_of_half_precision_in_single(encoder: Path, tmp_path: Path) -> None:
    AutoModel.from_pretrained(encoder).half().save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(encoder).save_pretrained(tmp_path)
    assert {weight.dtype for weight in _body(tmp_path).parameters()} == {torch.float32}


def test_each_baseline_is_trained_once_for_all_sections(rows: list[LabelledComment]) -> None:
    train, validation, test = split(rows, "train", "validation", "test")
    calls = []

    def truth(*parts: list[LabelledComment]) -> np.ndarray:
        calls.append([len(part) for part in parts])
        return label_matrix(parts[-1], TAXONOMY)

    judged = {"written": test, "real": validation}
    found = run_baselines({"truth": truth}, rows, judged)
    assert calls == [[len(train), len(validation), len(test) + len(validation)]]
    for name, some in judged.items():
        assert (found["truth"][name] == label_matrix(some, TAXONOMY)).all()


def test_baselines_are_named_after_their_encoders() -> None:
    found = baselines(TAXONOMY, tfidf=True, frozen=["some/encoder"], setfit=["xlm-roberta-base"])
    assert list(found) == ["TF-IDF", "frozen encoder", "SetFit xlm-roberta-base, 2000 batches"]


def test_rows_to_learn_from_are_needed(rows: list[LabelledComment]) -> None:
    test = [row for row in rows if row.split == "test"]
    with pytest.raises(LabelError, match="training and validation rows"):
        run_baselines({"any": partial(frozen_predictions, "x", taxonomy=TAXONOMY)}, test, {"written": test})


def test_a_folder_without_an_encoder_is_refused(rows: list[LabelledComment], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no encoder"):
        frozen_predictions(str(tmp_path), rows, rows, rows, TAXONOMY)
