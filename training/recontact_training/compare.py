"""Comparison: a new model against the current one on the same labelled rows, and how sure the difference is.

Paired bootstrap: comments are drawn with replacement, as many as there are, and both models are measured
on the same draw (`resampling.py`; Koehn 2004, "Statistical significance tests for machine translation evaluation").
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recontact.estimator import CauseClassifier
from recontact_data.errors import ModelError
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.taxonomy import Taxonomy
from recontact_training.evaluate import check_rows
from recontact_training.resampling import (
    RESAMPLES,
    SEED,
    Bools,
    Counts,
    Doubles,
    interval,
    mean_of_known,
    once,
    resamples,
    weighted_counts,
    weighted_f1,
)

CHUNK = 64  # comments between two calls of `progress`


@dataclass(frozen=True)
class Difference:
    """One figure of two models; NaN where no comment states what it measures.

    Attributes:
        new: The figure of the new model.
        current: The figure of the current model.
        difference: `new` less `current`; positive where the new model is better.
        low: Lower end of the 95 % interval of the difference.
        high: Its upper end.
        better: Share of resamples in which the new model is better; a tie counts for neither.
        comments: Comments it rests on: those that state the cause, those of the language, or all.
    """

    new: float
    current: float
    difference: float
    low: float
    high: float
    better: float
    comments: int


@dataclass(frozen=True)
class Comparison:
    """What two models differ in on one set of rows.

    Attributes:
        new: Version of the new model.
        current: Version of the current model.
        rows: Number of comments.
        resamples: Number of bootstrap resamples.
        seed: Seed of their draws.
        macro_f1: Mean F1 over the causes that some comment states.
        main_f1: The same over the main causes.
        exact: Share of comments whose set of causes is exactly right.
        causes: F1 of each cause.
        languages: Macro-F1 of each language.
    """

    new: str
    current: str
    rows: int
    resamples: int
    seed: int
    macro_f1: Difference
    main_f1: Difference
    exact: Difference
    causes: dict[str, Difference]
    languages: dict[str, Difference]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)


def compare(
    new: CauseClassifier,
    current: CauseClassifier,
    rows: Sequence[LabelledComment],
    progress: Callable[[int], None] = lambda comments: None,
) -> Comparison:
    """Compares two models on rows.

    Args:
        new: The new model.
        current: The model that is in use.
        rows: Labelled comments that neither was trained on.
        progress: Called with the number of comments just classified; each model classifies all.

    Raises:
        LabelError: there are no rows, or one has a label that the models do not know.
        ModelError: the models know different causes.
    """
    if new.taxonomy.ids != current.taxonomy.ids:
        known = f"{', '.join(new.taxonomy.ids)} and {', '.join(current.taxonomy.ids)}"
        raise ModelError(f"the models know different causes ({known}); compare models of one taxonomy")
    check_rows(rows, current.taxonomy)
    answers, former = (_predictions(model, rows, progress) for model in (new, current))
    return compare_predictions(
        answers, former, rows, current.taxonomy, versions=(new.model_version, current.model_version)
    )


def _predictions(model: CauseClassifier, rows: Sequence[LabelledComment], progress: Callable[[int], None]) -> Bools:
    found = []
    for start in range(0, len(rows), CHUNK):
        texts = [row.text for row in rows[start : start + CHUNK]]
        found.append(model.predict(texts))
        progress(len(texts))
    return np.concatenate(found)


def compare_predictions(
    new: Bools,
    current: Bools,
    rows: Sequence[LabelledComment],
    taxonomy: Taxonomy,
    versions: tuple[str, str] = ("new", "current"),
) -> Comparison:
    """Compares bare predictions.

    Args:
        new: What the new model predicts, shape (n, n_causes).
        current: What the current model predicts, same shape.
        rows: The n labelled comments.
        taxonomy: The causes, in the order of the columns.
        versions: How the two are called.

    Raises:
        LabelError: there are no rows, or one has an unknown label.
    """
    check_rows(rows, taxonomy)
    measure = _Measure(rows, taxonomy)
    whole = once(len(rows))
    points = [measure(whole, predicted)[0] for predicted in (new, current)]
    spread = np.concatenate([measure(drawn, new) - measure(drawn, current) for drawn in resamples(len(rows))])
    found = [_difference(*figures) for figures in zip(*points, spread.T, measure.comments, strict=True)]
    macro, main, exact = found[:3]
    causes, languages = found[3 : 3 + len(taxonomy)], found[3 + len(taxonomy) :]
    return Comparison(
        new=versions[0],
        current=versions[1],
        rows=len(rows),
        resamples=RESAMPLES,
        seed=SEED,
        macro_f1=macro,
        main_f1=main,
        exact=exact,
        causes=dict(zip(taxonomy.ids, causes, strict=True)),
        languages=dict(zip(measure.languages, languages, strict=True)),
    )


class _Measure:
    """Every figure of predictions on weighted comments, in columns.

    The columns: macro-F1, main-cause macro-F1, exact share, F1 of each cause, macro-F1 of each language.
    """

    def __init__(self, rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> None:
        self._labels = label_matrix(rows, taxonomy)
        self._main = [taxonomy.ids.index(cause) for cause in taxonomy.main_ids]
        codes = np.array([row.language for row in rows])
        self.languages = sorted(set(codes.tolist()))
        self._groups = [np.flatnonzero(codes == code) for code in self.languages]
        stated = self._labels.sum(0).tolist()
        self.comments = [len(rows)] * 3 + stated + [len(group) for group in self._groups]

    def __call__(self, weights: Counts, predicted: Bools) -> Doubles:
        """Figures, shape (r, n_columns), of predictions (n, n_causes) where comments count `weights` (r, n) times."""
        labels = self._labels
        f1 = weighted_f1(weights, labels, predicted)
        exact = weighted_counts(weights, (labels == predicted).all(axis=1)) / weights.shape[1]
        languages = [mean_of_known(weighted_f1(weights[:, own], labels[own], predicted[own])) for own in self._groups]
        return np.column_stack([mean_of_known(f1), mean_of_known(f1[:, self._main]), exact, f1, *languages])


def _difference(new: float, current: float, spread: Doubles, comments: int) -> Difference:
    known = spread[~np.isnan(spread)]
    low, high = interval(spread)
    better = np.mean(known > 0) if len(known) else np.nan
    return Difference(
        new=float(new),
        current=float(current),
        difference=float(new - current),
        low=low,
        high=high,
        better=float(better),
        comments=comments,
    )
