"""Character n-grams and logistic regression: the figure that a model must beat, and that says how hard a set is."""

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
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        from sklearn.metrics import f1_score
    except ImportError as error:
        raise MissingExtraError("the n-gram baseline", "train") from error
    labels = label_matrix(validation, taxonomy)
    tried: list[tuple[float, Pipeline, Doubles]] = []
    for strength in STRENGTHS:
        pipeline = _pipeline(strength).fit([row.text for row in train], label_matrix(train, taxonomy))
        probabilities = pipeline.predict_proba([row.text for row in validation])
        cuts = np.array([_best_cut(probabilities[:, k], labels[:, k]) for k in range(len(taxonomy))])
        score = f1_score(labels, probabilities >= cuts, average="macro", zero_division=0)
        tried.append((score, pipeline, cuts))
    _, pipeline, cuts = max(tried, key=lambda trial: trial[0])
    return np.asarray(pipeline.predict_proba([row.text for row in test]) >= cuts)


def easiness(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> float:
    """Macro-F1 that `baseline_predictions` reaches on the test split: a high one means stock phrases.

    Raises:
        LabelError: a split is empty.
        MissingExtraError: scikit-learn is not installed.
    """
    train, validation, test = ([r for r in rows if r.split == split] for split in ("train", "validation", "test"))
    if not (train and validation and test):
        raise LabelError("easiness needs rows of all three splits; give every row a split")
    predicted = baseline_predictions(train, validation, test, taxonomy)
    from sklearn.metrics import f1_score

    return float(f1_score(label_matrix(test, taxonomy), predicted, average="macro", zero_division=0))


def _pipeline(strength: float) -> "Pipeline":
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline

    return make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), min_df=2, sublinear_tf=True),
        OneVsRestClassifier(LogisticRegression(C=strength, class_weight="balanced", solver="liblinear")),
    )


def _best_cut(probabilities: Doubles, labels: Bools) -> float:
    """The cut of one cause, both shape (n,), with the highest F1; 0.5 without positives."""
    from sklearn.metrics import precision_recall_curve

    if not labels.any():
        return 0.5
    precision, recall, cuts = precision_recall_curve(labels, probabilities)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(cuts[f1[:-1].argmax()])
