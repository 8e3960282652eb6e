"""Selective prediction: how right the answers are if only the surest are taken, and which causes are taken for which.

Precision against coverage is the risk-coverage curve of El-Yaniv & Wiener 2010, "On the foundations of noise-free
selective classification", with precision for one minus risk.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recontact.prediction import Prediction
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import NONE, Taxonomy
from recontact_training.judged import JudgedAnswers

POINTS = 100


@dataclass(frozen=True)
class CoveragePoint:
    """The surest answers: their share of all, the least confidence among them, and how many of them are stated."""

    coverage: float
    confidence: float
    precision: float


@dataclass(frozen=True)
class Confusion:
    """How often the primary cause in a row was answered as the one in a column.

    Attributes:
        causes: Names of rows and columns: every cause, then `none`.
        counts: Number of comments, a tuple a primary cause.
    """

    causes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def precision_by_coverage(judged: JudgedAnswers) -> tuple[CoveragePoint, ...]:
    """Precision of the surest answers, from few to all, at up to `POINTS` coverages.

    Precision is the share of answers whose named cause the comment states. Answers of equal confidence are taken
    together, since nothing tells them apart.
    """
    order = np.argsort(-judged.confidence, kind="stable")
    confidence = judged.confidence[order]
    precision = np.cumsum(judged.stated[order]) / np.arange(1, len(order) + 1)
    ends = np.flatnonzero(np.append(np.diff(confidence) != 0, True))
    wanted = np.ceil(np.arange(1, POINTS + 1) / POINTS * len(order)).astype(int) - 1
    taken = np.unique(ends[np.searchsorted(ends, wanted)])
    return tuple(CoveragePoint(float((i + 1) / len(order)), float(confidence[i]), float(precision[i])) for i in taken)


def confusion(answers: Sequence[Prediction], rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> Confusion:
    """Primary causes against answered ones."""
    names = (*taxonomy.ids, NONE)
    place = {name: k for k, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), dtype=int)
    for answer, row in zip(answers, rows, strict=True):
        counts[place[row.primary], place[answer.cause]] += 1
    return Confusion(names, tuple(tuple(row) for row in counts.tolist()))
