"""The n-gram baseline: learns what letters give away, and nothing where they give nothing away."""

import numpy as np
import pytest

from recontact_data.errors import LabelError
from recontact_data.labels import SPLITS, LabelledComment
from recontact_data.ngram_baseline import baseline_predictions, easiness, macro_f1
from recontact_data.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
CAUSES = TAXONOMY.ids


def rows(words: dict[str, str]) -> list[LabelledComment]:
    """Twelve comments a cause in every split, each with the words of its cause."""
    return [
        LabelledComment(f"{split}-{cause}-{n}", f"{words[cause]} {n}{split}", "en", (cause,), cause, split=split)
        for split in SPLITS
        for cause in CAUSES
        for n in range(12)
    ]


def test_stock_phrases_are_as_easy_as_can_be() -> None:
    assert easiness(rows({cause: f"because of {cause}" for cause in CAUSES}), TAXONOMY) > 0.95


def test_words_that_tell_nothing_are_hard() -> None:
    assert easiness(rows(dict.fromkeys(CAUSES, "because of everything")), TAXONOMY) < 0.3


def test_predictions_are_one_decision_a_comment_and_cause() -> None:
    found = rows({cause: f"because of {cause}" for cause in CAUSES})
    train, validation, test = ([r for r in found if r.split == split] for split in SPLITS)
    predicted = baseline_predictions(train, validation, test[:5], TAXONOMY)
    assert predicted.shape == (5, len(CAUSES))
    assert predicted.dtype == bool


def test_a_split_without_rows_is_said() -> None:
    with pytest.raises(LabelError, match="needs rows of all three splits, and there are no test rows"):
        easiness([r for r in rows(dict.fromkeys(CAUSES, "x")) if r.split != "test"], TAXONOMY)


def test_too_few_rows_to_learn_from_are_said() -> None:
    found = rows({cause: f"because of {cause}" for cause in CAUSES})
    with pytest.raises(LabelError, match="cannot learn from 1 training rows"):
        easiness([r for r in found if r.split != "train" or r.id == "train-other-0"], TAXONOMY)


def test_macro_f1_is_over_the_causes_that_are_stated() -> None:
    labels = np.array([[True, False], [True, False]])
    assert macro_f1(labels, labels) == 1
    assert np.isnan(macro_f1(labels[:, 1:], labels[:, 1:]))


def test_one_stated_cause_is_judged_by_itself_and_not_by_its_absence() -> None:
    labels = np.array([[True, False], [False, False], [False, False]])
    assert macro_f1(labels, ~labels) == 0
    assert macro_f1(labels, np.array([[True, True], [True, False], [False, False]])) == pytest.approx(2 / 3)
