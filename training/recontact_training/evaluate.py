"""Evaluation: how good a model is, by cause and by language, on labelled comments."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score, precision_recall_fscore_support

from recontact.estimator import CauseClassifier
from recontact.prediction import Prediction
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.ngram_baseline import macro_f1
from recontact_data.taxonomy import NONE, Taxonomy

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class CauseFigures:
    """Precision, recall and F1 of one cause, over `support` comments that state it and `predicted` said to."""

    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True)
class Report:
    """Figures of one model on one set of rows.

    Attributes:
        rows: Number of comments.
        macro_f1: Mean F1 over the causes that some comment states.
        main_f1: The same over the main causes.
        micro_f1: F1 over all (comment, cause) decisions.
        exact: Share of comments whose set of causes is exactly right.
        none: Share of comments that state no cause: `exact` of who always answers that.
        primary: Share of comments whose primary cause (or `none`) is right; NaN for a baseline.
        reviewed: Share of answers that need review; NaN for a baseline.
        stated: Share of answers whose cause (or `none`) the comment states; NaN for a baseline.
        stated_unreviewed: The same among answers that need no review; NaN for a baseline.
        evidence_f1: F1 of the characters marked as evidence, over rightly predicted causes.
        causes: Figures of each cause.
        languages: Macro-F1 of each language.
        main_languages: Mean F1 over the main causes in each language.
    """

    rows: int
    macro_f1: float
    main_f1: float
    micro_f1: float
    exact: float
    none: float
    primary: float
    reviewed: float
    stated: float
    stated_unreviewed: float
    evidence_f1: float
    causes: dict[str, CauseFigures]
    languages: dict[str, float]
    main_languages: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)


def evaluate(classifier: CauseClassifier, rows: Sequence[LabelledComment]) -> Report:
    """Figures of a model on rows.

    Raises:
        LabelError: there are no rows, or one has a label the model does not know.
    """
    check_rows(rows, classifier.taxonomy)
    return report_on(classifier.classify([row.text for row in rows]), rows, classifier.taxonomy)


def report_on(answers: Sequence[Prediction], rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> Report:
    """Figures of a model's answers to the rows.

    Raises:
        LabelError: there are no rows, or one has an unknown label.
    """
    check_rows(rows, taxonomy)
    predicted = np.array([[cause in answer.causes for cause in taxonomy.ids] for answer in answers])
    right = np.array([answer.cause == row.primary for answer, row in zip(answers, rows, strict=True)])
    stated = np.array([answer.cause in (row.labels or (NONE,)) for answer, row in zip(answers, rows, strict=True)])
    flagged = np.array([answer.needs_review for answer in answers])
    extra = {
        "primary": float(right.mean()),
        "reviewed": float(flagged.mean()),
        "stated": float(stated.mean()),
        "stated_unreviewed": float(stated[~flagged].mean()) if (~flagged).any() else float("nan"),
        "evidence_f1": evidence_f1(answers, rows),
    }
    return _report(predicted, rows, taxonomy, extra)


def evaluate_predictions(predicted: Bools, rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> Report:
    """Figures of bare predictions, shape (n, n_causes), such as a baseline's."""
    check_rows(rows, taxonomy)
    nan = float("nan")
    unknown = dict.fromkeys(("primary", "reviewed", "stated", "stated_unreviewed", "evidence_f1"), nan)
    return _report(predicted, rows, taxonomy, unknown)


def check_rows(rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> None:
    """Checks that a model can be measured on rows.

    Raises:
        LabelError: there are none, or one has a label that is no cause of the taxonomy.
    """
    if not rows:
        raise LabelError("there are no comments to evaluate on; check --split and the files")
    if unknown := sorted({label for row in rows for label in row.labels} - set(taxonomy.ids)):
        raise LabelError(f"label {unknown[0]!r} is not a cause of the model; known: {', '.join(taxonomy.ids)}")


def _report(predicted: Bools, rows: Sequence[LabelledComment], taxonomy: Taxonomy, extra: dict[str, float]) -> Report:
    labels = label_matrix(rows, taxonomy)
    main = [taxonomy.ids.index(cause) for cause in taxonomy.main_ids]
    columns = precision_recall_fscore_support(labels, predicted, average=None, zero_division=0)
    figures = {
        cause: CauseFigures(float(p), float(r), float(f), int(n), int(said))
        for cause, p, r, f, n, said in zip(taxonomy.ids, *columns, predicted.sum(0), strict=True)
    }
    languages = np.array([row.language for row in rows])
    groups = {code: languages == code for code in sorted(set(languages))}
    return Report(
        rows=len(rows),
        macro_f1=macro_f1(labels, predicted),
        main_f1=macro_f1(labels[:, main], predicted[:, main]),
        micro_f1=float(f1_score(labels, predicted, average="micro", zero_division=0)),
        exact=float((labels == predicted).all(axis=1).mean()),
        none=float((~labels.any(axis=1)).mean()),
        causes=figures,
        languages={code: macro_f1(labels[own], predicted[own]) for code, own in groups.items()},
        main_languages={code: macro_f1(labels[own][:, main], predicted[own][:, main]) for code, own in groups.items()},
        **extra,
    )


def evidence_f1(answers: Sequence[Prediction], rows: Sequence[LabelledComment]) -> float:
    """F1 of the characters marked as evidence, over the causes that were rightly predicted."""
    hit = marked = true = 0
    for answer, row in zip(answers, rows, strict=True):
        for cause in set(answer.causes) & {span.cause for span in row.evidence}:
            found = {i for span in answer.evidence if span.cause == cause for i in range(span.start, span.end)}
            stated = {i for span in row.evidence if span.cause == cause for i in range(span.start, span.end)}
            hit, marked, true = hit + len(found & stated), marked + len(found), true + len(stated)
    return 2 * hit / (marked + true) if marked + true else float("nan")
