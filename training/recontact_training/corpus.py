"""Corpus: reads lines, sentence pairs and dictionaries of a folder and samples them by language.

A corpus folder has `mono/<lang>.*.txt.xz`, `parallel/en-<lang>*.tsv.xz` and `dict/en-<lang>.tsv.xz`;
any of them may be missing, and files may be plain instead of compressed.
"""

import lzma
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recontact_data.errors import CorpusError

Pair = tuple[str, str]


def read_lines(path: Path) -> Iterator[str]:
    """Yields the non-empty lines of a UTF-8 text file, plain or xz-compressed."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if text := line.strip():
                yield text


def _files(folder: Path, *patterns: str) -> list[Path]:
    return sorted(p for pattern in patterns for end in ("", ".xz") for p in folder.glob(pattern + end))


def mono(folder: Path, language: str, kinds: Sequence[str] = ("general", "norec")) -> list[str]:
    """Lines of one language, without the dry documentation text unless `kinds` names it."""
    patterns = [f"mono/{language}.{kind}.txt" for kind in kinds]
    return [line for path in _files(folder, *patterns) for line in read_lines(path)]


def pairs(folder: Path, language: str) -> list[Pair]:
    """Sentence pairs (English, `language`)."""
    patterns = (f"parallel/en-{language}.tsv", f"parallel/en-{language}.*.tsv")
    return [pair for path in _files(folder, *patterns) for pair in _split(path)]


def dictionary(folder: Path, language: str) -> list[Pair]:
    """Dictionary entries (English word or phrase, `language`)."""
    return [pair for path in _files(folder, f"dict/en-{language}.tsv") for pair in _split(path)]


def _split(path: Path) -> Iterator[Pair]:
    for line in read_lines(path):
        english, tab, other = line.partition("\t")
        if tab and english and other:
            yield english, other


def proportions(sizes: Sequence[int], weights: Sequence[float], temperature: float) -> np.ndarray:
    """Sampling probabilities: weight times size to the power of `temperature`, summing to one."""
    raw = np.asarray(weights, dtype=np.float64) * np.asarray(sizes, dtype=np.float64) ** temperature
    raw[np.asarray(sizes) == 0] = 0.0
    if raw.sum() == 0:
        raise CorpusError("the corpus folder holds no text of any language of the recipe")
    return np.asarray(raw / raw.sum())


@dataclass(frozen=True)
class Sampler:
    """Draws batches of items of like length; batch k depends on (seed, k) alone.

    Attributes:
        items: For each language its lines or pairs.
        shares: Sampling probability of each language, shape (n_languages,).
        seed: Seed of every draw.
    """

    items: Sequence[Sequence[str | Pair]]
    shares: np.ndarray
    seed: int

    def batch(self, step: int, size: int) -> list[str | Pair]:
        """Draws eight times `size` items, sorts them by length and keeps one stretch of `size`."""
        rng = np.random.default_rng([self.seed, step])
        counts = rng.multinomial(size * 8, self.shares)
        drawn = [
            self.items[k][i]
            for k, count in enumerate(counts)
            if count
            for i in rng.integers(len(self.items[k]), size=count)
        ]
        rng.shuffle(drawn)
        drawn.sort(key=lambda item: len(item) if isinstance(item, str) else len(item[1].encode()))
        start = int(rng.integers(8)) * size
        return drawn[start : start + size]
