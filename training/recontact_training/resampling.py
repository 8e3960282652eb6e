"""Bootstrap: comments drawn anew, with replacement, and figures of many such draws at once.

The spread of a figure over the draws says how far it rests on the comments at hand; its interval is the percentile
interval of Efron & Tibshirani 1993, "An introduction to the bootstrap", chapter 13. A draw is kept as how often it
holds each comment, so that the sums of many draws are one matrix product.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 13
INTERVAL = (0.025, 0.975)
TOGETHER = 50  # resamples in memory at once
Bools = NDArray[np.bool_]
Counts = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure and the ends of its 95 % interval; NaN where there is nothing to measure it by.

    Attributes:
        value: The figure on the comments as they are.
        low: Lower end of the interval.
        high: Its upper end.
    """

    value: float
    low: float
    high: float


def resamples(rows: int) -> Iterator[Counts]:
    """How often each comment is drawn, shape (at most `TOGETHER`, rows), until there are `RESAMPLES`."""
    rng = np.random.default_rng(SEED)
    for start in range(0, RESAMPLES, TOGETHER):
        number = min(TOGETHER, RESAMPLES - start)
        drawn = rng.integers(rows, size=(number, rows)) + rows * np.arange(number)[:, None]
        yield np.bincount(drawn.ravel(), minlength=number * rows).reshape(number, rows).astype(np.float32)


def once(rows: int) -> Counts:
    """Every comment once, as a draw, shape (1, rows)."""
    return np.ones((1, rows), dtype=np.float32)


def interval(spread: Doubles) -> tuple[float, float]:
    """Where a figure lies in 95 % of the draws, shape (r,); NaN if no draw has it."""
    known = spread[~np.isnan(spread)]
    low, high = np.quantile(known, INTERVAL) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def weighted_counts(weights: Counts, true: NDArray[np.generic]) -> Doubles:
    """Weighted number of comments for which something is true, shape (r, ...).

    Args:
        weights: How often each draw holds each comment, shape (r, n).
        true: What is counted, or summed, of each comment, shape (n, ...).
    """
    # Products of counts are whole numbers, which single precision holds exactly up to 16 million.
    return (weights @ true.astype(np.float32)).astype(np.float64)


def ratio(part: Doubles, whole: Doubles) -> Doubles:
    """Part by whole, NaN where the whole is 0; shapes alike."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)


def weighted_f1(weights: Counts, labels: Bools, predicted: Bools) -> Doubles:
    """F1 of each cause in each draw, shape (r, n_causes); NaN where no drawn comment states it."""
    stated, said, both = (weighted_counts(weights, part) for part in (labels, predicted, labels & predicted))
    return np.where(stated > 0, 2 * both / np.maximum(stated + said, 1), np.nan)


def mean_of_known(figures: Doubles) -> Doubles:
    """Mean over the causes that have a figure, shape (r,) of (r, n_causes); NaN where none has."""
    known = ~np.isnan(figures)
    count = known.sum(axis=1)
    return np.where(count > 0, np.where(known, figures, 0).sum(axis=1) / np.maximum(count, 1), np.nan)
