"""Character n-grams and logistic regression: the figure that a model must beat, and that says how hard a set is."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recontact_data.errors import LabelError, MissingExtraError
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.taxonomy import Taxonomy

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

STRENGTHS = (1.0, 10.0, 100.0)
Bools = NDArray[np.bool_]
Doubles = NDArray[np.float64]


def baseline_predictions(
    train: Sequence[LabelledComment],
    validation: Sequence[LabelledComment],
    test: Sequence[LabelledComment],
    taxonomy: Taxonomy,
) -> Bools:
    """Predictions of TF-IDF over character n-grams (1 to 5) with logistic regression.

    It gets what a model gets: the strength of its penalty and a threshold a cause are chosen on the
    validation rows.

    Returns:
        bool, shape (n_test, n_causes).

    Raises:
        LabelError: a split is empty, or the training rows are too few to learn from.
        MissingExtraError: scikit-learn is not installed.
    """
    for name, rows in (("train", train), ("validation", validation), ("test", test)):
        if not rows:
            raise LabelError(f"the n-gram baseline needs rows of all three splits, and there are no {name} rows")
    labels = label_matrix(validation, taxonomy)
    tried: list[tuple[float, Pipeline, Doubles]] = []
    for strength in STRENGTHS:
        pipeline = _fit(strength, train, taxonomy)
        probabilities = _probabilities(pipeline, validation, taxonomy)
        cuts = np.array([best_cut(probabilities[:, k], labels[:, k]) for k in range(len(taxonomy))])
        tried.append((macro_f1(labels, probabilities >= cuts), pipeline, cuts))
    _, pipeline, cuts = max(tried, key=lambda trial: trial[0])
    return np.asarray(_probabilities(pipeline, test, taxonomy) >= cuts)


def macro_f1(labels: Bools, predicted: Bools) -> float:
    """Mean F1 over the causes that some comment states; NaN where none states any.

    Args:
        labels: What comments state, shape (n, n_causes).
        predicted: What was predicted of them, same shape.
    """
    stated = labels.any(axis=0)
    if not stated.any():
        return float("nan")
    hits = (labels & predicted).sum(axis=0)[stated]
    return float(np.mean(2 * hits / (labels.sum(axis=0) + predicted.sum(axis=0))[stated]))


def easiness(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> float:
    """Macro-F1 that `baseline_predictions` reaches on the test split: a high one means stock phrases.

    Raises:
        LabelError: a split is empty.
        MissingExtraError: scikit-learn is not installed.
    """
    train, validation, test = ([r for r in rows if r.split == split] for split in ("train", "validation", "test"))
    return macro_f1(label_matrix(test, taxonomy), baseline_predictions(train, validation, test, taxonomy))


def _fit(strength: float, train: Sequence[LabelledComment], taxonomy: Taxonomy) -> "Pipeline":
    try:
        pipeline = _pipeline(strength)
    except ImportError as error:
        raise MissingExtraError("the n-gram baseline", "train") from error
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Label not", UserWarning)  # a cause without rows is said elsewhere
            return pipeline.fit([row.text for row in train], label_matrix(train, taxonomy))
    except ValueError as error:
        raise LabelError(f"the n-gram baseline cannot learn from {len(train)} training rows ({error})") from error


def _probabilities(pipeline: "Pipeline", rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> Doubles:
    """Shape (n, n_causes); of a single cause scikit-learn gives the probability of its absence too."""
    return np.asarray(pipeline.predict_proba([row.text for row in rows]))[:, -len(taxonomy) :]


def _pipeline(strength: float) -> "Pipeline":
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), min_df=2, sublinear_tf=True),
        OneVsRestClassifier(LogisticRegression(C=strength, class_weight="balanced", solver="liblinear")),
    )


def best_cut(probabilities: Doubles, labels: Bools) -> float:
    """The cut of one cause, both shape (n,), with the highest F1; 0.5 without positives."""
    from sklearn.metrics import precision_recall_curve

    if not labels.any():
        return 0.5
    precision, recall, cuts = precision_recall_curve(labels, probabilities)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(cuts[f1[:-1].argmax()])
