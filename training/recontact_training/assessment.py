"""Assessment: all that can be said of a model on one set of labelled comments."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recontact.estimator import CauseClassifier
from recontact.prediction import Prediction
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import Taxonomy
from recontact_training.evaluate import Report, check_rows, report_on
from recontact_training.intervals import CauseEstimates, GroupFigures, cause_figures, group_figures
from recontact_training.judged import Indices, classify_rows, judge
from recontact_training.label_issues import LabelIssue, label_issues
from recontact_training.mistakes import Mistake, confident_mistakes, missed_causes
from recontact_training.reliability import Bin, reliability_bins
from recontact_training.resampling import RESAMPLES, SEED
from recontact_training.selective import Confusion, CoveragePoint, confusion, precision_by_coverage

KINDS = ("no cause", "one cause", "several causes")
ALL = "all"


@dataclass(frozen=True)
class Assessment:
    """What is known of a model on one set of comments.

    Attributes:
        report: The plain figures.
        overall: Figures over all comments, with intervals.
        by_cause: Figures of each cause.
        by_language: Figures over the comments of each language.
        by_kind: Figures over comments that state no cause, one, and several.
        reliability: Reliability diagram of the answers' confidence.
        reliability_of_causes: The same of all probabilities of all causes.
        coverage: Precision against coverage.
        confusion: Primary causes against answered ones.
        confident_mistakes: The most confident wrong answers that were not flagged for review.
        missed_causes: The causes missed with the lowest probability.
        label_issues: Rows whose labels look wrong.
    """

    report: Report
    overall: GroupFigures
    by_cause: dict[str, CauseEstimates]
    by_language: dict[str, GroupFigures]
    by_kind: dict[str, GroupFigures]
    reliability: tuple[Bin, ...]
    reliability_of_causes: tuple[Bin, ...]
    coverage: tuple[CoveragePoint, ...]
    confusion: Confusion
    confident_mistakes: tuple[Mistake, ...]
    missed_causes: tuple[Mistake, ...]
    label_issues: tuple[LabelIssue, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON: the keys of the report, then the others."""
        found = asdict(self)
        return {**found.pop("report"), **found, "resamples": RESAMPLES, "seed": SEED}


def assess(
    classifier: CauseClassifier,
    rows: Sequence[LabelledComment],
    progress: Callable[[int], None] = lambda comments: None,
) -> Assessment:
    """Classifies labelled comments and judges the answers.

    Args:
        classifier: The model.
        rows: Labelled comments that it was not trained on.
        progress: Called with the number of comments just classified.

    Raises:
        LabelError: there are no rows, or one has a label the model does not know.
    """
    check_rows(rows, classifier.taxonomy)
    return assess_answers(classify_rows(classifier, rows, progress), rows, classifier.taxonomy)


def assess_answers(answers: Sequence[Prediction], rows: Sequence[LabelledComment], taxonomy: Taxonomy) -> Assessment:
    """Judges the answers to labelled comments.

    Raises:
        LabelError: there are no rows, or one has an unknown label.
    """
    check_rows(rows, taxonomy)
    judged = judge(answers, rows, taxonomy)
    languages, kinds = _languages(rows), _kinds(rows)
    found = group_figures(
        judged, {ALL: np.arange(len(rows)), **kinds, **{f"language {c}": i for c, i in languages.items()}}
    )
    return Assessment(
        report=report_on(answers, rows, taxonomy),
        overall=found[ALL],
        by_cause=dict(zip(taxonomy.ids, cause_figures(judged), strict=True)),
        by_language={code: found[f"language {code}"] for code in languages},
        by_kind={kind: found[kind] for kind in kinds},
        reliability=reliability_bins(judged.confidence, judged.stated),
        reliability_of_causes=reliability_bins(judged.probabilities.ravel(), judged.labels.ravel()),
        coverage=precision_by_coverage(judged),
        confusion=confusion(answers, rows, taxonomy),
        confident_mistakes=confident_mistakes(answers, rows, judged),
        missed_causes=missed_causes(answers, rows, judged, taxonomy),
        label_issues=label_issues(rows, judged, taxonomy),
    )


def _languages(rows: Sequence[LabelledComment]) -> dict[str, Indices]:
    codes = np.array([row.language for row in rows])
    return {code: np.flatnonzero(codes == code) for code in sorted(set(codes.tolist()))}


def _kinds(rows: Sequence[LabelledComment]) -> dict[str, Indices]:
    """Comments by how many causes they state; a kind that no comment is of is left out."""
    number = np.array([min(len(row.labels), len(KINDS) - 1) for row in rows])
    return {kind: np.flatnonzero(number == k) for k, kind in enumerate(KINDS) if (number == k).any()}
