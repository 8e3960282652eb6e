"""The costliest mistakes of a model, with the comments, for a person to read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recontact.prediction import Prediction
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import Taxonomy
from recontact_training.judged import JudgedAnswers

LISTED = 20


@dataclass(frozen=True)
class Mistake:
    """A comment that was answered wrongly.

    Attributes:
        id: Its id.
        text: The comment.
        language: Its language.
        labels: Causes it is labelled with.
        causes: Causes the model stated.
        cause: The cause the mistake is about: the one that was named, or the one that was missed.
        probability: Confidence of the answer, or the probability of the missed cause.
    """

    id: str
    text: str
    language: str
    labels: tuple[str, ...]
    causes: tuple[str, ...]
    cause: str
    probability: float


def confident_mistakes(
    answers: Sequence[Prediction], rows: Sequence[LabelledComment], judged: JudgedAnswers, most: int = LISTED
) -> tuple[Mistake, ...]:
    """Answers not flagged for review whose named cause (or `none`) is not stated, the most confident first."""
    wrong = np.flatnonzero(~judged.stated & ~judged.flagged)
    chosen = wrong[np.argsort(-judged.confidence[wrong], kind="stable")][:most]
    return tuple(_mistake(answers[i], rows[i], answers[i].cause, answers[i].confidence) for i in chosen)


def missed_causes(
    answers: Sequence[Prediction],
    rows: Sequence[LabelledComment],
    judged: JudgedAnswers,
    taxonomy: Taxonomy,
    most: int = LISTED,
) -> tuple[Mistake, ...]:
    """Causes that a comment states and the model held least probable, the least first."""
    where = np.argwhere(judged.labels & ~judged.predicted)
    found = judged.probabilities[where[:, 0], where[:, 1]]
    chosen = np.argsort(found, kind="stable")[:most]
    return tuple(
        _mistake(answers[i], rows[i], taxonomy.ids[k], probability)
        for (i, k), probability in zip(where[chosen].tolist(), found[chosen].tolist(), strict=True)
    )


def _mistake(answer: Prediction, row: LabelledComment, cause: str, probability: float) -> Mistake:
    return Mistake(row.id, row.text, row.language, row.labels, answer.causes, cause, float(probability))
