"""Judged answers: what a model said of comments beside what they state, as arrays of one row a comment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recontact.estimator import CauseClassifier
from recontact.prediction import Prediction
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.taxonomy import NONE, Taxonomy
from recontact_training.resampling import Bools, Doubles

CHUNK = 64  # comments between two calls of `progress`
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class JudgedAnswers:
    """Answers and truths of n comments.

    Attributes:
        labels: Causes that each comment states, shape (n, n_causes).
        predicted: Causes that the model states of it, same shape.
        probabilities: Probability of each cause, same shape.
        confidence: Confidence of each answer, shape (n,).
        right: Whether the named cause (or none) is the comment's primary one, shape (n,).
        stated: Whether the comment states the named cause (or, for none, states no cause), shape (n,).
        flagged: Whether the answer needs review, shape (n,).
        main: Columns of the main causes.
    """

    labels: Bools
    predicted: Bools
    probabilities: Doubles
    confidence: Doubles
    right: Bools
    stated: Bools
    flagged: Bools
    main: tuple[int, ...]

    def __len__(self) -> int:
        """Number of comments."""
        return len(self.labels)

    def of(self, own: Indices) -> "JudgedAnswers":
        """The answers to some of the comments, by their indices."""
        return JudgedAnswers(
            labels=self.labels[own],
            predicted=self.predicted[own],
            probabilities=self.probabilities[own],
            confidence=self.confidence[own],
            right=self.right[own],
            stated=self.stated[own],
            flagged=self.flagged[own],
            main=self.main,
        )


def classify_rows(
    classifier: CauseClassifier,
    rows: Sequence[LabelledComment],
    progress: Callable[[int], None] = lambda comments: None,
) -> list[Prediction]:
    """The answers of a model to comments; `progress` is called with the number of comments just classified."""
    answers: list[Prediction] = []
    for start in range(0, len(rows), CHUNK):
        texts = [row.text for row in rows[start : start + CHUNK]]
        answers += classifier.classify(texts)
        progress(len(texts))
    return answers


def judge(answers: Sequence[Prediction], rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> JudgedAnswers:
    """Puts the answers of a model beside the labels of the same comments."""
    pairs = list(zip(answers, rows, strict=True))
    width = len(taxonomy)
    return JudgedAnswers(
        labels=label_matrix(rows, taxonomy),
        predicted=np.array([[c in a.causes for c in taxonomy.ids] for a in answers], dtype=bool).reshape(-1, width),
        probabilities=np.array([[a.probabilities[c] for c in taxonomy.ids] for a in answers]).reshape(-1, width),
        confidence=np.array([a.confidence for a in answers], dtype=float),
        right=np.array([a.cause == row.primary for a, row in pairs], dtype=bool),
        stated=np.array([a.cause in (row.labels or (NONE,)) for a, row in pairs], dtype=bool),
        flagged=np.array([a.needs_review for a in answers], dtype=bool),
        main=tuple(taxonomy.ids.index(cause) for cause in taxonomy.main_ids),
    )
