"""The evaluation of a model: written and real comments in sections of their own, each with its baselines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recontact.artifact import Manifest
from recontact.estimator import CauseClassifier
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import Taxonomy
from recontact_training.assessment import Assessment, assess_answers
from recontact_training.baselines import BaselineFigures, baseline_figures
from recontact_training.evaluate import check_rows
from recontact_training.judged import classify_rows
from recontact_training.resampling import Bools

WRITTEN = "written"
REAL = "real"


@dataclass(frozen=True)
class Section:
    """A model and its baselines on one set of comments.

    Attributes:
        name: `written` or `real`.
        assessment: What is known of the model.
        baselines: Figures of each baseline, by name.
    """

    name: str
    assessment: Assessment
    baselines: dict[str, BaselineFigures] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """All that one run found.

    Attributes:
        manifest: What the model says of itself.
        taxonomy: Its causes.
        thresholds: By cause, the probability from which the model states it.
        review_confidence: Answers below this confidence are flagged for review.
        split: The split that was judged, or `all`.
        sections: One, or written and real comments.
    """

    manifest: Manifest
    taxonomy: Taxonomy
    thresholds: dict[str, float]
    review_confidence: float
    split: str
    sections: tuple[Section, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON: figures by model or baseline; of two sections, each under its name."""
        version = self.manifest.model_version
        found = {
            section.name: {
                version: section.assessment.to_dict(),
                **{name: figures.to_dict() for name, figures in section.baselines.items()},
            }
            for section in self.sections
        }
        return next(iter(found.values())) if len(found) == 1 else found


def evaluate_sections(
    classifier: CauseClassifier,
    judged: Mapping[str, Sequence[LabelledComment]],
    split: str,
    baselines: Mapping[str, Mapping[str, Bools]] | None = None,
    progress: Callable[[int], None] = lambda comments: None,
) -> Evaluation:
    """Judges a model on every set of comments.

    Args:
        classifier: The model.
        judged: The comments of each section.
        split: What they are, for the record.
        baselines: By baseline and section, what it predicts, bool, shape (n, n_causes).
        progress: Called with the number of comments just classified.

    Raises:
        LabelError: a section has no rows, or one has a label the model does not know.
    """
    for rows in judged.values():
        check_rows(rows, classifier.taxonomy)
    return Evaluation(
        manifest=classifier.manifest,
        taxonomy=classifier.taxonomy,
        thresholds=dict(zip(classifier.taxonomy.ids, classifier.rule.thresholds.tolist(), strict=True)),
        review_confidence=classifier.rule.review_confidence,
        split=split,
        sections=tuple(
            _section(classifier, name, rows, {b: found[name] for b, found in (baselines or {}).items()}, progress)
            for name, rows in judged.items()
        ),
    )


def _section(
    classifier: CauseClassifier,
    name: str,
    rows: Sequence[LabelledComment],
    baselines: Mapping[str, Bools],
    progress: Callable[[int], None],
) -> Section:
    taxonomy = classifier.taxonomy
    answers = classify_rows(classifier, rows, progress)
    said = np.array([[cause in answer.causes for cause in taxonomy.ids] for answer in answers])
    figures = {
        baseline: baseline_figures(found, said, rows, taxonomy, (classifier.model_version, baseline))
        for baseline, found in baselines.items()
    }
    return Section(name, assess_answers(answers, rows, taxonomy), figures)
