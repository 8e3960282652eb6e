"""Labelled sentences of customer service teach beside comments, and give away nothing that is measured."""

from collections import Counter
from dataclasses import replace

import pytest

from recontact_data.behaviour import behaviour_files, read_cases, shipped_problems
from recontact_data.labels import LabelledComment, load_labelled
from recontact_data.near_duplicates import near_duplicates
from recontact_data.taxonomy import load_taxonomy
from recontact_training.lesson import make_lesson
from recontact_training.recipe import FinetuneRecipe
from recontact_training.replay import OldRows
from recontact_training.sentences import LANGUAGES, labelled_sentences

TAXONOMY = load_taxonomy()
SENTENCES = labelled_sentences(TAXONOMY, 1.0, seed=1)
COMMENTS = [
    LabelledComment(str(k), f"comment {k}", "en", ("no_help",) if k % 2 else (), "no_help" if k % 2 else "none")
    for k in range(60)
]


def test_every_language_has_every_sentence_with_the_same_causes() -> None:
    assert {row.language for row in SENTENCES} == set(TAXONOMY.languages) == set(LANGUAGES)
    causes: dict[str, set[tuple[str, ...]]] = {}
    for row in SENTENCES:
        causes.setdefault(row.id.rsplit("-", 1)[1], set()).add(row.labels)
    assert all(len(found) == 1 for found in causes.values())
    counts = Counter(row.language for row in SENTENCES)
    assert set(counts.values()) == {len(causes)}


def test_every_cause_and_none_is_taught() -> None:
    taught = Counter(label for row in SENTENCES if row.language == "en" for label in row.labels or ("none",))
    assert min(taught[cause] for cause in TAXONOMY.ids if cause != "other") >= 15
    assert taught["none"] >= 200


def test_a_share_is_drawn_by_its_seed() -> None:
    half = labelled_sentences(TAXONOMY, 0.5, seed=1)
    assert len(half) == round(len(SENTENCES) / 2)
    assert half == labelled_sentences(TAXONOMY, 0.5, seed=1) != labelled_sentences(TAXONOMY, 0.5, seed=2)
    assert labelled_sentences(TAXONOMY, 0.0, seed=1) == []


def test_other_causes_get_no_sentences() -> None:
    assert labelled_sentences(replace(TAXONOMY, causes=TAXONOMY.causes[:3]), 1.0, seed=1) == []


def test_a_lesson_trains_on_them_once_and_validates_on_none() -> None:
    lesson = make_lesson(COMMENTS, OldRows(), FinetuneRecipe(sentence_share=0.1), TAXONOMY)
    assert len(lesson.sentences) == round(len(SENTENCES) / 10)
    assert lesson.train[-len(lesson.sentences) :] == list(lesson.sentences)
    assert len(lesson.visits) == len(lesson.train)
    assert not set(lesson.sentences) & {*lesson.rows, *lesson.validation}
    assert lesson.origin("encoder")["sentences"] == len(lesson.sentences)


@pytest.mark.slow
def test_no_sentence_nearly_repeats_a_comment_or_a_behavioural_case() -> None:
    rows = [replace(row, pair="sentence") for row in SENTENCES]
    comments = [replace(row, pair="comment") for row in load_labelled()]
    assert list(near_duplicates([*comments, *rows])) == []
    assert [where for where, what in shipped_problems(read_cases(behaviour_files(), TAXONOMY), rows)] == []
