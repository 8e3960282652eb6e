"""Precision: where to cut each cause so that it is right as often as a user asks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recontact.guarantee import certified_cut

Doubles = NDArray[np.float64]
PRECISIONS = tuple(round(0.5 + k / 100, 2) for k in range(50))
DOUBT = 0.1
RATIO = 1.3


@dataclass(frozen=True)
class PrecisionCurve:
    """The cut of each cause that can be vouched for, by precision.

    For one cause and one precision, in nine validation sets of ten the cut keeps its promise on new
    comments like those in the set.

    Attributes:
        precisions: Share of the comments found to state a cause that really do, rising.
        thresholds: For each cause the probability to cut at, by precision; None where none can be vouched for.
    """

    precisions: tuple[float, ...]
    thresholds: tuple[tuple[float | None, ...], ...]

    @classmethod
    def from_json(cls, values: Any, causes: int) -> "PrecisionCurve":
        """Reads what `dataclasses.asdict` made of a curve.

        Raises:
            ValueError: it is not a curve of that many causes.
            KeyError: a part is missing.
            TypeError: a part has another type.
        """
        precisions = tuple(map(float, values["precisions"]))
        rows = tuple(tuple(None if cut is None else float(cut) for cut in row) for row in values["thresholds"])
        if len(rows) != causes or any(len(row) != len(precisions) for row in rows) or not precisions:
            raise ValueError(f"the curve must hold {causes} causes, each with a threshold by precision")
        return cls(precisions, rows)

    def thresholds_at(self, wanted: float) -> Doubles:
        """The cut of each cause for a precision, or for the next higher one that is kept, shape (n_causes,).

        Infinite where a cause does not reach it.

        Raises:
            ValueError: `wanted` is out of range.
        """
        least, most = self.precisions[0], self.precisions[-1]
        if not least <= wanted <= most:
            raise ValueError(f"precision {wanted} is out of range; ask for {least} to {most}")
        column = next(k for k, precision in enumerate(self.precisions) if precision >= wanted - 1e-9)
        return np.array([np.inf if row[column] is None else row[column] for row in self.thresholds], dtype=np.float64)

    @property
    def best(self) -> tuple[float, ...]:
        """The highest precision that each cause reaches; 0.0 where it reaches none."""
        return tuple(
            max((p for p, cut in zip(self.precisions, row, strict=True) if cut is not None), default=0.0)
            for row in self.thresholds
        )


def precision_curve(probabilities: Doubles, labels: NDArray[np.bool_]) -> PrecisionCurve:
    """Finds the cuts on the validation split.

    The order of comments alone decides what can be vouched for, and calibration keeps it: that both are
    found on the same comments costs nothing. No precision is cut lower than a lower one, so that who asks for
    more never gets more causes.

    Args:
        probabilities: Calibrated, shape (n, n_causes).
        labels: Shape (n, n_causes).
    """
    rows = [_thresholds(probabilities[:, k], labels[:, k]) for k in range(labels.shape[1])]
    return PrecisionCurve(PRECISIONS, tuple(rows))


def _thresholds(probabilities: Doubles, labels: NDArray[np.bool_]) -> tuple[float | None, ...]:
    """The cuts of one cause, rising; None from the first precision on that cannot be vouched for."""
    cuts: list[float | None] = []
    for wanted in PRECISIONS:
        cut = certified_cut(probabilities, labels, wanted, doubt=DOUBT, ratio=RATIO)
        before = cuts[-1] if cuts else 0.0
        cuts.append(None if cut is None or before is None else max(cut.score, before))
    return tuple(cuts)
