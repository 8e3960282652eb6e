"""Evaluation: figures that agree with those worked out by hand."""

import math

import numpy as np
import pytest

from recontact import CauseClassifier, Evidence, Prediction
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment, Span, label_matrix
from recontact_data.taxonomy import load_taxonomy
from recontact_training.evaluate import evaluate, evaluate_predictions, evidence_f1

TAXONOMY = load_taxonomy()


def row(language: str, *labels: str) -> LabelledComment:
    return LabelledComment(id="", text="some comment", language=language, labels=labels, primary=(*labels, "none")[0])


ROWS = [
    row("en", "solution_failed"),
    row("en", "solution_failed", "no_callback"),
    row("nb", "no_callback", "long_wait"),
    row("nb"),
]
PREDICTED = [{"solution_failed"}, {"solution_failed"}, {"long_wait"}, {"no_callback"}]


def decisions(predicted: list[set[str]]) -> np.ndarray:
    return np.array([[cause in found for cause in TAXONOMY.ids] for found in predicted])


def test_figures_are_those_worked_out_by_hand() -> None:
    report = evaluate_predictions(decisions(PREDICTED), ROWS, TAXONOMY)
    # solution_failed: 2 found of 2, no_callback: 0 of 2 and 1 wrong, long_wait: 1 of 1.
    assert report.rows == 4
    assert report.macro_f1 == pytest.approx((1 + 0 + 1) / 3)
    assert report.main_f1 == pytest.approx((1 + 0) / 2)
    assert report.micro_f1 == pytest.approx(2 * 3 / (2 * 3 + 1 + 2))
    assert report.exact == pytest.approx(1 / 4)
    assert report.languages == pytest.approx({"en": (1 + 0) / 2, "nb": (0 + 1) / 2})
    assert report.main_languages == pytest.approx({"en": 1 / 2, "nb": 0})
    figures = report.causes["no_callback"]
    assert (figures.precision, figures.recall, figures.f1, figures.support) == (0, 0, 0, 2)
    assert report.causes["other"].support == 0


def test_perfect_predictions_get_one_everywhere() -> None:
    report = evaluate_predictions(label_matrix(ROWS, TAXONOMY), ROWS, TAXONOMY)
    assert (report.macro_f1, report.main_f1, report.micro_f1, report.exact) == (1, 1, 1, 1)


def test_bare_predictions_have_no_figures_of_primary_cause_and_review() -> None:
    report = evaluate_predictions(decisions(PREDICTED), ROWS, TAXONOMY)
    assert all(math.isnan(f) for f in (report.primary, report.reviewed, report.stated_unreviewed, report.evidence_f1))


def answer(*evidence: Evidence) -> Prediction:
    causes = tuple(dict.fromkeys(span.cause for span in evidence))
    return Prediction(
        cause=(*causes, "none")[0], causes=causes, evidence=evidence, confidence=0.9, probabilities={},
        language="en", needs_review=False, truncated=False, model_version="x@1",
    )  # fmt: skip


def marked(*spans: Span) -> LabelledComment:
    labels = tuple(span.cause for span in spans)
    return LabelledComment(id="", text="x" * 50, language="en", labels=labels, primary="other", evidence=spans)


def test_evidence_is_counted_in_characters_over_rightly_predicted_causes() -> None:
    answers = [
        answer(Evidence("no_help", 0, 10), Evidence("other", 0, 30)),  # no_help right, other wrong
        answer(Evidence("long_wait", 20, 30)),
        answer(),
    ]
    rows = [marked(Span("no_help", 5, 15)), marked(Span("long_wait", 20, 26)), marked(Span("other", 0, 9))]
    # 5 + 6 characters hit, 10 + 10 marked, 10 + 6 true.
    assert evidence_f1(answers, rows) == pytest.approx(2 * 11 / (20 + 16))


def test_without_any_rightly_predicted_cause_evidence_has_no_figure() -> None:
    assert math.isnan(evidence_f1([answer()], [marked(Span("other", 0, 9))]))


def test_figures_of_a_model_are_those_of_its_answers(classifier: CauseClassifier, rows: list[LabelledComment]) -> None:
    test = [r for r in rows if r.split == "test"]
    answers = classifier.classify([r.text for r in test])
    report = evaluate(classifier, test)
    assert report.primary == pytest.approx(np.mean([a.cause == r.primary for a, r in zip(answers, test, strict=True)]))
    assert report.exact == pytest.approx(np.mean([a.causes == r.labels for a, r in zip(answers, test, strict=True)]))
    assert report.reviewed == pytest.approx(np.mean([a.needs_review for a in answers]))
    bare = evaluate_predictions(classifier.predict([r.text for r in test]), test, classifier.taxonomy)
    assert (report.macro_f1, report.micro_f1, report.causes) == (bare.macro_f1, bare.micro_f1, bare.causes)


def test_no_rows_are_refused(classifier: CauseClassifier) -> None:
    with pytest.raises(LabelError, match="no comments"):
        evaluate(classifier, [])


def test_a_label_that_the_model_does_not_know_is_refused(classifier: CauseClassifier) -> None:
    with pytest.raises(LabelError, match="'bad_weather' is not a cause"):
        evaluate(classifier, [row("en", "bad_weather")])
