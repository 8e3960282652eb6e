"""Tokenizer: learns one Unigram vocabulary for all languages from a corpus folder."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from recontact_data.errors import CorpusError, RecipeError
from recontact_training import corpus
from recontact_training.recipe import PretrainRecipe

PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL = [PAD, UNK, CLS, SEP, MASK]

NORMALIZER = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
FEWEST_FREE = 1.5  # pieces in all, to one that is a single character
SEEN = 5  # times a character must stand in the corpus to be a piece
# What customers say with one sign; the corpus has few of them.
EMOJI = "".join(map(chr, [*range(0x1F600, 0x1F650), *range(0x1F910, 0x1F930), *range(0x1F970, 0x1F97B)])) + (
    "👍👎👏👌👋💪💩💔💯🔥🎉✨⭐🌟☎📞📱📧📩📦🚗🚚🏠💰💸💳✅❌⚠❗❓‼⏰⏳⌛❤💙💚💛🧡💜🖤♥☺☹✌👉👇👆➡"
)


def training_lines(folder: Path, recipe: PretrainRecipe) -> Iterator[str]:
    """Yields up to `vocabulary_lines` lines a language (doubled by weight above 1), shuffled by the seed."""
    rng = np.random.default_rng(recipe.seed)
    for language, weight in recipe.languages.items():
        lines = _texts(folder, recipe, language)
        wanted = int(recipe.vocabulary_lines * (2 if weight > 1 else 1))
        for i in rng.permutation(len(lines))[:wanted]:
            yield lines[i]


def _texts(folder: Path, recipe: PretrainRecipe, language: str) -> list[str]:
    traditional = recipe.traditional_share, recipe.seed
    return corpus.mono(folder, language, *traditional) + [o for _, o in corpus.pairs(folder, language, *traditional)]


def alphabet(folder: Path, recipe: PretrainRecipe) -> list[str]:
    """Characters that are pieces whatever their share: those the corpus uses, emoji, and common Han ones.

    The common ones are the first levels of GB 2312 (Simplified) and of Big5 (Traditional).
    """
    seen = Counter[str]()
    for language in recipe.languages:
        for line in _texts(folder, recipe, language):
            seen.update(NORMALIZER.normalize_str(line))
    kept = {
        character for character, count in seen.items() if count >= SEEN and character.isprintable() and character != " "
    }
    if any(language == "zh" for language in recipe.languages):
        kept |= {*_double_bytes("gb2312", 0xB0A1, 0xD7F9), *_double_bytes("big5", 0xA440, 0xC67E)}
    return sorted(kept | set(EMOJI))


def _double_bytes(encoding: str, first: int, last: int) -> Iterator[str]:
    for code in range(first, last + 1):
        try:
            character = code.to_bytes(2, "big").decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(character) == 1:
            yield character


def train_tokenizer(folder: Path, recipe: PretrainRecipe) -> Tokenizer:
    """Trains the vocabulary: NFKC and lower case, accents kept, words, digits and punctuation apart.

    Unigram after Kudo (2018), "Subword Regularization", section 3.2.

    Raises:
        CorpusError: the folder holds no text of the recipe's languages.
        RecipeError: the vocabulary is too small for its characters.
    """
    lines, characters = list(training_lines(folder, recipe)), alphabet(folder, recipe)
    if not lines:
        raise CorpusError("the corpus folder holds no text of any language of the recipe")
    if recipe.vocabulary_size < FEWEST_FREE * len(characters):
        raise RecipeError(
            f"vocabulary_size is {recipe.vocabulary_size}, and {len(characters)} characters are pieces by themselves; "
            f"it must be at least {FEWEST_FREE} times as many"
        )
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = NORMALIZER
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=recipe.vocabulary_size,
        special_tokens=SPECIAL,
        unk_token=UNK,
        max_piece_length=16,
        initial_alphabet=characters,
    )
    tokenizer.train_from_iterator(lines, trainer=trainer)
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
