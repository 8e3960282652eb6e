"""What a run distils from: pairs, sentences of the domain and dictionary entries, each by its share."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from recontact_training.corpus import POOL, domain_pairs
from recontact_training.material import Material
from recontact_training.recipe import PretrainRecipe

RECIPE = PretrainRecipe(languages={"en": 1.0, "zh": 1.0}, max_length=24, batch_pieces=60, domain_share=0.2)
ENTRY = ("telephone", "电话")
PAIR = ("nobody called me back", "没有人给我回电话")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus folder with one sentence pair and one dictionary entry."""
    for name, text in {
        "mono/en.general.txt": PAIR[0],
        "mono/zh.general.txt": PAIR[1],
        "parallel/en-zh.tsv": "\t".join(PAIR),
        "dict/en-zh.tsv": "\t".join(ENTRY),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def tokenizer(encoder: Path) -> Tokenizer:
    """A tokenizer that has been trained on other text."""
    tokenizer: Tokenizer = AutoTokenizer.from_pretrained(encoder).backend_tokenizer
    return tokenizer


def test_pairs_of_the_domain_and_dictionary_entries_are_distilled_by_their_shares(
    folder: Path, tokenizer: Tokenizer
) -> None:
    material = Material(folder, replace(RECIPE, dictionary_share=0.3), tokenizer)
    assert material.distil is not None
    drawn = [pair for k in range(3 * POOL) for pair in material.distil(k)[0]]
    domain = {*domain_pairs("zh"), *domain_pairs("en")}
    assert np.mean([pair == ENTRY for pair in drawn]) == pytest.approx(0.3, abs=0.07)
    assert np.mean([pair in domain for pair in drawn]) == pytest.approx(0.2, abs=0.07)
    assert {PAIR[0], ENTRY[0]} <= set(material.english())


def test_code_switched_lines_are_distilled_by_their_share(folder: Path, tokenizer: Tokenizer) -> None:
    (folder / "mono" / "en.general.txt").write_text("the telephone rang", encoding="utf-8")
    material = Material(folder, replace(RECIPE, code_switched_share=0.4), tokenizer)
    assert material.distil is not None
    drawn = [pair for k in range(3 * POOL) for pair in material.distil(k)[0]]
    expected = ("the telephone rang", "the 电话 rang")
    assert np.mean([pair == expected for pair in drawn]) == pytest.approx(0.4, abs=0.07)


def test_a_share_of_what_is_not_there_goes_to_the_pairs(folder: Path, tokenizer: Tokenizer) -> None:
    (folder / "dict" / "en-zh.tsv").unlink()
    material = Material(folder, replace(RECIPE, domain_share=0.0, dictionary_share=0.5), tokenizer)
    assert material.distil is not None
    assert set(material.distil(0)[0]) <= {PAIR, (PAIR[0], PAIR[0])}


def test_a_run_without_dictionary_entries_asks_no_teacher_for_them(folder: Path, tokenizer: Tokenizer) -> None:
    assert ENTRY[0] not in Material(folder, RECIPE, tokenizer).english()


@pytest.mark.parametrize(("share", "expected"), [(0.0, PAIR[1]), (1.0, "沒有人給我回電話")])
def test_chinese_is_turned_to_traditional_characters(
    folder: Path, tokenizer: Tokenizer, share: float, expected: str
) -> None:
    material = Material(folder, replace(RECIPE, traditional_share=share, domain_share=0.0), tokenizer)
    assert material.distil is not None
    assert material.masked is not None
    assert {pair for group in material.distil.groups for pair in group} == {(PAIR[0], PAIR[0]), (PAIR[0], expected)}
    assert expected in material.masked.groups[1]
