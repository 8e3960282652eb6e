"""The vocabulary leaves nothing unread that customers write."""

import pytest
from tokenizers import Tokenizer

from recontact_training.recipe import PretrainRecipe
from recontact_training.tokenizer import EMOJI, UNK, train_tokenizer, word_starts

RECIPE = PretrainRecipe(languages={"nb": 1.0, "zh": 1.0}, vocabulary_size=11_000, vocabulary_lines=3)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """A vocabulary of a few lines; the letter å is in lines that it was not learnt from."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "mono").mkdir()
    lines = ["ingen ringte tilbake", "de ringte aldri", "ingen tar telefonen"]
    (folder / "mono" / "nb.general.txt").write_text("\n".join(lines * 20 + ["å å å å å å"]), encoding="utf-8")
    (folder / "mono" / "zh.general.txt").write_text("没有人回电话\n" * 20, encoding="utf-8")
    return train_tokenizer(folder, RECIPE)


@pytest.mark.parametrize("text", ["å ringe", "沒有人回電話，賠錢！", "没有人回电话", "👎 😡", "☎❌", *"😀🤬🙄💔"])
def test_what_customers_write_is_known(tokenizer: Tokenizer, text: str) -> None:
    assert UNK not in tokenizer.encode(text).tokens


def test_every_emoji_of_the_list_is_a_piece(tokenizer: Tokenizer) -> None:
    assert all(UNK not in tokenizer.encode(sign).tokens for sign in EMOJI)


def test_digits_stand_apart_and_case_does_not_count(tokenizer: Tokenizer) -> None:
    pieces = tokenizer.encode("INGEN ringte 112", add_special_tokens=False).tokens
    assert pieces[-3:] == ["1", "1", "2"]
    assert tokenizer.encode("Ingen").ids == tokenizer.encode("ingen").ids


def test_words_begin_where_they_should(tokenizer: Tokenizer) -> None:
    starts = word_starts(tokenizer)
    encoded = tokenizer.encode("ingen ringte", add_special_tokens=False)
    begun = [piece for piece, i in zip(encoded.tokens, encoded.ids, strict=True) if starts[i]]
    assert len(begun) == 2
    han = tokenizer.encode("沒電", add_special_tokens=False)
    assert all(starts[i] for piece, i in zip(han.tokens, han.ids, strict=True) if piece != "▁")
