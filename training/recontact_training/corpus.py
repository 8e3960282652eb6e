"""Corpus: reads lines, sentence pairs and dictionaries of a folder and batches them by language and length.

A corpus folder has `mono/<lang>.*.txt`, `parallel/en-<lang>.tsv` and `parallel/en-<lang>.<any>.tsv`,
`parallel/<other>-<lang>.tsv`, `dict/en-<lang>.tsv` and, for measuring, `heldout/<set>.en-<lang>.tsv`; any of them may
be missing, and files may be plain or xz-compressed. Sentences of `heldout` are left out wherever else they stand.
"""

import lzma
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from tokenizers import Tokenizer

from recontact_data.errors import CorpusError
from recontact_training.traditional import in_traditional

Pair = tuple[str, str]
ItemT = TypeVar("ItemT")

DOMAIN = Path(__file__).resolve().parent / "parallel"
FEWEST_DRY = 20_000
POOL = 32
REPORTED, WATCHED = 1_000, 200  # held-out pairs of a language and set: on which an encoder is reported; a run watches
SHORTEST_ENTRY = 3  # letters; shorter English words are chemical elements and units in dictionaries: he, I, a


def read_lines(path: Path) -> Iterator[str]:
    """Yields the non-empty lines of a UTF-8 text file, plain or xz-compressed.

    Raises:
        CorpusError: the file is neither.
    """
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if text := line.strip():
                    yield text
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise CorpusError(f"cannot read {path}: {error}; it must be UTF-8 text, plain or xz-compressed") from error


def _files(folder: Path, *patterns: str) -> list[Path]:
    return sorted(p for pattern in patterns for end in ("", ".xz") for p in folder.glob(pattern + end))


def mono(
    folder: Path, language: str, traditional: float = 0.0, seed: int = 13, leave_out: Sequence[str] = ()
) -> list[str]:
    """Lines of one language; of dry documentation (`<lang>.docs.txt`) no more than of the rest, or 20,000.

    Args:
        folder: A corpus folder.
        language: Which one.
        traditional: Share of Chinese lines that are turned to Traditional characters.
        seed: Seed of which.
        leave_out: Files with such a part in their name, as in `<lang>.<part>.txt`, are not read.
    """
    dry = _files(folder, f"mono/{language}.docs.txt")
    others = [
        p for p in _files(folder, f"mono/{language}.*.txt") if p not in dry and p.name.split(".")[1] not in leave_out
    ]
    held_out = held_out_texts(folder)
    lines = [line for path in others for line in read_lines(path) if line not in held_out]
    allowed = max(FEWEST_DRY, len(lines))
    lines += [line for path in dry for line in read_lines(path) if line not in held_out][:allowed]
    return in_traditional(lines, traditional, seed) if language == "zh" else lines


def pairs(folder: Path, language: str, traditional: float = 0.0, seed: int = 13) -> list[Pair]:
    """Sentence pairs (English, `language`); of Chinese ones a share is turned to Traditional characters."""
    patterns = (f"parallel/en-{language}.tsv", f"parallel/en-{language}.*.tsv")
    found = _training_pairs(folder, _files(folder, *patterns))
    if language != "zh":
        return found
    turned = in_traditional([other for _, other in found], traditional, seed)
    return [(english, other) for (english, _), other in zip(found, turned, strict=True)]


def other_pairs(folder: Path, language: str) -> list[Pair]:
    """Sentence pairs of `language` with another one that is not English."""
    files = [path for path in _files(folder, f"parallel/*-{language}.tsv") if not path.name.startswith("en-")]
    return _training_pairs(folder, files)


def _training_pairs(folder: Path, files: Sequence[Path]) -> list[Pair]:
    held_out = held_out_texts(folder)
    return [pair for path in files for pair in read_pairs(path) if held_out.isdisjoint(pair)]


def domain_pairs(language: str) -> list[Pair]:
    """The shipped sentences of customer service, (English, `language`); for English, each with itself."""
    if language == "en":
        return [(text, text) for text in read_lines(DOMAIN / "en.txt")]
    path = DOMAIN / f"{language}.tsv"
    return list(read_pairs(path)) if path.exists() else []


def read_held_out(folder: Path, languages: Sequence[str], name: str, first: int, count: int) -> dict[str, list[Pair]]:
    """Pairs (English, other) of `heldout/<name>.en-<lang>.tsv` by language; for measuring only.

    Args:
        folder: A corpus folder.
        languages: Which ones.
        name: Name of the set.
        first: How many pairs are skipped; fewer if no `count` would be left.
        count: How many are taken.
    """
    found = {}
    for language in languages:
        path = folder / "heldout" / f"{name}.en-{language}.tsv"
        if path.exists():
            pairs = list(read_pairs(path))
            begin = min(first, max(0, len(pairs) - count))
            found[language] = pairs[begin : begin + count]
    return found


def watched_pairs(folder: Path, languages: Sequence[str]) -> dict[str, list[Pair]]:
    """The held-out pairs that a run watches: others than those an encoder is reported on."""
    return read_held_out(folder, languages, "ntrex", first=REPORTED, count=WATCHED)


@cache
def held_out_texts(folder: Path) -> frozenset[str]:
    """Every sentence of the held-out pairs, of any language and set: no run learns from these."""
    return frozenset(text for path in _files(folder, "heldout/*.tsv") for pair in read_pairs(path) for text in pair)


def dictionary(folder: Path, language: str) -> list[Pair]:
    """Dictionary entries (English word or phrase of three letters or more, `language`)."""
    entries = (pair for path in _files(folder, f"dict/en-{language}.tsv") for pair in read_pairs(path))
    return [(english, other) for english, other in entries if len(english) >= SHORTEST_ENTRY]


def read_pairs(path: Path) -> Iterator[Pair]:
    """Yields the two columns of each line of a TSV file that has both."""
    for line in read_lines(path):
        first, tab, second = line.partition("\t")
        if tab and first and second:
            yield first, second


def proportions(sizes: Sequence[int], weights: Sequence[float], temperature: float) -> np.ndarray:
    """Sampling probabilities: weight times size to the power of `temperature`, summing to one."""
    raw = np.asarray(weights, dtype=np.float64) * np.asarray(sizes, dtype=np.float64) ** temperature
    raw[np.asarray(sizes) == 0] = 0.0
    if raw.sum() == 0:
        raise CorpusError("the corpus folder holds no text of any language of the recipe")
    return np.asarray(raw / raw.sum())


class Batches(Generic[ItemT]):
    """Batches of about `pieces` pieces each and of items of like length; batch k depends on (seed, k) alone.

    Args:
        groups: Lists of items, such as the pairs of each language.
        shares: Sampling probability of each group, shape (n_groups,).
        text: What of an item is tokenized: a text, or a pair of texts.
        tokenizer: The tokenizer, with its truncation set.
        pieces: Pieces of a batch, on average.
        seed: Seed of every draw.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[ItemT]],
        shares: np.ndarray,
        text: Callable[[ItemT], Any],
        tokenizer: Tokenizer,
        pieces: int,
        seed: int,
    ) -> None:
        self.groups, self.shares, self.text, self.tokenizer, self.seed = groups, shares, text, tokenizer, seed
        self._pool, self._parts = -1, list[tuple[list[ItemT], list[list[int]]]]()
        _, sample = self._draw(np.random.default_rng(seed), 1_000)
        self.items_a_pool = max(2 * POOL, round(POOL * pieces * len(sample) / sum(map(len, sample))))

    def __call__(self, k: int) -> tuple[list[ItemT], list[list[int]]]:
        """The items of batch k and their piece ids."""
        pool, part = divmod(k, POOL)
        if pool != self._pool:
            self._fill(pool)
        return self._parts[part]

    def _draw(self, rng: np.random.Generator, count: int) -> tuple[list[ItemT], list[list[int]]]:
        drawn = [
            self.groups[k][i]
            for k, own in enumerate(rng.multinomial(count, self.shares))
            if own
            for i in rng.integers(len(self.groups[k]), size=own)
        ]
        return drawn, [found.ids for found in self.tokenizer.encode_batch_fast([self.text(item) for item in drawn])]

    def _fill(self, pool: int) -> None:
        """Draws the items of `POOL` batches, sorts them by length and cuts them where the pieces are even."""
        rng = np.random.default_rng([self.seed, pool])
        drawn, ids = self._draw(rng, self.items_a_pool)
        lengths = np.array([len(i) for i in ids])
        order = rng.permutation(len(ids))
        order = order[np.argsort(lengths[order], kind="stable")]
        done = lengths[order].cumsum()
        cuts = np.searchsorted(done, np.linspace(0, done[-1], POOL + 1)[1:-1])
        parts = [[int(i) for i in part] for part in np.split(order, cuts)]
        self._parts = [([drawn[i] for i in parts[p]], [ids[i] for i in parts[p]]) for p in rng.permutation(POOL)]
        self._pool = pool
