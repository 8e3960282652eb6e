"""New word embeddings come from the English words that translate a piece."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import AutoModel, BertConfig, BertModel

from recontact_training import bag_of_words
from recontact_training.recipe import PretrainRecipe
from recontact_training.start import alignment_pairs, bag_groups, new_embeddings, refitted_encoder
from recontact_training.tokenizer import SPECIAL

OLD = functional.normalize(torch.randn(8, 16, generator=torch.Generator().manual_seed(1)), dim=1)
PAIRS = [("house", "hus"), ("book", "bok"), ("green house", "grønn hus"), ("green book", "grønn bok")] * 3
RECIPE = PretrainRecipe(languages={"en": 1.0, "nb": 2.0}, alignment_pairs=2, english_lines=1)


@pytest.fixture
def english(word_tokenizer: Callable[..., Tokenizer]) -> Tokenizer:
    return word_tokenizer("house", "book", "green")


@pytest.fixture
def other(word_tokenizer: Callable[..., Tokenizer]) -> Tokenizer:
    return word_tokenizer("hus", "bok", "grønn", "book", "zzz")


@pytest.mark.parametrize(("word", "translation"), [("hus", "house"), ("bok", "book"), ("grønn", "green")])
def test_a_word_gets_the_embedding_of_its_translation(
    english: Tokenizer, other: Tokenizer, word: str, translation: str
) -> None:
    new = new_embeddings([PAIRS], OLD, english, other)
    cosines = functional.cosine_similarity(new[other.token_to_id(word)][None], OLD)
    assert int(cosines.argmax()) == english.token_to_id(translation)
    assert float(cosines.max()) > 0.9


def test_a_word_of_two_languages_goes_with_the_one_that_has_it_more_often(english: Tokenizer, other: Tokenizer) -> None:
    new = new_embeddings([[("house", "bok")] * 2, [("book", "bok")] * 20], OLD, english, other)
    cosines = functional.cosine_similarity(new[other.token_to_id("bok")][None], OLD)
    assert float(cosines[english.token_to_id("book")]) > 0.95
    assert int(cosines.argmax()) == english.token_to_id("book")


def test_a_piece_without_a_translation_gets_that_of_the_teachers_own_pieces(
    english: Tokenizer, other: Tokenizer
) -> None:
    new = new_embeddings([PAIRS], OLD, english, other)
    assert torch.allclose(new[other.token_to_id("book")], OLD[english.token_to_id("book")], atol=1e-5)
    assert torch.allclose(new[other.token_to_id("zzz")], OLD[english.token_to_id("[UNK]")], atol=1e-5)


def test_special_pieces_keep_theirs(english: Tokenizer, other: Tokenizer) -> None:
    new = new_embeddings([PAIRS], OLD, english, other)
    assert torch.equal(new[: len(SPECIAL)], OLD[: len(SPECIAL)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus folder with three sentence pairs and one word."""
    for name, text in {
        "mono/en.general.txt": "one line\nanother line\na third line",
        "parallel/en-nb.tsv": "one\ten\ntwo\tto\nthree\ttre",
        "dict/en-nb.tsv": "house\thus",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_what_is_aligned(folder: Path) -> None:
    norwegian, english = (alignment_pairs(folder, RECIPE, language) for language in ("nb", "en"))
    assert norwegian[0] == ("house", "hus")
    assert len(set(norwegian) & {("one", "en"), ("two", "to"), ("three", "tre")}) == 2
    assert english[0] == ("house", "house")
    assert len(english) == 3
    assert all(one == two for one, two in english)


def test_what_embeddings_are_fitted_to(folder: Path) -> None:
    groups = list(bag_groups(folder, RECIPE))
    assert ("one line", "one line") in groups[0][0]
    assert ("another line", "another line") not in groups[0][0]
    assert ("three", "tre") in groups[2][0]
    assert groups[3][0] == [("house", "hus")]
    assert groups[2][1] > groups[3][1] > 0


def test_an_encoder_to_go_on_from_gets_its_words_nearer_to_their_translations(
    folder: Path, word_tokenizer: Callable[..., Tokenizer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bag_of_words, "BATCH", 32)
    tokenizer = word_tokenizer("one", "two", "three", "en", "to", "tre", "house", "hus")
    size = tokenizer.get_vocab_size()
    torch.manual_seed(1)
    config = BertConfig(vocab_size=size, hidden_size=16, num_hidden_layers=1, num_attention_heads=2)
    BertModel(config).save_pretrained(tmp_path / "encoder")

    def after(steps: int) -> torch.Tensor:
        recipe = replace(RECIPE, bag_steps=steps, bag_rate=3e-2)
        model = refitted_encoder(folder, recipe, tmp_path / "encoder", tokenizer, lambda line: None)
        return model.get_input_embeddings().weight.detach()

    before = AutoModel.from_pretrained(tmp_path / "encoder").get_input_embeddings().weight.detach()
    assert torch.equal(after(0), before)
    fitted = after(30)
    assert torch.equal(fitted[: len(SPECIAL)], before[: len(SPECIAL)])
    one, other = ([tokenizer.token_to_id(word) for word in words] for words in (("one", "house"), ("en", "hus")))
    near, far = (functional.cosine_similarity(found[other], before[one]) for found in (fitted, before))
    assert (near > far + 0.05).all()
