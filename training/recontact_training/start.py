"""Start: puts a teacher's body under a new vocabulary, with word embeddings made from the teacher's.

Each new piece gets the weighted mean of the teacher's embeddings of the English words that dictionary
entries and short sentence pairs show it with (in the spirit of WECHSEL: Minixhofer et al. 2022,
"Effective initialization of subword embeddings for cross-lingual transfer"). A piece that no entry
holds gets the mean of the teacher's own pieces of its text.
"""

from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import embedding_bag
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

from recontact_training import corpus
from recontact_training.recipe import PretrainRecipe
from recontact_training.tokenizer import SPECIAL

LONGEST_PHRASE = 3


def aligned_entries(folder: Path, recipe: PretrainRecipe) -> Iterator[corpus.Pair]:
    """Yields (English, other) words and phrases of up to three words; English words pair with themselves."""
    for language in recipe.languages:
        if language == "en":
            continue
        for english, other in corpus.dictionary(folder, language):
            yield english, other
            yield english, english
        for english, other in corpus.pairs(folder, language):
            if len(english.split()) <= LONGEST_PHRASE and len(other.split()) <= LONGEST_PHRASE:
                yield english, other


def new_embeddings(
    entries: Iterator[corpus.Pair], old: torch.Tensor, old_tokenizer: Tokenizer, new_tokenizer: Tokenizer
) -> torch.Tensor:
    """Word embeddings for the new vocabulary.

    Args:
        entries: (English, other) words and phrases.
        old: The teacher's word embeddings, shape (n_old, hidden).
        old_tokenizer: The teacher's.
        new_tokenizer: The new one.

    Returns:
        float32, shape (n_new, hidden), each row of the median length of the teacher's.
    """
    size = new_tokenizer.get_vocab_size()
    total, mass = torch.zeros(size, old.shape[1]), torch.zeros(size)
    batch: list[corpus.Pair] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == 50_000:
            _add(batch, old, old_tokenizer, new_tokenizer, total, mass)
            batch = []
    _add(batch, old, old_tokenizer, new_tokenizer, total, mass)
    for piece, index in new_tokenizer.get_vocab().items():
        if mass[index] == 0 and piece not in SPECIAL:
            ids = old_tokenizer.encode(piece.replace("▁", " "), add_special_tokens=False).ids
            total[index] = old[ids].mean(0) if ids else old.mean(0)
            mass[index] = 1.0
    found = mass > 0
    total[found] /= mass[found, None]
    length = old.norm(dim=1).median()
    total[found] *= (length / total[found].norm(dim=1).clamp_min(1e-6))[:, None]
    for special in SPECIAL:
        total[new_tokenizer.token_to_id(special)] = old[old_tokenizer.token_to_id(special)]
    return total


def _add(
    batch: list[corpus.Pair],
    old: torch.Tensor,
    old_tokenizer: Tokenizer,
    new_tokenizer: Tokenizer,
    total: torch.Tensor,
    mass: torch.Tensor,
) -> None:
    """Adds each entry's English vector to the pieces of its other side; long pieces count for more."""
    english = old_tokenizer.encode_batch([e for e, _ in batch], add_special_tokens=False)
    other = new_tokenizer.encode_batch([o for _, o in batch], add_special_tokens=False)
    kept = [(s, t) for s, t in zip(english, other, strict=True) if s.ids and t.ids]
    if not kept:
        return
    starts = torch.tensor([0] + [len(s.ids) for s, _ in kept]).cumsum(0)[:-1]
    vectors = embedding_bag(torch.tensor([i for s, _ in kept for i in s.ids]), old, starts, mode="mean")
    entry, where, weights = [], [], []
    for number, (source, target) in enumerate(kept):
        letters = [len(piece.lstrip("▁")) for piece in target.tokens]
        whole = max(sum(letters), 1)
        entry += [number] * len(letters)
        where += target.ids
        weights += [(count / whole) ** 2 / len(source.ids) for count in letters]
    index, weight = torch.tensor(where), torch.tensor(weights)
    total.index_add_(0, index, vectors[torch.tensor(entry)] * weight[:, None])
    mass.index_add_(0, index, weight)


def word_embeddings(model: PreTrainedModel) -> nn.Parameter:
    """The word embeddings of an encoder, shape (vocabulary, hidden)."""
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, nn.Parameter)
    return weight


def start_encoder(folder: Path, recipe: PretrainRecipe, teacher: Path, tokenizer: Tokenizer) -> PreTrainedModel:
    """The teacher's body with embeddings for `tokenizer`'s vocabulary."""
    model: PreTrainedModel = AutoModel.from_pretrained(teacher, dtype=torch.float32)
    old_tokenizer: Tokenizer = AutoTokenizer.from_pretrained(teacher).backend_tokenizer
    old_tokenizer.no_truncation()
    old_tokenizer.no_padding()
    old = word_embeddings(model).detach()
    new = new_embeddings(aligned_entries(folder, recipe), old, old_tokenizer, tokenizer)
    model.resize_token_embeddings(tokenizer.get_vocab_size(), mean_resizing=False)
    with torch.no_grad():
        word_embeddings(model).copy_(new)
    model.config.pad_token_id = tokenizer.token_to_id("[PAD]")
    return model
