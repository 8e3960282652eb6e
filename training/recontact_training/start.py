"""Start: puts a teacher's body under a new vocabulary, with word embeddings made from the teacher's.

Each new piece gets the mean of the teacher's embeddings of the English pieces it is aligned with in
dictionary entries and sentence pairs, by how often (in the spirit of WECHSEL: Minixhofer et al. 2022,
"Effective initialization of subword embeddings for cross-lingual transfer"). A piece that none
holds gets the mean of the teacher's own pieces of its text. Then all of them are fitted to the pairs as
bags of words (`recontact_training.bag_of_words`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

from recontact_training import corpus
from recontact_training.alignment import align
from recontact_training.bag_of_words import fit_word_embeddings
from recontact_training.recipe import PretrainRecipe
from recontact_training.student import word_embeddings
from recontact_training.tokenizer import SPECIAL

MOST_PIECES = 24
UNLIKELY = 0.02
DICTIONARY_WEIGHT = 0.4
BAG_TEMPERATURE = 0.5  # exponent on the number of pairs of a language; larger than in the long run, for the words


def alignment_pairs(folder: Path, recipe: PretrainRecipe, language: str) -> list[corpus.Pair]:
    """(English, other): a dictionary and drawn sentence pairs; for English, words and lines with themselves."""
    rng = np.random.default_rng(recipe.seed)
    if language == "en":
        known = {english for other in recipe.languages for english, _ in corpus.dictionary(folder, other)}
        lines = corpus.mono(folder, language)
        drawn = [lines[i] for i in rng.permutation(len(lines))[: recipe.alignment_pairs]]
        return [(text, text) for text in (*sorted(known), *drawn)]
    pairs = corpus.pairs(folder, language, recipe.traditional_share, recipe.seed)
    return corpus.dictionary(folder, language) + [
        pairs[i] for i in rng.permutation(len(pairs))[: recipe.alignment_pairs]
    ]


def new_embeddings(
    entries: Iterable[Sequence[corpus.Pair]], old: torch.Tensor, old_tokenizer: Tokenizer, new_tokenizer: Tokenizer
) -> torch.Tensor:
    """Word embeddings for the new vocabulary.

    Args:
        entries: (English, other) words, phrases and sentences, language by language.
        old: The teacher's word embeddings, shape (n_old, hidden).
        old_tokenizer: The teacher's.
        new_tokenizer: The new one.

    Returns:
        float32, shape (n_new, hidden), each row of the median length of the teacher's.
    """
    total = torch.zeros(new_tokenizer.get_vocab_size(), old.shape[1])
    for own in entries:
        english = old_tokenizer.encode_batch_fast([e for e, _ in own], add_special_tokens=False)
        other = new_tokenizer.encode_batch_fast([o for _, o in own], add_special_tokens=False)
        both = ((s.ids, t.ids) for s, t in zip(english, other, strict=True))
        kept = [(s, t) for s, t in both if 0 < len(s) <= MOST_PIECES and 0 < len(t) <= MOST_PIECES]
        if not kept:
            continue
        found = align([s for s, _ in kept], [t for _, t in kept])
        likely = found.probability > UNLIKELY
        piece, teacher = (torch.from_numpy(side[likely]) for side in (found.piece, found.english))
        total.index_add_(0, piece, old[teacher] * torch.from_numpy(found.count[likely]).float()[:, None])
    for text, index in new_tokenizer.get_vocab().items():
        if not total[index].any() and text not in SPECIAL:
            ids = old_tokenizer.encode(text.replace("▁", " "), add_special_tokens=False).ids
            total[index] = old[ids].mean(0) if ids else old.mean(0)
    total *= (old.norm(dim=1).median() / total.norm(dim=1).clamp_min(1e-6))[:, None]
    for special in SPECIAL:
        total[new_tokenizer.token_to_id(special)] = old[old_tokenizer.token_to_id(special)]
    return total


def bag_groups(folder: Path, recipe: PretrainRecipe) -> Iterator[tuple[list[corpus.Pair], float]]:
    """Yields pairs that embeddings are fitted to and how often they are drawn: sentences, then words, by language."""
    for language, weight in recipe.languages.items():
        if language == "en":
            pairs = [(line, line) for line in corpus.mono(folder, language)[: recipe.english_lines]]
        else:
            pairs = corpus.pairs(folder, language, recipe.traditional_share, recipe.seed)
        pairs += corpus.domain_pairs(language)
        yield pairs, weight * len(pairs) ** BAG_TEMPERATURE
        entries = corpus.dictionary(folder, language)
        yield entries, DICTIONARY_WEIGHT * weight * len(entries) ** BAG_TEMPERATURE


def start_encoder(
    folder: Path, recipe: PretrainRecipe, teacher: Path, tokenizer: Tokenizer, report: Callable[[str], None] = print
) -> PreTrainedModel:
    """The teacher's body with word embeddings for a new vocabulary.

    Args:
        folder: A corpus folder.
        recipe: The dials.
        teacher: A Transformers folder of an English sentence encoder.
        tokenizer: The new vocabulary; its truncation and padding are switched off.
        report: Called with each progress line.

    Raises:
        ModelError: the embeddings could not be fitted.
    """
    model: PreTrainedModel = AutoModel.from_pretrained(teacher, dtype=torch.float32)
    old_tokenizer: Tokenizer = AutoTokenizer.from_pretrained(teacher).backend_tokenizer
    for either in (old_tokenizer, tokenizer):
        either.no_truncation()
        either.no_padding()
    old = word_embeddings(model).detach()
    pairs = (alignment_pairs(folder, recipe, language) for language in recipe.languages)
    new = new_embeddings(pairs, old, old_tokenizer, tokenizer)
    new = _fitted(folder, recipe, new, old, (old_tokenizer, tokenizer), report)
    model.resize_token_embeddings(tokenizer.get_vocab_size(), mean_resizing=False)
    with torch.no_grad():
        word_embeddings(model).copy_(new)
    model.config.pad_token_id = tokenizer.token_to_id("[PAD]")
    return model


def refitted_encoder(
    folder: Path, recipe: PretrainRecipe, encoder: Path, tokenizer: Tokenizer, report: Callable[[str], None] = print
) -> PreTrainedModel:
    """An encoder that `pretrain` made, its word embeddings fitted as bags of words to its own English ones.

    Args:
        folder: A corpus folder.
        recipe: The dials; with no `bag_steps` the encoder stays as it is.
        encoder: Its folder.
        tokenizer: Its vocabulary; its truncation and padding are switched off.
        report: Called with each progress line.

    Raises:
        ModelError: the embeddings could not be fitted.
    """
    model: PreTrainedModel = AutoModel.from_pretrained(encoder, dtype=torch.float32)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    own = word_embeddings(model)
    fitted = _fitted(folder, recipe, own.detach(), own.detach(), (tokenizer, tokenizer), report)
    with torch.no_grad():
        own.copy_(fitted)
    return model


def _fitted(
    folder: Path,
    recipe: PretrainRecipe,
    initial: torch.Tensor,
    english: torch.Tensor,
    tokenizers: tuple[Tokenizer, Tokenizer],
    report: Callable[[str], None],
) -> torch.Tensor:
    """Word embeddings after the recipe's `bag_steps`; those of special pieces stay as they are."""
    if not recipe.bag_steps:
        return initial
    report("fitting the word embeddings to bags of words")
    fitted = fit_word_embeddings(bag_groups(folder, recipe), initial, english, tokenizers, recipe, report)
    special = [tokenizers[1].token_to_id(name) for name in SPECIAL]
    fitted[special] = initial[special]
    return fitted
