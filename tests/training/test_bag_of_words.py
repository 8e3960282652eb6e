"""Word embeddings are fitted to sentence pairs as bags of words."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from recontact_data.errors import ModelError
from recontact_training import bag_of_words
from recontact_training.bag_of_words import fit_word_embeddings
from recontact_training.recipe import PretrainRecipe

ENGLISH = ("the", "house", "book", "phone", "green", "old", "big")
OTHER = ("det", "hus", "bok", "telefon", "grønn", "gammel", "stor")
SPECIAL = 5
RECIPE = PretrainRecipe(languages={"nb": 1.0}, bag_steps=300, bag_rate=2e-2, bag_anchor=0.0)
# No word is ever alone with its translation: only all the pairs together tell which is which.
PAIRS = [(f"the {ENGLISH[a]} {ENGLISH[n]}", f"det {OTHER[a]} {OTHER[n]}") for a in (4, 5, 6) for n in (1, 2, 3)]
TEACHER, INITIAL = (
    length * functional.normalize(torch.randn(12, 16, generator=torch.Generator().manual_seed(seed)), dim=1)
    for length, seed in ((1.0, 1), (0.7, 2))
)

Fit = Callable[[PretrainRecipe], torch.Tensor]


@pytest.fixture
def fit(word_tokenizer: Callable[..., Tokenizer], monkeypatch: pytest.MonkeyPatch) -> Fit:
    """Fits embeddings that begin at random to the pairs."""
    monkeypatch.setattr(bag_of_words, "BATCH", 32)
    tokenizers = word_tokenizer(*ENGLISH), word_tokenizer(*OTHER)
    groups = [(PAIRS, 1.0), ([], 1.0)]
    return lambda recipe: fit_word_embeddings(groups, INITIAL, TEACHER, tokenizers, recipe, lambda line: None)


def test_words_come_to_where_their_translations_are(fit: Fit) -> None:
    nearest = (functional.normalize(fit(RECIPE), dim=1) @ TEACHER.T).argmax(1)
    assert nearest[SPECIAL + 1 :].tolist() == list(range(SPECIAL + 1, 12))


def test_a_word_of_every_sentence_stays_nearer_to_where_it_was(fit: Fit) -> None:
    kept = functional.cosine_similarity(fit(RECIPE), INITIAL, dim=1)
    assert kept[SPECIAL] > kept[SPECIAL + 1 :].max()


def test_embeddings_keep_their_lengths(fit: Fit) -> None:
    found = fit(replace(RECIPE, bag_steps=20))
    assert torch.allclose(found.norm(dim=1), INITIAL.norm(dim=1), atol=1e-5)
    assert not torch.allclose(found, INITIAL, atol=1e-2)


def test_an_anchor_holds_them_where_they_were(fit: Fit) -> None:
    free, held = (fit(replace(RECIPE, bag_steps=50, bag_anchor=anchor)) for anchor in (0.0, 1_000.0))
    assert float((held - INITIAL).norm()) < 0.5 * float((free - INITIAL).norm())


def test_the_same_seed_gives_the_same_embeddings(fit: Fit) -> None:
    short = replace(RECIPE, bag_steps=10)
    assert torch.equal(fit(short), fit(short))
    assert not torch.equal(fit(short), fit(replace(short, seed=14)))


def test_a_rate_that_is_too_high_is_named(fit: Fit) -> None:
    with pytest.raises(ModelError, match="bag_rate"):
        fit(replace(RECIPE, bag_steps=5, bag_rate=1e300))


def test_nothing_to_learn_from_leaves_all_as_it_was(word_tokenizer: Callable[..., Tokenizer]) -> None:
    tokenizers = word_tokenizer(*ENGLISH), word_tokenizer(*OTHER)
    assert torch.equal(fit_word_embeddings([([], 1.0)], INITIAL, TEACHER, tokenizers, RECIPE), INITIAL)


def test_progress_is_reported(word_tokenizer: Callable[..., Tokenizer]) -> None:
    lines: list[str] = []
    tokenizers = word_tokenizer(*ENGLISH), word_tokenizer(*OTHER)
    fit_word_embeddings([(PAIRS, 1.0)], INITIAL, TEACHER, tokenizers, replace(RECIPE, bag_steps=100), lines.append)
    assert len(lines) == 1
    assert lines[0].startswith("bags of words: step 100/100 ")
