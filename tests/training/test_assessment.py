"""Assessment: figures, mistakes and suspicious labels that agree with those worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from recontact import CauseClassifier, Prediction
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.taxonomy import load_taxonomy
from recontact_training.assessment import assess, assess_answers
from recontact_training.judged import judge
from recontact_training.label_issues import label_issues
from recontact_training.selective import precision_by_coverage

TAXONOMY = load_taxonomy()


def row(language: str, *labels: str) -> LabelledComment:
    text = f"comment of {labels}"
    return LabelledComment(id=text, text=text, language=language, labels=labels, primary=(*labels, "none")[0])


def answer(review: bool = False, **probabilities: float) -> Prediction:
    ranked = sorted((cause for cause in probabilities if probabilities[cause] >= 0.5), key=lambda c: -probabilities[c])
    top = max(probabilities.values(), default=0.0)
    return Prediction(
        cause=ranked[0] if ranked else "none", causes=tuple(ranked), evidence=(),
        confidence=top if ranked else 1 - top, probabilities=dict.fromkeys(TAXONOMY.ids, 0.01) | probabilities,
        language="en", needs_review=review, truncated=False, model_version="x@1",
    )  # fmt: skip


ROWS = [row("en", "no_help"), row("en", "no_help", "recurred"), row("nb"), row("nb", "other"), row("nb", "recurred")]
ANSWERS = [
    answer(no_help=0.9),
    answer(no_help=0.8, recurred=0.3),
    answer(other=0.7),
    answer(no_help=0.6, review=True),
    answer(other=0.2),
]


def test_groups_are_measured_apart() -> None:
    found = assess_answers(ANSWERS, ROWS, TAXONOMY)
    # Said: no_help 3 times (2 right), other once (wrong); stated: 5 causes.
    assert found.overall.precision.value == pytest.approx(2 / 4)
    assert found.overall.recall.value == pytest.approx(2 / 5)
    assert found.overall.exact.value == pytest.approx(1 / 5)
    assert found.overall.primary.value == found.overall.stated.value == pytest.approx(2 / 5)
    assert found.overall.stated_unreviewed.value == pytest.approx(2 / 4)
    assert {name: own.rows for name, own in found.by_kind.items()} == {
        "no cause": 1,
        "one cause": 3,
        "several causes": 1,
    }
    assert found.by_kind["one cause"].exact.value == pytest.approx(1 / 3)
    assert found.by_language["en"].macro_f1.value == pytest.approx((1 + 0) / 2)
    assert found.by_language["nb"].macro_f1.value == 0
    assert found.by_cause["no_help"].precision.value == pytest.approx(2 / 3)


def test_figures_lie_in_their_intervals_and_agree_with_the_plain_report(
    classifier: CauseClassifier, rows: list[LabelledComment]
) -> None:
    found = assess(classifier, rows)
    assert found.overall.macro_f1.value == pytest.approx(found.report.macro_f1)
    assert found.overall.exact.value == pytest.approx(found.report.exact)
    for cause, own in found.by_cause.items():
        if own.support:
            assert own.f1.value == pytest.approx(found.report.causes[cause].f1)
            assert own.f1.low <= own.f1.value <= own.f1.high
    probabilities = classifier.predict_proba([r.text for r in rows])
    expected = average_precision_score(label_matrix(rows, classifier.taxonomy)[:, 0], probabilities[:, 0])
    assert found.by_cause["solution_failed"].average_precision.value == pytest.approx(expected)


def test_the_keys_of_the_plain_report_are_kept(classifier: CauseClassifier, rows: list[LabelledComment]) -> None:
    found = assess(classifier, rows[:20])
    assert found.to_dict().items() >= {"rows": 20, "macro_f1": found.report.macro_f1}.items()
    assert set(found.report.to_dict()) < set(found.to_dict())


def test_mistakes_are_listed_the_most_confident_first_without_flagged_ones() -> None:
    found = assess_answers(ANSWERS, ROWS, TAXONOMY)
    assert [one.id for one in found.confident_mistakes] == [ROWS[4].id, ROWS[2].id]
    assert [(one.cause, one.probability) for one in found.confident_mistakes] == [("none", 0.8), ("other", 0.7)]
    assert [(one.id, one.cause) for one in found.missed_causes][:2] == [(ROWS[3].id, "other"), (ROWS[4].id, "recurred")]


def test_the_surest_answers_come_first_in_the_coverage_curve() -> None:
    points = precision_by_coverage(judge(ANSWERS, ROWS, TAXONOMY))
    # 0.9 right; 0.8 twice, one right, taken together; 0.7 wrong; 0.6 wrong.
    shown = np.array([(point.coverage, point.precision) for point in points])
    assert shown == pytest.approx(np.array([(0.2, 1), (0.6, 2 / 3), (0.8, 2 / 4), (1, 2 / 5)]))


def test_primary_causes_are_counted_against_answers() -> None:
    found = assess_answers(ANSWERS, ROWS, TAXONOMY).confusion
    table = {
        (found.causes[i], found.causes[k]): n for i, line in enumerate(found.counts) for k, n in enumerate(line) if n
    }
    assert table == {
        ("no_help", "no_help"): 2, ("none", "other"): 1, ("other", "no_help"): 1, ("recurred", "none"): 1,
    }  # fmt: skip


def test_a_wrong_label_among_right_ones_is_found() -> None:
    causes = ["no_help", "recurred", "other"]
    comments = [replace(row("en", causes[k % 3]), id=str(k)) for k in range(60)] + [row("en")] * 20
    answers = [answer(**dict.fromkeys(comment.labels, 0.95)) for comment in comments]
    comments[7] = replace(comments[7], labels=("no_help",))
    issues = label_issues(comments, judge(answers, comments, TAXONOMY), TAXONOMY)
    assert [(one.id, one.add, one.drop) for one in issues] == [("7", ("recurred",), ("no_help",))]


def test_no_rows_are_refused() -> None:
    with pytest.raises(LabelError, match="no comments"):
        assess_answers([], [], TAXONOMY)
