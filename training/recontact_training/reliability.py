"""Reliability: whether a probability means what it says.

Probabilities are put in ten bins of equal width, [0, 0.1) to [0.9, 1]. The expected calibration error is the mean over
the bins of |mean probability - share that is true|, each bin weighted by how many probabilities lie in it (Guo et al.
2017, "On calibration of modern neural networks", formula 5, with 10 bins instead of 15, so that each holds more).
It is above 0 for a perfectly calibrated model too, because shares of few comments scatter; `chance` says by how much.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recontact_training.resampling import RESAMPLES, SEED, TOGETHER, Bools, Doubles

BINS = 10


@dataclass(frozen=True)
class CalibrationError:
    """How far probabilities are from what is true.

    Attributes:
        value: Expected calibration error.
        chance: What a perfectly calibrated model with the same probabilities would show on average.
    """

    value: float
    chance: float


@dataclass(frozen=True)
class Bin:
    """The probabilities between `low` and `high`: how many, their mean, and the share that is true."""

    low: float
    high: float
    count: int
    mean: float
    true: float


def calibration_error(probabilities: Doubles, true: Bools) -> CalibrationError:
    """Expected calibration error of probabilities, both shape (n,); see the module for its bins."""
    bins = _in_bins(probabilities)
    rng = np.random.default_rng(SEED)
    drawn = [
        _errors(bins, probabilities, rng.random((TOGETHER, len(probabilities))) < probabilities)
        for _ in range(0, RESAMPLES, TOGETHER)
    ]
    return CalibrationError(float(_errors(bins, probabilities, true[None])[0]), float(np.concatenate(drawn).mean()))


def reliability_bins(probabilities: Doubles, true: Bools) -> tuple[Bin, ...]:
    """The data of a reliability diagram: every bin that holds a probability; both arguments shape (n,)."""
    found = []
    for number, inside in enumerate(_in_bins(probabilities).T.astype(bool)):
        if inside.any():
            mean, share = float(probabilities[inside].mean()), float(true[inside].mean())
            found.append(Bin(number / BINS, (number + 1) / BINS, int(inside.sum()), mean, share))
    return tuple(found)


def _in_bins(probabilities: Doubles) -> NDArray[np.float64]:
    """1 in the column of the bin that each probability lies in, shape (n, BINS)."""
    edges = np.arange(1, BINS) / BINS
    return np.eye(BINS)[np.searchsorted(edges, probabilities, side="right")]


def _errors(bins: NDArray[np.float64], probabilities: Doubles, true: Bools) -> Doubles:
    """Expected calibration error for each of r sets of truths, shape (r, n)."""
    return np.asarray(np.abs((probabilities - true) @ bins).sum(axis=1) / max(len(probabilities), 1))
