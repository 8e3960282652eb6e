"""Material: what a pretraining run learns from, in batches."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from recontact_training import corpus
from recontact_training.code_switching import code_switched
from recontact_training.corpus import Batches, Pair, proportions
from recontact_training.recipe import PretrainRecipe


class Material:
    """Sentence pairs to distil from and texts to hide words of.

    Attributes:
        distil: Batches of (English, other); None if the recipe distils nothing.
        masked: Batches of texts and of pairs of texts; None if the recipe hides nothing.
        watched: Held-out pairs on which the run is watched, by language.

    Raises:
        CorpusError: the folder holds no text of the recipe's languages.
    """

    def __init__(self, folder: Path, recipe: PretrainRecipe, tokenizer: Tokenizer) -> None:
        self.recipe, self.tokenizer = recipe, tokenizer
        languages = list(recipe.languages)
        traditional = recipe.traditional_share, recipe.seed
        lines = {language: corpus.mono(folder, language, *traditional) for language in languages}
        pairs = {language: corpus.pairs(folder, language, *traditional) for language in languages}
        pairs = {k: [pair for pair in own if len(pair[0].split()) >= recipe.fewest_words] for k, own in pairs.items()}
        pairs["en"] = [(line, line) for line in lines.get("en", [])[: recipe.english_lines]]
        self.distil: Batches[Pair] | None = None
        if recipe.distill_share > 0:
            self.distil = self._distil(folder, lines, pairs)
        self.masked: Batches[str | Pair] | None = None
        if recipe.distill_share < 1:
            own = {language: [] if language == "en" else pairs[language] for language in languages}
            texts: list[list[str | Pair]] = [
                [*lines[code], *own[code], *corpus.other_pairs(folder, code)] for code in languages
            ]
            shares = self._shares(texts)
            self.masked = Batches(texts, shares, _as_is, tokenizer, recipe.batch_pieces, recipe.seed + 1)
        self.watched = corpus.watched_pairs(folder, languages)

    def english(self) -> list[str]:
        """The English side of every pair that may be distilled from."""
        return [english for group in self.distil.groups for english, _ in group] if self.distil else []

    def _distil(
        self, folder: Path, lines: Mapping[str, Sequence[str]], general: Mapping[str, Sequence[Pair]]
    ) -> Batches[Pair]:
        recipe, languages = self.recipe, list(self.recipe.languages)
        words: dict[str, list[Pair]] = {}
        if recipe.dictionary_share or recipe.code_switched_share:
            words = {language: corpus.dictionary(folder, language) for language in languages}
        switched: dict[str, list[Pair]] = {}
        if recipe.code_switched_share:
            english = [line for line, _ in general["en"]]
            for language in languages:
                seed = f"{recipe.seed} {language}"
                switched[language] = code_switched(
                    english, words[language], lines[language], recipe.code_switched_lines, seed
                )
        domain = {language: corpus.domain_pairs(language) for language in languages}
        parts: list[tuple[list[Sequence[Pair]], float]] = [
            ([kind.get(language, ()) for language in languages], share)
            for kind, share in (
                (domain, recipe.domain_share),
                (words, recipe.dictionary_share),
                (switched, recipe.code_switched_share),
            )
        ]
        weights = recipe.languages.values()
        parts = [(own, s) for own, s in parts if s and any(len(g) * w for g, w in zip(own, weights, strict=True))]
        parts.insert(0, ([general[language] for language in languages], 1.0 - sum(share for _, share in parts)))
        groups = [group for own, _ in parts for group in own]
        shares = np.concatenate([self._shares(own) * share for own, share in parts])
        return Batches(groups, shares, _other_side, self.tokenizer, recipe.batch_pieces, recipe.seed)

    def _shares(self, groups: Sequence[Sequence[Any]]) -> NDArray[np.float64]:
        weights = list(self.recipe.languages.values())
        return proportions([len(group) for group in groups], weights, self.recipe.temperature)


def _as_is(item: str | Pair) -> str | Pair:
    return item


def _other_side(pair: Pair) -> str:
    return pair[1]
