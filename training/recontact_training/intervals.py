"""Figures of a model with their bootstrap intervals: over all comments, some of them, and cause by cause."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recontact_training.average_precision import AveragePrecision
from recontact_training.judged import Indices, JudgedAnswers
from recontact_training.reliability import CalibrationError, calibration_error
from recontact_training.resampling import (
    Counts,
    Doubles,
    Estimate,
    interval,
    mean_of_known,
    once,
    ratio,
    resamples,
    weighted_counts,
    weighted_f1,
)


@dataclass(frozen=True)
class GroupFigures:
    """Figures over a group of comments; NaN where there is nothing to measure one by.

    Attributes:
        rows: Number of comments.
        macro_f1: Mean F1 over the causes that some comment states.
        main_f1: The same over the main causes.
        precision: Share of the causes said that are stated.
        recall: Share of the causes stated that are said.
        average_precision: Mean over the stated causes of their average precision.
        exact: Share of comments whose set of causes is exactly right.
        primary: Share of comments whose primary cause (or `none`) is right.
        stated: Share of answers whose cause (or `none`) the comment states.
        reviewed: Share of answers that need review.
        stated_unreviewed: `stated` among answers that need no review.
        calibration: Calibration error of the confidence, against `stated`.
    """

    rows: int
    macro_f1: Estimate
    main_f1: Estimate
    precision: Estimate
    recall: Estimate
    average_precision: Estimate
    exact: Estimate
    primary: Estimate
    stated: Estimate
    reviewed: Estimate
    stated_unreviewed: Estimate
    calibration: CalibrationError


@dataclass(frozen=True)
class CauseEstimates:
    """Figures of one cause, over `support` comments that state it and `predicted` said to.

    `calibration` is the calibration error of its probability.
    """

    support: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    average_precision: Estimate
    calibration: CalibrationError


GROUP_COLUMNS = tuple(GroupFigures.__dataclass_fields__)[1:-1]
CAUSE_COLUMNS = ("precision", "recall", "f1", "average_precision")


def group_figures(judged: JudgedAnswers, groups: Mapping[str, Indices]) -> dict[str, GroupFigures]:
    """Figures over groups of comments, given by their indices, every group measured on the same draws of all."""
    parts = {name: _Group(judged.of(own)) for name, own in groups.items()}
    spread: dict[str, list[Doubles]] = {name: [] for name in parts}
    for drawn in resamples(len(judged)):
        for name, part in parts.items():
            spread[name].append(part(drawn[:, groups[name]]))
    return {name: part.figures(np.concatenate(spread[name])) for name, part in parts.items()}


def cause_figures(judged: JudgedAnswers) -> list[CauseEstimates]:
    """Figures of each cause, in the order of the columns."""
    measure = _Causes(judged)
    points = measure(once(len(judged)))[0]
    spread = np.concatenate([measure(drawn) for drawn in resamples(len(judged))])
    return [
        CauseEstimates(
            support=int(judged.labels[:, k].sum()),
            predicted=int(judged.predicted[:, k].sum()),
            calibration=calibration_error(judged.probabilities[:, k], judged.labels[:, k]),
            **_estimates(CAUSE_COLUMNS, points[k], spread[:, k]),
        )
        for k in range(judged.labels.shape[1])
    ]


def _estimates(names: tuple[str, ...], points: Doubles, spread: Doubles) -> dict[str, Estimate]:
    """An estimate for each name, of its point (n_names,) and its draws (r, n_names)."""
    return {name: Estimate(float(points[c]), *interval(spread[:, c])) for c, name in enumerate(names)}


class _Causes:
    """Figures of each cause in many draws, in the order of `CAUSE_COLUMNS`."""

    def __init__(self, judged: JudgedAnswers) -> None:
        self._judged = judged
        columns = zip(judged.labels.T, judged.probabilities.T, strict=True)
        self._average = [AveragePrecision(labels, probabilities) for labels, probabilities in columns]

    def __call__(self, weights: Counts) -> Doubles:
        """Shape (r, n_causes, 4), of weights (r, n)."""
        labels, predicted = self._judged.labels, self._judged.predicted
        stated, said, both = (weighted_counts(weights, part) for part in (labels, predicted, labels & predicted))
        average = np.column_stack([one(weights) for one in self._average])
        f1 = weighted_f1(weights, labels, predicted)
        return np.stack([ratio(both, said), ratio(both, stated), f1, average], axis=2)


class _Group:
    """Figures of a group of comments in many draws, in the order of `GROUP_COLUMNS`."""

    def __init__(self, judged: JudgedAnswers) -> None:
        self._judged = judged
        self._causes = _Causes(judged)
        calm = judged.stated & ~judged.flagged
        exact = (judged.labels == judged.predicted).all(axis=1)
        self._shares = np.column_stack([exact, judged.right, judged.stated, judged.flagged, calm])

    def __call__(self, weights: Counts) -> Doubles:
        """Shape (r, n_columns), of weights (r, n)."""
        by_cause = self._causes(weights)
        f1, average = by_cause[:, :, 2], by_cause[:, :, 3]
        labels, predicted = self._judged.labels, self._judged.predicted
        stated, said, both = (
            weighted_counts(weights, part).sum(axis=1) for part in (labels, predicted, labels & predicted)
        )
        rows = weights.sum(axis=1, dtype=np.float64)
        exact, right, named, flagged, calm = weighted_counts(weights, self._shares).T
        return np.column_stack(
            [
                mean_of_known(f1),
                mean_of_known(f1[:, list(self._judged.main)]),
                ratio(both, said),
                ratio(both, stated),
                mean_of_known(average),
                *(ratio(part, rows) for part in (exact, right, named, flagged)),
                ratio(calm, rows - flagged),
            ]
        )

    def figures(self, spread: Doubles) -> GroupFigures:
        """The figures, with the intervals of their draws, shape (r, n_columns)."""
        judged = self._judged
        points = self(once(len(judged)))[0]
        error = calibration_error(judged.confidence, judged.stated)
        return GroupFigures(rows=len(judged), calibration=error, **_estimates(GROUP_COLUMNS, points, spread))
