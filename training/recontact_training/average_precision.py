"""Average precision of one cause in many draws of the same comments."""

import numpy as np

from recontact_training.resampling import Bools, Counts, Doubles, ratio


class AveragePrecision:
    """Average precision of a ranking, the precisions at each step of recall weighted by that step.

    The same as scikit-learn's `average_precision_score` with sample weights (equal probabilities are one step), but
    the ranking is made once for all draws, and only steps at which recall grows are computed.

    Args:
        labels: Whether each comment states the cause, shape (n,).
        probabilities: How probable the model holds it, shape (n,).
    """

    def __init__(self, labels: Bools, probabilities: Doubles) -> None:
        order = np.argsort(-probabilities, kind="stable")
        falls = np.diff(probabilities[order], prepend=np.inf) != 0
        step = np.cumsum(falls) - 1
        ends = np.append(np.flatnonzero(falls)[1:], len(order))
        found = np.flatnonzero(labels[order])
        grown, self._first = np.unique(step[found], return_index=True)
        last = ends[grown]
        self._stated = order[found]
        self._ranked = order[: last[-1]] if len(last) else order[:0]
        self._starts = np.append(0, last[:-1]) if len(last) else last

    def __call__(self, weights: Counts) -> Doubles:
        """Average precision in each draw, shape (r,) of weights (r, n); NaN where no drawn comment states the cause."""
        if not len(self._stated):
            return np.full(len(weights), np.nan)
        said = np.add.reduceat(weights[:, self._ranked], self._starts, axis=1).cumsum(axis=1)
        hits = np.add.reduceat(weights[:, self._stated], self._first, axis=1).astype(np.float64)
        precision = hits.cumsum(axis=1) / np.maximum(said, 1)
        return ratio((hits * precision).sum(axis=1), hits.sum(axis=1))
