"""New word embeddings come from the English words that translate a piece."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from recontact_training.start import new_embeddings
from recontact_training.tokenizer import SPECIAL


def words(*known: str) -> Tokenizer:
    """A tokenizer of whole words."""
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate((*SPECIAL, *known))}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


ENGLISH, OTHER = words("house", "book", "green"), words("hus", "bok", "grønn", "book", "zzz")
OLD = torch.nn.functional.normalize(torch.randn(8, 16, generator=torch.Generator().manual_seed(1)), dim=1)
ENTRIES = [("house", "hus"), ("book", "bok"), ("green house", "grønn hus"), ("green book", "grønn bok")] * 3


@pytest.mark.parametrize(("word", "english"), [("hus", "house"), ("bok", "book"), ("grønn", "green")])
def test_a_word_gets_the_embedding_of_its_translation(word: str, english: str) -> None:
    new = new_embeddings([ENTRIES], OLD, ENGLISH, OTHER)
    cosines = torch.nn.functional.cosine_similarity(new[OTHER.token_to_id(word)][None], OLD)
    assert int(cosines.argmax()) == ENGLISH.token_to_id(english)
    assert float(cosines.max()) > 0.9


def test_a_piece_without_a_translation_gets_that_of_the_teachers_own_pieces() -> None:
    new = new_embeddings([ENTRIES], OLD, ENGLISH, OTHER)
    assert torch.allclose(new[OTHER.token_to_id("book")], OLD[ENGLISH.token_to_id("book")], atol=1e-5)
    assert torch.allclose(new[OTHER.token_to_id("zzz")], OLD[ENGLISH.token_to_id("[UNK]")], atol=1e-5)


def test_special_pieces_keep_theirs() -> None:
    new = new_embeddings([ENTRIES], OLD, ENGLISH, OTHER)
    assert torch.equal(new[:5], OLD[:5])
