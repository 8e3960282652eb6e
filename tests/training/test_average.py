"""Averaging models of one encoder gives a model; models that do not go together are refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recontact import CauseClassifier
from recontact_data.errors import ModelError
from recontact_data.labels import LabelledComment
from recontact_training.average import average_models
from recontact_training.finetune import finetune
from recontact_training.recipe import FinetuneRecipe


def test_the_mean_of_a_model_with_itself_is_the_model(
    model_folder: Path, rows: list[LabelledComment], classifier: CauseClassifier, tmp_path: Path
) -> None:
    mean = CauseClassifier.load(average_models([model_folder, model_folder], [0.3, 0.7], rows, tmp_path / "mean"))
    texts = [row.text for row in rows[:10]]
    assert np.abs(mean.predict_proba(texts) - classifier.predict_proba(texts)).max() < 0.02


def test_one_model_or_a_share_of_nothing_is_refused(
    model_folder: Path, rows: list[LabelledComment], tmp_path: Path
) -> None:
    for folders, shares in (([model_folder], [1.0]), ([model_folder, model_folder], [1.0, 0.0])):
        with pytest.raises(ModelError, match="two models or more"):
            average_models(folders, shares, rows, tmp_path / "mean")


def test_models_of_other_causes_are_refused(
    model_folder: Path, rows: list[LabelledComment], encoder: Path, recipe: FinetuneRecipe, tmp_path: Path
) -> None:
    taxonomy = tmp_path / "two.yaml"
    taxonomy.write_text(
        "languages: [en]\nnone: {name: Nothing, description: Nothing.}\ncauses:\n"
        "  - {id: solution_failed, name: A, description: A., action: A.}\n"
        "  - {id: no_callback, name: B, description: B., action: B.}\n"
    )
    own = [row for row in rows if set(row.labels) <= {"solution_failed", "no_callback"}]
    short = replace(recipe, epochs=1, mean_of_epochs=1)
    other = finetune(own, encoder, tmp_path / "other", recipe=short, taxonomy_file=taxonomy)
    with pytest.raises(ModelError, match="different causes"):
        average_models([model_folder, other], [1.0, 1.0], rows, tmp_path / "mean")
