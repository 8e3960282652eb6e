"""Reliability: the calibration error is 0 where probabilities mean what they say, and large where they do not."""

import numpy as np
import pytest

from recontact_training.reliability import calibration_error, reliability_bins


def test_the_error_is_that_worked_out_by_hand() -> None:
    probabilities = np.array([0.05, 0.05, 0.75, 0.75, 0.75, 0.75])
    true = np.array([False, False, True, True, False, False])
    # Bin 0: 2 of 6, |0.05 - 0|; bin 7: 4 of 6, |0.75 - 0.5|.
    assert calibration_error(probabilities, true).value == pytest.approx(2 / 6 * 0.05 + 4 / 6 * 0.25)


def test_a_perfectly_calibrated_model_shows_no_more_than_chance() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.random(4_000)
    error = calibration_error(probabilities, rng.random(4_000) < probabilities)
    assert error.value < 0.025
    assert error.value == pytest.approx(error.chance, abs=0.01)


def test_a_model_that_is_too_sure_shows_by_how_much() -> None:
    rng = np.random.default_rng(3)
    error = calibration_error(np.full(2_000, 0.95), rng.random(2_000) < 0.7)
    assert error.value == pytest.approx(0.25, abs=0.03)
    assert error.chance < 0.02


def test_bins_are_of_equal_width_and_hold_both_ends() -> None:
    first, second, last = reliability_bins(np.array([0.0, 0.1, 1.0, 0.9]), np.array([False, True, True, False]))
    assert (first.low, first.high, first.count, first.true) == (0, 0.1, 1, 0)
    assert (second.low, second.count, second.mean) == (0.1, 1, 0.1)
    assert (last.low, last.high, last.count, last.mean, last.true) == (0.9, 1, 2, 0.95, 0.5)
