"""Word embeddings are fitted to sentence pairs as bags of words."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch.nn import functional

from recontact_training.lexicon import fit_lexicon
from recontact_training.tokenizer import SPECIAL

ENGLISH_WORDS = ("the", "house", "book", "phone", "green", "old", "big")
OTHER_WORDS = ("det", "hus", "bok", "telefon", "grønn", "gammel", "stor")


def words(*known: str) -> Tokenizer:
    """A tokenizer of whole words."""
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate((*SPECIAL, *known))}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


TOKENIZERS = words(*ENGLISH_WORDS), words(*OTHER_WORDS)
OLD = functional.normalize(torch.randn(12, 16, generator=torch.Generator().manual_seed(1)), dim=1)
# No word is ever alone with its translation: only all the pairs together tell which is which.
PAIRS = [
    (f"the {ENGLISH_WORDS[a]} {ENGLISH_WORDS[n]}", f"det {OTHER_WORDS[a]} {OTHER_WORDS[n]}")
    for a in (4, 5, 6)
    for n in (1, 2, 3)
]


def fitted(steps: int = 300, **dials: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Embeddings before, each as wrong as can be, and after."""
    first = 0.7 * functional.normalize(torch.randn(12, 16, generator=torch.Generator().manual_seed(2)), dim=1)
    after = fit_lexicon([(PAIRS, 1.0)], first, OLD, TOKENIZERS, steps, batch=32, report=lambda line: None, **dials)  # type: ignore[arg-type]
    return first, after


def test_words_come_to_where_their_translations_are() -> None:
    _, after = fitted(anchor=0.0, rate=2e-2)
    nearest = (functional.normalize(after, dim=1) @ OLD.T).argmax(1)
    assert nearest[6:].tolist() == list(range(6, 12))


def test_embeddings_keep_their_lengths() -> None:
    first, after = fitted(steps=20)
    assert torch.allclose(first.norm(dim=1), after.norm(dim=1), atol=1e-5)


def test_an_anchor_holds_them_where_they_were() -> None:
    first, free = fitted(steps=50, anchor=0.0)
    _, held = fitted(steps=50, anchor=1_000.0)
    assert float((held - first).norm()) < 0.5 * float((free - first).norm())


def test_the_same_seed_gives_the_same_embeddings() -> None:
    assert torch.equal(fitted(steps=10)[1], fitted(steps=10)[1])
    assert not torch.equal(fitted(steps=10)[1], fitted(steps=10, seed=14)[1])


def test_progress_is_reported() -> None:
    lines: list[str] = []
    fit_lexicon([(PAIRS, 1.0), ([], 1.0)], OLD.clone(), OLD, TOKENIZERS, 100, batch=8, report=lines.append)
    assert len(lines) == 1
    assert lines[0].startswith("lexicon: step 100/100 ")
