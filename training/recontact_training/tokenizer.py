"""Tokenizer: learns one Unigram vocabulary for all languages from a corpus folder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from recontact_training import corpus
from recontact_training.recipe import PretrainRecipe

PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL = [PAD, UNK, CLS, SEP, MASK]


def training_lines(folder: Path, recipe: PretrainRecipe) -> Iterator[str]:
    """Yields up to `vocabulary_lines` lines a language (doubled by weight above 1), shuffled by the seed."""
    rng = np.random.default_rng(recipe.seed)
    for language, weight in recipe.languages.items():
        lines = corpus.mono(folder, language) + [other for _, other in corpus.pairs(folder, language)]
        wanted = int(recipe.vocabulary_lines * (2 if weight > 1 else 1))
        for i in rng.permutation(len(lines))[:wanted]:
            yield lines[i]


def train_tokenizer(folder: Path, recipe: PretrainRecipe) -> Tokenizer:
    """Trains the vocabulary: NFKC and lower case, accents kept, words, digits and punctuation apart.

    Unigram after Kudo (2018), "Subword Regularization", section 3.2.
    """
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=recipe.vocabulary_size, special_tokens=SPECIAL, unk_token=UNK, max_piece_length=16
    )
    tokenizer.train_from_iterator(training_lines(folder, recipe), trainer=trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}",
        pair=f"{CLS} $A {SEP} $B:1 {SEP}:1",
        special_tokens=[(CLS, tokenizer.token_to_id(CLS)), (SEP, tokenizer.token_to_id(SEP))],
    )
    return tokenizer


def word_starts(tokenizer: Tokenizer) -> list[bool]:
    """Whether each piece of the vocabulary begins a word, in order of id; a Han character is a word of its own."""
    size = tokenizer.get_vocab_size()
    pieces = [str(tokenizer.id_to_token(i)) for i in range(size)]
    return [p.startswith("▁") or not p.isalpha() or any("\u3400" <= c <= "\u9fff" for c in p) for p in pieces]
