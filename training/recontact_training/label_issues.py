"""Rows whose labels look wrong: those that a model, sure of itself, contradicts.

Confident learning (Northcutt et al. 2021, "Confident learning: estimating uncertainty in dataset labels") as
`cleanlab` does it, each cause by itself. The model must not have been trained on the rows: it knows those by heart.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recontact_data.errors import MissingExtraError
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import Taxonomy
from recontact_training.judged import JudgedAnswers
from recontact_training.resampling import Bools

LISTED = 20


@dataclass(frozen=True)
class LabelIssue:
    """A row whose labels look wrong.

    Attributes:
        id: Its id.
        text: The comment.
        language: Its language.
        labels: Causes it is labelled with.
        add: Causes that it seems to state and is not labelled with.
        drop: Causes that it is labelled with and seems not to state.
        quality: How probable the model holds the least probable of its labels, from 0 (surely wrong) to 1.
    """

    id: str
    text: str
    language: str
    labels: tuple[str, ...]
    add: tuple[str, ...]
    drop: tuple[str, ...]
    quality: float


def label_issues(
    rows: Sequence[LabelledComment], judged: JudgedAnswers, taxonomy: Taxonomy, most: int = LISTED
) -> tuple[LabelIssue, ...]:
    """Rows whose labels look wrong, the most suspicious first.

    A cause that no comment states, or that all do, is left out: there is nothing to learn of its errors.

    Raises:
        MissingExtraError: cleanlab is not installed.
    """
    suspected = _suspected(judged)
    own = np.where(judged.labels, judged.probabilities, 1 - judged.probabilities)
    quality = np.where(suspected, own, 1.0).min(axis=1, initial=1.0)
    chosen = [i for i in np.argsort(quality, kind="stable") if suspected[i].any()][:most]
    return tuple(_issue(rows[i], judged.labels[i], suspected[i], quality[i], taxonomy) for i in chosen)


def _suspected(judged: JudgedAnswers) -> Bools:
    """Which labels are contradicted, shape (n, n_causes)."""
    try:
        from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
    except ImportError as error:
        raise MissingExtraError("finding labels that look wrong", "train") from error
    suspected = np.zeros_like(judged.labels)
    mixed = np.flatnonzero(judged.labels.any(axis=0) & ~judged.labels.all(axis=0))
    if len(mixed):
        labels = [np.flatnonzero(row).tolist() for row in judged.labels[:, mixed]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of causes that few comments state
            suspected[:, mixed] = find_multilabel_issues_per_class(labels, judged.probabilities[:, mixed], n_jobs=1)
    return suspected


def _issue(row: LabelledComment, labels: Bools, suspected: Bools, quality: float, taxonomy: Taxonomy) -> LabelIssue:
    causes = np.array(taxonomy.ids)
    add, drop = (tuple(causes[suspected & side].tolist()) for side in (~labels, labels))
    return LabelIssue(row.id, row.text, row.language, row.labels, add, drop, float(quality))
