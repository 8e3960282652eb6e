"""Variants of training comments keep their causes and the words that state them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recontact_data.labels import LABELLED, LabelledComment, Span, read_labelled
from recontact_training import export
from recontact_training.finetune import finetune
from recontact_training.recipe import FinetuneRecipe
from recontact_training.variants import UNTIDY, Variants, in_one_case, in_plain_letters, joined, rewritten, with_slips

LANGUAGES = ("nb", "bg", "zh", "ru", "uk", "de", "tr", "is", "pl", "en")


def comment(text: str, words: str = "", language: str = "nb", cause: str = "no_callback") -> LabelledComment:
    spans = (Span(cause, text.index(words), text.index(words) + len(words)),) if words else ()
    labels = (cause,) if words else ()
    return LabelledComment("x", text, language, labels, labels[0] if labels else "none", spans)


def stated(row: LabelledComment) -> list[str]:
    return [row.text[span.start : span.end] for span in row.evidence]


@pytest.mark.parametrize(
    ("language", "typed", "ways"),
    [
        ("nb", "Ærlig talt, får ikke hjelp på å løse det", {"aerlig", "erlig"}),
        ("de", "Größe geändert", {"grosse", "groesse"}),
        ("bg", "Чакам обаждане", {"chakam", "4akam"}),
        ("ru", "Жду ещё", {"zhdu"}),
        ("tr", "Kimse aramadı", {"kimse"}),
        ("en", "didn't ring", {"didnt"}),
        ("zh", "没有人回电话", {"沒有人回電話"}),
    ],
)
def test_plain_letters_are_what_people_without_the_keys_type(language: str, typed: str, ways: set[str]) -> None:
    found = in_plain_letters(comment(typed, language=language), np.random.default_rng(1))
    assert found.text.lower().split()[0] in ways
    assert language == "zh" or found.text.isascii()


def test_evidence_moves_with_letters_that_become_two() -> None:
    row = in_plain_letters(comment("Får på å vente, ß hørte aldri mer", "hørte aldri mer"), np.random.default_rng(1))
    assert stated(row)[0] in {"hoerte aldri mer", "horte aldri mer"}


def test_slips_are_few_and_leave_the_comment_readable() -> None:
    text = "They were to ring me back on Tuesday about the boiler and never did so at all"
    found = [with_slips(comment(text, "never did", "en"), np.random.default_rng(k)) for k in range(50)]
    assert sum(row.text != text for row in found) > 40
    assert all(abs(len(row.text) - len(text)) <= 4 for row in found)


def test_two_comments_are_read_as_one() -> None:
    first = comment("Ingen ringte. Hilsen Bo", "Ingen ringte")
    second = comment("Røret lekker fortsatt.", "lekker fortsatt", cause="solution_failed")
    both = joined(first, second, np.random.default_rng(1))
    assert both.labels == ("no_callback", "solution_failed")
    assert stated(both) == ["Ingen ringte", "lekker fortsatt"]


def test_a_comment_that_would_be_left_without_its_evidence_stays() -> None:
    row = comment("a b", "b")
    assert rewritten(row, ["a", " ", ""]) is row


def test_evidence_outside_the_text_stops_no_run() -> None:
    row = replace(comment("a b", "b"), evidence=(Span("no_callback", 2, 9),))
    assert rewritten(row, ["A", " ", "B"]) is row


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_comment_keeps_the_words_that_state_its_causes(language: str) -> None:
    rng = np.random.default_rng(3)
    for row in read_labelled(LABELLED / f"{language}.jsonl")[:60]:
        for untidy in UNTIDY:
            found = untidy(row, rng)
            assert found.labels == row.labels
            assert len(found.evidence) == len(row.evidence)
            for before, after in zip(stated(row), stated(found), strict=True):
                assert after == after.strip() or before != before.strip()
                assert 0.5 * len(before) <= len(after) <= 2.5 * len(before)
        assert in_one_case(row, rng).text.casefold() == row.text.casefold() or language == "tr"


@given(st.integers(0, 2**32), st.integers(0, 9))
def test_a_variant_depends_on_seed_epoch_and_place_alone(seed: int, epoch: int) -> None:
    rows = [replace(comment(f"Ingen ringte meg {k} ganger", "Ingen ringte"), id=str(k)) for k in range(4)]
    one, other = (Variants(rows, 0.5, 0.5, seed) for _ in range(2))
    other(3, epoch)
    assert one(1, epoch) == other(1, epoch)


def test_as_many_comments_are_turned_as_asked() -> None:
    rows = [comment(f"INGEN ringte på {k} dager", "INGEN ringte") for k in range(400)]
    turned = Variants(rows, 0.3, 0.0, seed=1)
    share = np.mean([turned(k, 0).text != rows[k].text for k in range(400)])
    assert 0.22 < share < 0.38
    assert [turned(k, 0) for k in range(400)] != [turned(k, 1) for k in range(400)]


def test_unmarked_evidence_stays_unmarked_and_says_nothing_of_the_label() -> None:
    unmarked = replace(comment("Ingen ringte", "Ingen"), evidence=())
    turned = Variants([unmarked, comment("Alt bra"), comment("Ingen svarer", "Ingen")], 0.0, 1.0, seed=1)
    for place in range(3):
        for epoch in range(20):
            row = turned(place, epoch)
            assert len(row.text) > len(turned.rows[place].text)
            assert not (row.evidence and "Ingen ringte" in row.text)


def test_other_scripts_are_left_as_they_are() -> None:
    for text in ("Жду ответа", "안녕하세요", "が", "Ψάχνω"):
        assert in_plain_letters(comment(text, language="und"), np.random.default_rng(1)).text == text
    assert in_plain_letters(comment("ѝ", language="bg"), np.random.default_rng(1)).text == "i"


def test_chinese_slips_are_characters_of_one_sound() -> None:
    row = with_slips(comment("我在等的电话", language="zh"), np.random.default_rng(1))
    assert row.text in {"我再等的电话", "我在等得电话"}


def test_training_reads_other_variants_in_each_epoch(
    rows: list[LabelledComment], encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    read = Variants.__call__

    def noted(self: Variants, place: int, epoch: int) -> LabelledComment:
        seen.append(epoch)
        return read(self, place, epoch)

    monkeypatch.setattr(Variants, "__call__", noted)
    monkeypatch.setattr(export, "export_graph", lambda *_: None)
    finetune(rows, encoder, tmp_path / "model", recipe=FinetuneRecipe(epochs=3, batch_size=8, untidy_share=0.5))
    train = sum(row.split == "train" for row in rows)
    assert seen[-3 * train :] == [0] * train + [1] * train + [2] * train
