"""Near-duplicates: alike comments of one language are found, and nothing else."""

import difflib
import re

import pytest

from recontact_data.labels import LabelledComment, load_labelled
from recontact_data.near_duplicates import near_duplicates

SIGH = "She sighed, said not my department and hung up"


def row(number: int, text: str, language: str = "en", pair: str | None = None) -> LabelledComment:
    return LabelledComment(f"{language}-{number:04d}", text, language, (), "none", pair=pair)


@pytest.mark.parametrize(
    "text",
    [
        "She sighed, said not my department and hung up",
        "SHE SIGHED - said: 'not my department', and hung up!!!",
        "He sighed, said not my department, then hung up",
    ],
)
def test_texts_that_are_nearly_the_same_are_found_in_one_language(text: str) -> None:
    rows = [row(1, SIGH), row(2, "Third leak under that same kitchen sink since March"), row(3, text)]
    assert list(near_duplicates(rows)) == [("en-0003", "nearly the same as en-0001")]


def test_the_same_text_in_two_languages_is_no_duplicate() -> None:
    rows = [row(1, SIGH), row(1, SIGH, language="nb")]
    assert list(near_duplicates(rows)) == []


def test_the_two_rows_of_a_pair_may_be_alike_but_not_those_of_two_pairs() -> None:
    assert list(near_duplicates([row(1, "It came on Monday", pair="p"), row(2, "It came on Sunday", pair="p")])) == []
    assert list(near_duplicates([row(1, "It came on Monday", pair="p"), row(2, "It came on Sunday", pair="q")]))


def test_the_same_letters_in_another_order_are_no_duplicate() -> None:
    assert list(near_duplicates([row(1, "never called back"), row(2, "kcab dellac reven")])) == []


def test_long_texts_that_are_the_same_are_found() -> None:
    text = " ".join(f"word{number}" for number in range(600))
    assert list(near_duplicates([row(1, text), row(2, text)])) == [("en-0002", "nearly the same as en-0001")]


def test_different_emoji_are_no_duplicates_and_equal_ones_are() -> None:
    assert list(near_duplicates([row(1, "👍"), row(2, "😡"), row(3, "!!!")])) == []
    assert list(near_duplicates([row(1, "😡😡"), row(2, "😡😡")])) == [("en-0002", "nearly the same as en-0001")]


@pytest.mark.parametrize("language", ["da", "zh"])
def test_the_quick_search_misses_no_pair_that_the_full_comparison_finds(language: str) -> None:
    rows = load_labelled([language])[:150]
    rows += [row(n, r.text[: len(r.text) - 4] + "!", language) for n, r in enumerate(rows[::5], start=8000)]
    rows += [row(n, strewn(r.text), language) for n, r in enumerate(rows[:150:5], start=9000)]
    plain = [re.sub(r"\W+", " ", r.text.casefold()).strip() or r.text for r in rows]
    full = {
        (rows[i].id, f"nearly the same as {rows[j].id}")
        for i in range(len(rows))
        for j in range(i)
        if not (rows[i].pair and rows[i].pair == rows[j].pair)
        and difflib.SequenceMatcher(None, plain[j], plain[i], autojunk=False).ratio() > 0.8
    }
    assert len(full) > 40
    assert set(near_duplicates(rows)) == full


def strewn(text: str) -> str:
    """Every ninth letter is another."""
    return "".join("x" if k % 9 == 4 else letter for k, letter in enumerate(text))
