"""Recalibration: a model keeps what it learnt and gets probabilities and cuts of its own."""

from pathlib import Path

import numpy as np
import pytest

from recontact import CauseClassifier
from recontact.artifact import read_manifest, verify
from recontact.calibration import Calibration
from recontact_data.errors import LabelError, ModelError
from recontact_data.labels import LabelledComment
from recontact_training.recalibrate import recalibrate


@pytest.fixture(scope="module")
def recalibrated(model_folder: Path, rows: list[LabelledComment], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy model, calibrated on all toy comments."""
    return recalibrate(model_folder, rows, tmp_path_factory.mktemp("again") / "toy", review_precision=0.7)


def test_each_cause_ranks_comments_as_before(
    recalibrated: Path, classifier: CauseClassifier, rows: list[LabelledComment]
) -> None:
    texts = [row.text for row in rows]
    before, after = classifier.predict_proba(texts), CauseClassifier.load(recalibrated).predict_proba(texts)
    for k in range(before.shape[1]):
        order = np.argsort(before[:, k])
        assert (np.diff(after[order, k]) > -1e-3).all()
    assert np.abs(before - after).max() > 1e-3


def test_the_folder_is_whole_and_says_what_it_was_calibrated_on(
    recalibrated: Path, model_folder: Path, rows: list[LabelledComment]
) -> None:
    manifest, before = verify(recalibrated), read_manifest(model_folder)
    assert manifest.version != before.version
    assert manifest.recipe == before.recipe
    assert manifest.data["train"] == before.data["train"]
    assert manifest.data["calibration"]["of"] == before.model_version
    assert manifest.data["calibration"]["comments"] == len(rows)


def test_it_holds_cuts_and_a_bound_that_the_comments_vouch_for(recalibrated: Path, rows: list[LabelledComment]) -> None:
    found = Calibration.load(recalibrated)
    assert found.curve is not None
    assert found.review_wanted == 0.7
    assert found.review_coverage
    answers = CauseClassifier.load(recalibrated).classify([row.text for row in rows])
    kept = [
        answer.cause in (row.labels or ("none",))
        for answer, row in zip(answers, rows, strict=True)
        if not answer.needs_review
    ]
    assert np.mean(kept) == pytest.approx(found.review_precision, abs=0.02)
    assert len(kept) / len(rows) == pytest.approx(found.review_coverage, abs=0.02)


def test_too_few_comments_are_refused(model_folder: Path, rows: list[LabelledComment], tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="too few"):
        recalibrate(model_folder, rows[:5], tmp_path / "new")


def test_a_folder_that_is_taken_is_refused(model_folder: Path, recalibrated: Path, rows: list[LabelledComment]) -> None:
    with pytest.raises(ModelError, match="choose a new folder"):
        recalibrate(model_folder, rows, recalibrated)
