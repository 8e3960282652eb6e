"""Start: puts a teacher's body under a new vocabulary, with word embeddings made from the teacher's.

Each new piece gets the mean of the teacher's embeddings of the English pieces it is aligned with in
dictionary entries and sentence pairs, by how often (in the spirit of WECHSEL: Minixhofer et al. 2022,
"Effective initialization of subword embeddings for cross-lingual transfer"). A piece that none
holds gets the mean of the teacher's own pieces of its text. Then all of them are fitted to the pairs as
bags of words (`recontact_training.lexicon`).
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoTokenizer, PreTrainedModel

from recontact_training import corpus
from recontact_training.alignment import align
from recontact_training.lexicon import fit_lexicon
from recontact_training.recipe import PretrainRecipe
from recontact_training.student import word_embeddings
from recontact_training.tokenizer import SPECIAL

MOST_PIECES = 24
UNLIKELY = 0.02
DICTIONARY_WEIGHT = 0.4
TEMPERATURE = 0.5


def aligned_entries(folder: Path, recipe: PretrainRecipe, language: str) -> list[corpus.Pair]:
    """(English, other): the dictionary and drawn sentence pairs; for English, words and lines with themselves."""
    rng = np.random.default_rng(recipe.seed)
    if language == "en":
        known = {english for other in recipe.languages for english, _ in corpus.dictionary(folder, other)}
        texts = [*sorted(known), *corpus.mono(folder, language)[: recipe.alignment_pairs]]
        return [(text, text) for text in texts]
    pairs = corpus.pairs(folder, language)
    drawn = [pairs[i] for i in rng.permutation(len(pairs))[: recipe.alignment_pairs]]
    return corpus.dictionary(folder, language) + drawn


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


def lexicon_groups(folder: Path, recipe: PretrainRecipe) -> list[tuple[list[corpus.Pair], float]]:
    """What the embeddings are fitted to, and how often it is drawn: sentence pairs and dictionaries by language."""
    groups = []
    for language, weight in recipe.languages.items():
        if language == "en":
            general = [(line, line) for line in corpus.mono(folder, language)[: recipe.english_lines]]
        else:
            general = corpus.pairs(folder, language)
        groups.append((general + corpus.domain_pairs(language), weight))
        groups.append((corpus.dictionary(folder, language), DICTIONARY_WEIGHT * weight))
    return [(pairs, weight * len(pairs) ** TEMPERATURE) for pairs, weight in groups]


def start_encoder(
    folder: Path, recipe: PretrainRecipe, teacher: Path, tokenizer: Tokenizer, report: Callable[[str], None] = print
) -> PreTrainedModel:
    """The teacher's body with embeddings for `tokenizer`'s vocabulary."""
    model: PreTrainedModel = AutoModel.from_pretrained(teacher, dtype=torch.float32)
    old_tokenizer: Tokenizer = AutoTokenizer.from_pretrained(teacher).backend_tokenizer
    for either in (old_tokenizer, tokenizer):
        either.no_truncation()
        either.no_padding()
    old = word_embeddings(model).detach()
    new = new_embeddings(
        (aligned_entries(folder, recipe, language) for language in recipe.languages), old, old_tokenizer, tokenizer
    )
    if recipe.lexicon_steps:
        groups = lexicon_groups(folder, recipe)
        steps, seed = recipe.lexicon_steps, recipe.seed
        fitted = fit_lexicon(groups, new, old, (old_tokenizer, tokenizer), steps, seed=seed, report=report)
        known = [index for text, index in tokenizer.get_vocab().items() if text not in SPECIAL]
        new[known] = fitted[known]
    model.resize_token_embeddings(tokenizer.get_vocab_size(), mean_resizing=False)
    with torch.no_grad():
        word_embeddings(model).copy_(new)
    model.config.pad_token_id = tokenizer.token_to_id("[PAD]")
    return model
