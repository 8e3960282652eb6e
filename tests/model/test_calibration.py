"""Calibration: scores that mean what they say, and where to cut them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from recontact.calibration import Calibration, best_threshold, fit_scale_and_shift, review_bound, sigmoid
from recontact.precision import PrecisionCurve
from recontact_data.errors import ModelError


@pytest.mark.parametrize(("scale", "shift"), [(0.5, 0.0), (1.0, 0.0), (2.0, -1.5), (1.3, 1.0)])
def test_scale_and_shift_that_made_the_labels_are_recovered(scale: float, shift: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, 50_000)
    labels = rng.random(len(logits)) < sigmoid(scale * logits + shift)
    found = fit_scale_and_shift(logits, labels)
    assert found == pytest.approx((scale, shift), abs=0.07)


def test_logits_far_too_large_are_brought_down() -> None:
    rng = np.random.default_rng(5)
    logits = 12 * rng.normal(size=4_000) - 8
    labels = rng.random(len(logits)) < sigmoid(0.1 * logits - 1)
    assert fit_scale_and_shift(logits, labels) == pytest.approx((0.1, -1.0), abs=0.1)


def test_without_samples_the_scale_stays_one_and_the_shift_zero() -> None:
    assert fit_scale_and_shift(np.zeros(0), np.zeros(0, dtype=bool)) == pytest.approx((1.0, 0.0))


def test_the_scale_never_turns_the_order_of_comments_round() -> None:
    logits = np.linspace(-3, 3, 200)
    scale, _ = fit_scale_and_shift(logits, logits < 0)
    assert scale > 0


@pytest.mark.parametrize("positive", [False, True])
def test_a_cause_that_no_or_every_comment_states_gets_finite_numbers(positive: bool) -> None:
    scale, shift = fit_scale_and_shift(np.linspace(-4, 4, 50), np.full(50, positive))
    assert np.isfinite([scale, shift]).all()
    assert (shift > 0) == positive


def test_the_threshold_is_about_as_good_as_the_best_of_all() -> None:
    rng = np.random.default_rng(2)
    labels = rng.random(400) < 0.2
    probabilities = sigmoid(rng.normal(np.where(labels, 0.5, -1.5), 1.0))
    best = max(f1_score(labels, probabilities >= cut) for cut in np.unique(probabilities))
    assert f1_score(labels, probabilities >= best_threshold(probabilities, labels)) >= best - 0.03


def test_the_threshold_parts_what_can_be_parted_up_to_a_few_comments() -> None:
    """Up to a few, for the threshold looks at neighbouring cuts too, lest it trust one comment."""
    labels = np.arange(200) >= 160
    probabilities = np.where(labels, 0.7, 0.1) + np.linspace(0, 0.2, 200)
    assert ((probabilities >= best_threshold(probabilities, labels)) != labels).sum() <= 2


def test_without_positives_the_threshold_is_one_half() -> None:
    assert best_threshold(np.array([0.1, 0.9]), np.zeros(2, dtype=bool)) == 0.5


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_equal_probabilities_fall_on_one_side_of_the_threshold(value: float) -> None:
    labels = np.array([True, False, True, False])
    threshold = best_threshold(np.full(4, value), labels)
    assert 0.02 <= threshold <= 0.98


def test_a_threshold_among_ties_is_no_tied_value() -> None:
    probabilities = np.array([0.9, 0.6, 0.6, 0.6, 0.1])
    threshold = best_threshold(probabilities, np.array([True, True, False, True, False]))
    assert threshold not in probabilities


def test_every_answer_needs_review_where_none_can_be_trusted() -> None:
    bound, _, coverage = review_bound(np.linspace(0, 1, 100), np.zeros(100, dtype=bool), wanted=0.8)
    assert bound > 1
    assert coverage == 0


def test_no_answer_needs_review_where_all_are_right() -> None:
    confidence = np.linspace(0.2, 1, 100)
    found = review_bound(confidence, np.ones(100, dtype=bool), wanted=0.8)
    assert found == (pytest.approx(0.2), 1.0, 1.0)


CURVE = PrecisionCurve((0.5, 0.9), ((0.2, 0.7), (0.4, None)))


@pytest.mark.parametrize("newer", [{}, {"review_wanted": 0.9, "review_coverage": 0.4, "curve": CURVE}])
def test_a_calibration_comes_back_as_it_was_saved(tmp_path: Path, newer: dict[str, Any]) -> None:
    saved = Calibration((1.0, 0.5), (0.0, -1.25), (0.5, 0.31), 0.42, 0.8, **newer)
    saved.save(tmp_path)
    assert Calibration.load(tmp_path) == saved


@pytest.mark.parametrize(
    "curve", [{}, [], {"precisions": [], "thresholds": [[], []]}, {"precisions": [0.5], "thresholds": [[0.2]]}]
)
def test_a_damaged_curve_is_refused(tmp_path: Path, curve: object) -> None:
    Calibration((1.0, 0.5), (0.0, -1.25), (0.5, 0.31), 0.42, 0.8).save(tmp_path)
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"curve": curve}), encoding="utf-8")
    with pytest.raises(ModelError, match="missing or damaged"):
        Calibration.load(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"scale": "abc"}', json.dumps({"scale": [1.0]})])
def test_a_damaged_calibration_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "calibration.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="missing or damaged"):
        Calibration.load(tmp_path)
