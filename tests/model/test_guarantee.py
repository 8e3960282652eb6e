"""Guarantees: a cut that was vouched for on one sample holds on what comes after it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from recontact.calibration import review_bound
from recontact.guarantee import certified_cut, chance_of_hits
from recontact.precision import PRECISIONS, PrecisionCurve, precision_curve


@given(count=st.integers(1, 400), hits=st.floats(0, 1), share=st.floats(0.01, 0.99))
def test_the_chance_of_hits_is_the_tail_of_the_binomial(count: int, hits: float, share: float) -> None:
    least = round(hits * count)
    assert chance_of_hits(least, count, share) == pytest.approx(binom.sf(least - 1, count, share), abs=1e-9)


DRAWS = 200


def simulated(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores of which the sure ones are right a little less often than they say."""
    scores = rng.random(count)
    return scores, rng.random(count) < scores**1.1


def true_precision(cut: float) -> float:
    """Share of right answers above a cut, over all that `simulated` can draw."""
    grid = np.linspace(cut, 1, 10_001)
    return float((grid**1.1).mean())


@pytest.mark.parametrize("wanted", [0.6, 0.8, 0.9])
@pytest.mark.parametrize(("doubt", "ratio"), [(0.1, 1.3), (0.05, 1.1), (0.3, 1.2)])
def test_a_cut_breaks_its_promise_no_more_often_than_it_may(wanted: float, doubt: float, ratio: float) -> None:
    rng = np.random.default_rng(7)
    broken = 0
    for _ in range(DRAWS):
        cut = certified_cut(*simulated(rng, 600), wanted, doubt=doubt, ratio=ratio)
        broken += cut is not None and true_precision(cut.score) < wanted
    assert broken / DRAWS <= doubt + 3 * (doubt * (1 - doubt) / DRAWS) ** 0.5


def test_the_more_is_known_the_less_is_given_away() -> None:
    """On many comments the cut comes near the lowest that keeps the promise."""
    rng = np.random.default_rng(8)
    cut = certified_cut(*simulated(rng, 100_000), 0.8, doubt=0.05, ratio=1.1)
    assert cut is not None
    assert 0.8 <= true_precision(cut.score) < 0.83
    assert cut.precision == pytest.approx(true_precision(cut.score), abs=0.02)


@pytest.mark.parametrize("wanted", [0.5, 0.9])
def test_nothing_is_promised_of_answers_that_are_all_wrong(wanted: float) -> None:
    assert certified_cut(np.linspace(0, 1, 500), np.zeros(500, dtype=bool), wanted, doubt=0.1, ratio=1.5) is None


def test_equal_scores_are_never_parted() -> None:
    scores = np.repeat([0.9, 0.5], [40, 400])
    right = np.concatenate([np.ones(40, dtype=bool), np.zeros(400, dtype=bool)])
    cut = certified_cut(scores, right, 0.8, doubt=0.1, ratio=1.5)
    assert cut is not None
    assert cut.count == 40
    assert cut.score == pytest.approx(0.7)


@given(count=st.integers(0, 12))
def test_a_few_comments_vouch_for_nothing(count: int) -> None:
    assert certified_cut(np.linspace(0, 1, count), np.ones(count, dtype=bool), 0.9, doubt=0.1, ratio=1.5) is None


@pytest.fixture(scope="module")
def curve() -> PrecisionCurve:
    """Cuts of three causes: one sure, one less so, one never right."""
    rng = np.random.default_rng(9)
    probabilities = rng.random((2000, 3))
    labels = rng.random((2000, 3)) < probabilities * [1.0, 0.75, 0.0]
    return precision_curve(probabilities, labels)


def test_a_higher_precision_is_never_cut_lower(curve: PrecisionCurve) -> None:
    cuts = np.stack([curve.thresholds_at(wanted) for wanted in PRECISIONS])
    assert (cuts[1:] >= cuts[:-1]).all()


def test_a_cause_that_cannot_reach_a_precision_has_no_cut_and_says_its_best(curve: PrecisionCurve) -> None:
    assert np.isinf(curve.thresholds_at(0.8)).tolist() == [False, True, True]
    first, second, third = curve.best
    assert first > second > 0.5
    assert third == 0.0
    assert np.isfinite(curve.thresholds_at(second)[1])


def test_a_precision_between_two_that_are_kept_gets_the_higher_ones_cut(curve: PrecisionCurve) -> None:
    assert (curve.thresholds_at(0.555) == curve.thresholds_at(0.56)).all()
    assert (curve.thresholds_at(0.56) == curve.thresholds_at(0.56 + 1e-12)).all()


@pytest.mark.parametrize("wanted", [0.0, 0.49, 0.995, 1.0, float("nan")])
def test_a_precision_out_of_range_is_refused(curve: PrecisionCurve, wanted: float) -> None:
    with pytest.raises(ValueError, match="ask for"):
        curve.thresholds_at(wanted)


def test_review_flags_all_but_the_answers_that_can_be_vouched_for() -> None:
    rng = np.random.default_rng(11)
    scores, right = simulated(rng, 3000)
    bound, reached, coverage = review_bound(scores, right, 0.85)
    kept = scores >= bound
    assert right[kept].mean() == pytest.approx(reached)
    assert kept.mean() == pytest.approx(coverage)
    assert reached > 0.85
