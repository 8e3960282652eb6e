"""Comparison: differences that agree with evaluation, and intervals that cover the truth."""

import math
import time
import warnings

import numpy as np
import pytest

from recontact import CauseClassifier
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment, label_matrix
from recontact_data.taxonomy import load_taxonomy
from recontact_training.compare import compare, compare_predictions
from recontact_training.evaluate import evaluate, evaluate_predictions

TAXONOMY = load_taxonomy()
LANGUAGES = ("en", "nb", "zh")


def comments(number: int, seed: int = 1) -> list[LabelledComment]:
    """Random labels in three languages."""
    rng = np.random.default_rng(seed)
    made = []
    for k in range(number):
        labels = tuple(cause for cause in TAXONOMY.ids if rng.random() < 0.15)
        primary = labels[0] if labels else "none"
        made.append(LabelledComment(id=str(k), text="x", language=LANGUAGES[k % 3], labels=labels, primary=primary))
    return made


def answers(rows: list[LabelledComment], wrong: float, seed: int) -> np.ndarray:
    """Predictions of which a share is wrong."""
    labels = label_matrix(rows, TAXONOMY)
    return labels ^ (np.random.default_rng(seed).random(labels.shape) < wrong)


def test_both_figures_are_those_of_evaluation() -> None:
    rows = comments(200)
    new, current = answers(rows, 0.05, 2), answers(rows, 0.1, 3)
    found = compare_predictions(new, current, rows, TAXONOMY)
    reports = [evaluate_predictions(predicted, rows, TAXONOMY) for predicted in (new, current)]
    for name in ("macro_f1", "main_f1", "exact"):
        difference = getattr(found, name)
        assert (difference.new, difference.current) == pytest.approx(tuple(getattr(r, name) for r in reports))
        assert difference.difference == pytest.approx(difference.new - difference.current)
        assert difference.comments == 200
    for cause in TAXONOMY.ids:
        figures = [report.causes[cause] for report in reports]
        assert (found.causes[cause].new, found.causes[cause].current) == pytest.approx(tuple(f.f1 for f in figures))
        assert found.causes[cause].comments == figures[0].support
    for code in LANGUAGES:
        expected = tuple(report.languages[code] for report in reports)
        assert (found.languages[code].new, found.languages[code].current) == pytest.approx(expected)
    assert [found.languages[code].comments for code in LANGUAGES] == [67, 67, 66]


def test_a_clearly_better_model_is_better_in_nearly_every_resample() -> None:
    rows = comments(300)
    found = compare_predictions(answers(rows, 0.02, 2), answers(rows, 0.15, 3), rows, TAXONOMY)
    assert found.macro_f1.low > 0
    assert found.macro_f1.better == 1
    back = compare_predictions(answers(rows, 0.15, 3), answers(rows, 0.02, 2), rows, TAXONOMY)
    assert back.macro_f1.better == 0
    assert (back.macro_f1.low, back.macro_f1.high) == pytest.approx((-found.macro_f1.high, -found.macro_f1.low))


def test_a_model_against_itself_differs_in_nothing_and_is_better_in_nothing() -> None:
    rows = comments(100)
    same = answers(rows, 0.1, 2)
    found = compare_predictions(same, same, rows, TAXONOMY)
    every = [found.macro_f1, found.main_f1, found.exact, *found.causes.values(), *found.languages.values()]
    assert {(d.difference, d.low, d.high, d.better) for d in every} == {(0.0, 0.0, 0.0, 0.0)}


def test_the_interval_of_the_exact_share_is_that_of_the_normal_approximation() -> None:
    rows = comments(400)
    new, current = answers(rows, 0.05, 2), answers(rows, 0.06, 3)
    labels = label_matrix(rows, TAXONOMY)
    each = (new == labels).all(1).astype(float) - (current == labels).all(1).astype(float)
    error = 1.96 * each.std() / math.sqrt(len(rows))
    found = compare_predictions(new, current, rows, TAXONOMY).exact
    assert (found.low, found.high) == pytest.approx((each.mean() - error, each.mean() + error), abs=0.2 * error)


def test_the_interval_covers_the_true_difference_in_most_samples() -> None:
    rows = comments(6000, seed=5)
    new, current = answers(rows, 0.05, 6), answers(rows, 0.06, 7)
    truth = compare_predictions(new, current, rows, TAXONOMY).macro_f1.difference
    covered = 0
    for start in range(0, 6000, 200):
        part = slice(start, start + 200)
        found = compare_predictions(new[part], current[part], rows[part], TAXONOMY).macro_f1
        covered += found.low <= truth <= found.high
    assert covered >= 25  # of 30, each with 0.95: six misses have a chance of one in three hundred


def test_the_same_rows_give_the_same_figures_again() -> None:
    rows = comments(50)
    new, current = answers(rows, 0.05, 2), answers(rows, 0.1, 3)
    first, second = (compare_predictions(new, current, rows, TAXONOMY) for _ in range(2))
    assert first.to_dict() == second.to_dict()


def test_three_thousand_rows_take_less_than_ten_seconds_of_processor_time() -> None:
    rows = comments(3000)
    new, current = answers(rows, 0.05, 2), answers(rows, 0.1, 3)
    before = time.process_time()
    compare_predictions(new, current, rows, TAXONOMY)
    assert time.process_time() - before < 10


def test_what_no_comment_states_has_no_figure_and_gives_no_warning() -> None:
    rows = [
        LabelledComment(id="1", text="x", language="en", labels=("no_help",), primary="no_help"),
        LabelledComment(id="2", text="x", language="zh", labels=(), primary="none"),
    ]
    wrong = np.ones((2, len(TAXONOMY)), dtype=bool)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compare_predictions(label_matrix(rows, TAXONOMY), wrong, rows, TAXONOMY)
    assert math.isnan(found.causes["other"].difference)
    assert math.isnan(found.languages["zh"].difference)
    assert found.macro_f1.difference == pytest.approx(1 - 2 / 3)
    assert found.exact.difference == 1


def test_models_are_compared_by_their_answers(
    classifier: CauseClassifier, spoiled_folder: str, rows: list[LabelledComment]
) -> None:
    spoiled = CauseClassifier.load(spoiled_folder)
    seen: list[int] = []
    found = compare(classifier, spoiled, rows, seen.append)
    assert (found.new, found.current, found.rows) == (classifier.model_version, spoiled.model_version, len(rows))
    assert found.macro_f1.new == pytest.approx(evaluate(classifier, rows).macro_f1)
    assert found.macro_f1.current == pytest.approx(evaluate(spoiled, rows).macro_f1)
    assert found.macro_f1.low > 0
    assert sum(seen) == 2 * len(rows)


def test_no_rows_and_unknown_labels_are_refused(classifier: CauseClassifier, rows: list[LabelledComment]) -> None:
    with pytest.raises(LabelError, match="no comments"):
        compare(classifier, classifier, [])
    odd = LabelledComment(id="1", text="x", language="en", labels=("bad_weather",), primary="bad_weather")
    with pytest.raises(LabelError, match="'bad_weather' is not a cause"):
        compare(classifier, classifier, [*rows, odd])
