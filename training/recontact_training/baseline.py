"""Baseline: character n-grams and logistic regression, the figure that a model must beat."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from recontact.calibration import best_threshold
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import Taxonomy

STRENGTHS = (1.0, 10.0, 100.0)


def truth(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """Which causes each row states, shape (n, n_causes)."""
    return np.array([[cause in row.labels for cause in taxonomy.ids] for row in rows]).reshape(-1, len(taxonomy))


def _pipeline(strength: float) -> Pipeline:
    return make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 5), min_df=2, sublinear_tf=True),
        OneVsRestClassifier(LogisticRegression(C=strength, class_weight="balanced", max_iter=2000)),
    )


def baseline_predictions(
    train: Sequence[LabelledComment],
    validation: Sequence[LabelledComment],
    test: Sequence[LabelledComment],
    taxonomy: Taxonomy,
) -> NDArray[np.bool_]:
    """Predictions of TF-IDF over character n-grams (1 to 5) with logistic regression.

    It gets what the model gets: the strength of its penalty and a threshold a cause are chosen on the
    validation rows.

    Returns:
        bool, shape (n_test, n_causes).
    """
    texts, labels = [row.text for row in validation], truth(validation, taxonomy)
    tried: list[tuple[float, Pipeline, NDArray[np.float64]]] = []
    for strength in STRENGTHS:
        pipeline = _pipeline(strength).fit([row.text for row in train], truth(train, taxonomy))
        probabilities = pipeline.predict_proba(texts)
        cuts = np.array([best_threshold(probabilities[:, k], labels[:, k]) for k in range(len(taxonomy))])
        score = f1_score(labels, probabilities >= cuts, average="macro", zero_division=0)
        tried.append((score, pipeline, cuts))
    _, pipeline, cuts = max(tried, key=lambda trial: trial[0])
    return np.asarray(pipeline.predict_proba([row.text for row in test]) >= cuts)
