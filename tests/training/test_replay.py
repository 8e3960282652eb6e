"""Replay: which old comments are mixed in, and how often the new ones are seen beside them."""

from collections import Counter
from dataclasses import replace

import pytest

from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment
from recontact_data.taxonomy import load_taxonomy
from recontact_training.lesson import make_lesson
from recontact_training.recipe import FinetuneRecipe
from recontact_training.replay import OldRows, visits_of_new

CAUSES = ("no_callback", "long_wait", "")


def comments(language: str, number: int, split: str = "train", what: str = "old") -> list[LabelledComment]:
    """Comments of one language, a third of them without a cause."""
    return [
        LabelledComment(
            id=f"{what}-{language}-{split}-{k}",
            text=f"{what} {split} comment {k} in {language}",
            language=language,
            labels=tuple(filter(None, (CAUSES[k % 3],))),
            primary=CAUSES[k % 3] or "none",
            split=split,
        )
        for k in range(number)
    ]


@pytest.fixture(scope="module")
def shipped() -> tuple[LabelledComment, ...]:
    """120 comments to train on and 30 to validate on in each of four languages, 6 in a fifth."""
    big = [row for code in ("nb", "da", "en", "bg") for row in comments(code, 120) + comments(code, 30, "validation")]
    return tuple(big + comments("zh", 6))


def test_every_language_is_kept_and_that_of_the_new_comments_most(shipped: tuple[LabelledComment, ...]) -> None:
    kept = OldRows(shipped=shipped).sample("train", 100, comments("da", 20, what="new"), seed=1)
    counts = Counter(row.language for row in kept)
    assert 95 <= len(kept) <= 105
    assert counts["zh"] == 6
    assert counts["da"] > 50
    assert min(counts[code] for code in ("nb", "en", "bg")) >= 8


def test_every_cause_has_its_share(shipped: tuple[LabelledComment, ...]) -> None:
    kept = OldRows(shipped=shipped).sample("train", 96, comments("en", 20, what="new"), seed=1)
    counts = Counter(row.primary for row in kept)
    assert max(counts.values()) - min(counts.values()) <= 5


def test_comments_without_a_language_favour_the_one_they_are_in(shipped: tuple[LabelledComment, ...]) -> None:
    text = "Ringte tre ganger, og ingen ringte tilbake til meg"
    new = [replace(row, language="und", text=text) for row in comments("nb", 3, what="new")]
    counts = Counter(row.language for row in OldRows(shipped=shipped).sample("train", 100, new, seed=1))
    assert counts["nb"] > 2 * counts["da"]


def test_an_old_comment_that_stands_among_the_new_ones_is_not_kept_as_it_was(
    shipped: tuple[LabelledComment, ...],
) -> None:
    corrected = replace(shipped[0], labels=("no_help",), primary="no_help", text=f" {shipped[0].text}\n")
    left = OldRows(own=shipped[:2], shipped=shipped).beside([corrected])
    assert left.own == shipped[1:2]
    assert left.shipped == shipped[2:]


def test_own_old_comments_are_kept_before_those_that_ship(shipped: tuple[LabelledComment, ...]) -> None:
    own = tuple(comments("nb", 40, what="own"))
    new = comments("nb", 20, what="new")
    kept = OldRows(own, shipped).sample("train", 100, new, seed=1)
    assert sum(row in own for row in kept) == 40
    kept = OldRows(own, shipped).sample("train", 40, new, seed=1)
    assert 18 <= sum(row in own for row in kept) <= 22
    kept = OldRows(own).sample("train", 30, new, seed=1)
    assert 28 <= len(kept) <= 32


@pytest.mark.parametrize(("new", "old", "visits"), [(140, 4800, 8), (1000, 4800, 4), (9000, 4800, 1), (140, 0, 1)])
def test_new_comments_neither_drown_nor_outnumber_the_old_ones(new: int, old: int, visits: int) -> None:
    assert visits_of_new(new, old, most=8) == visits


def test_validation_holds_old_comments_too_and_new_ones_are_counted_apart(
    shipped: tuple[LabelledComment, ...],
) -> None:
    new = [replace(row, split="") for row in comments("da", 40, what="new")]
    recipe = FinetuneRecipe(replay_rows=100, repeats=3)
    lesson = make_lesson(new, OldRows(shipped=shipped), recipe, load_taxonomy())
    assert Counter(row.split for row in lesson.new) == {"train": 28, "validation": 6, "test": 6}
    assert {row.language for row in lesson.validation} == {"nb", "da", "en", "bg"}
    assert {row.split for row in lesson.kept} == {"train", "validation"}
    visits = dict(zip((row.id for row in lesson.train), lesson.visits, strict=True))
    assert {visits[row.id] for row in lesson.new if row.split == "train"} == {3}
    assert {visits[row.id] for row in lesson.kept if row.split == "train"} == {1}
    said = list(lesson.warnings(load_taxonomy()))
    assert "only 0 training comments state other; give at least 20" in said
    assert any("fewer than 20 new training comments state" in line and "no_callback (" in line for line in said)
    assert not any("only" in line and "no_callback" in line for line in said)


def test_old_files_are_refused_by_a_recipe_that_mixes_none_in(shipped: tuple[LabelledComment, ...]) -> None:
    with pytest.raises(LabelError, match="replay_rows"):
        make_lesson(comments("da", 40, what="new"), OldRows(own=shipped), FinetuneRecipe(), load_taxonomy())


def test_old_comments_with_labels_of_other_causes_are_refused(shipped: tuple[LabelledComment, ...]) -> None:
    strange = replace(shipped[0], labels=("weather",))
    with pytest.raises(LabelError, match="'weather' is not a cause of the taxonomy"):
        make_lesson(comments("da", 40), OldRows(own=(strange,)), FinetuneRecipe(replay_rows=10), load_taxonomy())
