"""Calibration: makes a model's scores mean what they say, and finds where to cut them.

One scale and one shift a cause (Platt 1999, "Probabilistic outputs for support vector machines"), so that
they fold into the last layer and every tool that opens the folder gets calibrated numbers.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recontact.confidence import AS_IT_IS, ConfidenceFit, logit_of
from recontact.guarantee import certified_cut
from recontact.precision import PrecisionCurve
from recontact_data.errors import ModelError

Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
FILE = "calibration.json"
REVIEW_DOUBT = 0.05
REVIEW_RATIO = 1.1


@dataclass(frozen=True)
class Calibration:
    """What calibration found on the validation split; scale and shift are already in the weights.

    Attributes:
        scale: Factor on each cause's logit.
        shift: Added to each cause's scaled logit.
        thresholds: Probability from which each cause counts as stated.
        review_confidence: Answers below this confidence need review.
        review_precision: Share of the other answers whose cause was really stated, on validation.
        review_wanted: Share of them that was asked for; None in models made before that was kept.
        review_coverage: Share of the answers that needed no review, on validation; None likewise.
        curve: Where to cut each cause for a precision that a user names; None likewise.
        confidence: From the probability behind an answer to its confidence; in older models they are the same.
    """

    scale: tuple[float, ...]
    shift: tuple[float, ...]
    thresholds: tuple[float, ...]
    review_confidence: float
    review_precision: float
    review_wanted: float | None = None
    review_coverage: float | None = None
    curve: PrecisionCurve | None = None
    confidence: ConfidenceFit = AS_IT_IS

    def save(self, folder: Path) -> None:
        """Writes `calibration.json`."""
        values = {key: value for key, value in asdict(self).items() if value is not None}
        (folder / FILE).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Calibration":
        """Reads `calibration.json`.

        Raises:
            ModelError: the file is missing or not valid.
        """
        try:
            return cls._from(json.loads((folder / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{folder / FILE} is missing or damaged ({error}); export the model again") from error

    @classmethod
    def _from(cls, values: Any) -> "Calibration":
        def numbers(name: str) -> tuple[float, ...]:
            return tuple(map(float, values[name]))

        def newer(name: str) -> float | None:
            return float(values[name]) if name in values else None

        scale = numbers("scale")
        return cls(
            scale,
            numbers("shift"),
            numbers("thresholds"),
            float(values["review_confidence"]),
            float(values["review_precision"]),
            newer("review_wanted"),
            newer("review_coverage"),
            PrecisionCurve.from_json(values["curve"], len(scale)) if "curve" in values else None,
            ConfidenceFit.from_json(values["confidence"]) if "confidence" in values else AS_IT_IS,
        )


def sigmoid(logits: Doubles) -> Doubles:
    """Logistic function, any shape, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def fit_scale_and_shift(logits: Doubles, labels: Bools, pull: float = 5.0, rounds: int = 50) -> tuple[float, float]:
    """Scale and shift of one cause's logits that minimise the log-loss, by Newton's method with halved steps.

    Args:
        logits: Shape (n,).
        labels: Shape (n,).
        pull: Strength of a quadratic pull towards scale 1 and shift 0, in comments.
        rounds: Newton steps at most.

    Returns:
        Scale (kept at 0.05 or more, so that the order of comments stays) and shift.
    """
    columns = np.stack([logits, np.ones_like(logits)], axis=1)
    home = np.array([1.0, 0.0])

    def loss(values: Doubles) -> float:
        z = columns @ values
        return float((np.logaddexp(0.0, z) - labels * z).sum() + pull / 2 * np.square(values - home).sum())

    values = home.copy()
    for _ in range(rounds):
        p = sigmoid(columns @ values)
        slope = columns.T @ (p - labels) + pull * (values - home)
        curve = (columns * (p * (1 - p))[:, None]).T @ columns + pull * np.eye(2)
        step = np.linalg.solve(curve, slope)
        while np.abs(step).max() > 1e-8 and loss(values - step) > loss(values):
            step /= 2  # a full step overshoots where most probabilities are near 0 or 1
        values -= step
        if np.abs(step).max() < 1e-8:
            break
    return max(float(values[0]), 0.05), float(values[1])


def fit_confidence(behind: Doubles, named: Bools, right: Bools) -> ConfidenceFit:
    """Finds how far answers are to be believed.

    Args:
        behind: Probability behind each answer, shape (n,).
        named: Whether a cause is named, shape (n,).
        right: Whether the comment states the answer's cause (or none, as answered), shape (n,).
    """
    logits = logit_of(behind)
    return ConfidenceFit(*(fit_scale_and_shift(logits[kind], right[kind]) for kind in (named, ~named)))


def best_threshold(probabilities: Doubles, labels: Bools) -> float:
    """The cut of one cause with the highest F1, midway between two comments; 0.5 without positives.

    Never above 0.5: for calibrated probabilities the best cut is half the F1 it reaches (Lipton et al. 2014,
    "Optimal thresholding of classifiers to maximize F1 measure").

    Args:
        probabilities: Shape (n,).
        labels: Shape (n,).
    """
    if not labels.any():
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    p, hits = probabilities[order], np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(p) + 1) + labels.sum())
    f1[:-1][p[:-1] == p[1:]] = -1.0
    smooth = np.convolve(np.pad(f1, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    best = int(np.where(f1 < 0, -1.0, smooth).argmax())
    below = p[best + 1] if best + 1 < len(p) else 0.0
    return float(np.clip((p[best] + below) / 2, 0.02, 0.5))


def expected_threshold(probabilities: Doubles) -> float:
    """The cut of one cause with the highest F1 that calibrated probabilities lead one to expect.

    It knows nothing of single labels, so it is steadier than `best_threshold` where a cause is rare.

    Args:
        probabilities: Shape (n,).
    """
    p = np.sort(probabilities)[::-1]
    f1 = 2 * np.cumsum(p) / (np.arange(1, len(p) + 1) + p.sum())
    best = int(f1.argmax())
    return float(np.clip((p[best] + p[min(best + 1, len(p) - 1)]) / 2, 0.02, 0.5))


def review_bound(confidence: Doubles, right: Bools, wanted: float) -> tuple[float, float, float]:
    """The lowest confidence from which on the answers can be vouched for to be right often enough.

    In nineteen validation sets of twenty, that share of right answers holds for new comments like those in the set
    (`certified_cut`); the share seen on the set itself is higher.

    Args:
        confidence: Of each answer, shape (n,).
        right: Whether the comment states the answer's cause (or none, as answered), shape (n,).
        wanted: Share of right answers to reach, between 0 and 1, both excluded.

    Returns:
        The bound, the share of right answers from there on and the share of answers that are; a bound
        above 1, which flags every answer, if none can be vouched for.
    """
    cut = certified_cut(confidence, right, wanted, doubt=REVIEW_DOUBT, ratio=REVIEW_RATIO)
    if cut is None:
        return 1.01, 1.0, 0.0
    return cut.score, cut.precision, cut.count / len(confidence)
