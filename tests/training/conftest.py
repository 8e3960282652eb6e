"""What several tests of training need."""

from collections.abc import Callable

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from recontact_training.tokenizer import SPECIAL


@pytest.fixture(scope="session")
def word_tokenizer() -> Callable[..., Tokenizer]:
    """Makes a tokenizer of whole words: the special pieces, then the given ones."""

    def make(*known: str) -> Tokenizer:
        vocabulary = {word: index for index, word in enumerate((*SPECIAL, *known))}
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        return tokenizer

    return make
