"""A precision that a user names: what is stated then, and what never is."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recontact import CauseClassifier
from recontact.calibration import Calibration
from recontact.precision import PrecisionCurve
from recontact_data.errors import ModelError
from recontact_data.labels import LabelledComment

FREE, CUT = "no_callback", 0.9


@pytest.fixture(scope="module")
def folder(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy model with cuts at 0.5 and 0.8; at 0.8 only one cause has one."""
    folder = shutil.copytree(model_folder, tmp_path_factory.mktemp("cuts") / "toy")
    found = Calibration.load(folder)
    causes = CauseClassifier.load(folder).taxonomy.ids
    cuts = tuple((0.01, CUT if cause == FREE else None) for cause in causes)
    replace(found, curve=PrecisionCurve((0.5, 0.8), cuts)).save(folder)
    return folder


def test_a_cause_is_stated_from_its_cut_on_and_never_without_one(folder: Path, rows: list[LabelledComment]) -> None:
    texts = [row.text for row in rows]
    usual, precise = CauseClassifier.load(folder), CauseClassifier.load(folder, min_precision=0.75)
    probabilities = precise.predict_proba(texts)
    assert probabilities.tobytes() == usual.predict_proba(texts).tobytes()
    column = usual.taxonomy.ids.index(FREE)
    expected = np.zeros_like(probabilities, dtype=bool)
    expected[:, column] = probabilities[:, column] >= np.float32(CUT)
    assert (precise.predict(texts) == expected).all()
    assert expected.any()
    assert precise.out_of_reach == {cause: 0.5 for cause in usual.taxonomy.ids if cause != FREE}
    assert usual.out_of_reach == {}


def test_a_cause_kept_unsaid_leaves_an_unsure_none(folder: Path, rows: list[LabelledComment]) -> None:
    texts = [row.text for row in rows]
    precise = CauseClassifier.load(folder).at_precision(0.8)
    for answer, stated in zip(precise.classify(texts), precise.predict(texts), strict=True):
        assert answer.causes == ((FREE,) if stated.any() else ())
        if not stated.any():
            assert answer.cause == "none"
            behind = 1 - max(answer.probabilities.values())
            assert answer.confidence == pytest.approx(precise.rule.believed(behind, named=False))


def test_a_low_precision_states_no_more_than_the_usual_cut(folder: Path, rows: list[LabelledComment]) -> None:
    texts = [row.text for row in rows]
    usual = CauseClassifier.load(folder)
    assert (usual.at_precision(0.5).predict(texts) <= usual.predict(texts)).all()
    assert usual.at_precision(0.5).out_of_reach == {}


def test_the_usual_classifier_stays_as_it_was(folder: Path, rows: list[LabelledComment]) -> None:
    usual = CauseClassifier.load(folder)
    before = usual.classify([row.text for row in rows[:20]])
    usual.at_precision(0.8)
    assert usual.classify([row.text for row in rows[:20]]) == before


def test_a_model_made_before_cuts_were_kept_says_how_to_add_them(folder: Path, tmp_path: Path) -> None:
    older = shutil.copytree(folder, tmp_path / "older")
    replace(Calibration.load(older), curve=None).save(older)
    with pytest.raises(ModelError, match="recontact calibrate"):
        CauseClassifier.load(older, min_precision=0.8)


@pytest.mark.parametrize("wanted", [0.0, 0.4, 1.0])
def test_a_precision_out_of_range_is_refused(folder: Path, wanted: float) -> None:
    with pytest.raises(ValueError, match="ask for"):
        CauseClassifier.load(folder, min_precision=wanted)
