"""Bootstrap: draws are repeatable, and intervals hold the figure they are about."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from recontact_training.average_precision import AveragePrecision
from recontact_training.resampling import RESAMPLES, interval, once, ratio, resamples, weighted_counts, weighted_f1


def test_every_draw_holds_as_many_comments_as_there_are() -> None:
    drawn = np.concatenate(list(resamples(30)))
    assert drawn.shape == (RESAMPLES, 30)
    assert (drawn.sum(axis=1) == 30).all()
    assert (drawn == np.concatenate(list(resamples(30)))).all()


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    hits = np.arange(400) < 120
    spread = np.concatenate([weighted_counts(drawn, hits) / 400 for drawn in resamples(400)])
    low, high = interval(spread)
    wide = 1.96 * np.sqrt(0.3 * 0.7 / 400)
    assert (low, high) == pytest.approx((0.3 - wide, 0.3 + wide), abs=0.008)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    draws = [drawn for _, drawn in zip(range(4), resamples(200), strict=False)]
    for _ in range(200):
        hits = rng.random(200) < 0.4
        low, high = interval(np.concatenate([weighted_counts(drawn, hits) / 200 for drawn in draws]))
        covered += low <= 0.4 <= high
    assert 0.88 <= covered / 200 <= 1.0


def test_f1_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    labels, predicted = rng.random((80, 4)) < 0.3, rng.random((80, 4)) < 0.4
    expected = f1_score(labels, predicted, average=None)
    assert weighted_f1(once(80), labels, predicted)[0] == pytest.approx(expected)


def test_average_precision_is_scikit_learns_on_every_draw_also_with_equal_probabilities() -> None:
    rng = np.random.default_rng(2)
    labels = rng.random(150) < 0.2
    probabilities = np.round(rng.random(150), 1)
    drawn = next(resamples(150))
    expected = [average_precision_score(labels, probabilities, sample_weight=one) for one in drawn]
    assert AveragePrecision(labels, probabilities)(drawn) == pytest.approx(np.array(expected))
    assert np.isnan(AveragePrecision(np.zeros(150, dtype=bool), probabilities)(drawn)).all()


def test_a_ratio_to_nothing_is_no_number() -> None:
    assert ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0])) == pytest.approx([0.5, np.nan], nan_ok=True)
