"""Word lists: which words a language has, how often, and how they are typed by those who lack letters; from a corpus.

    python -m recontact_training.word_lists CORPUS [--leave-out norec] [--out FOLDER]
The shipped training comments are read beside the corpus (`recontact_training.corpus` tells its layout): the words of
customer service are theirs.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from recontact.spelling.latin import CYRILLIC, skeletons
from recontact.spelling.letters import plain_spellings
from recontact.spelling.words import FOLDER, save_words
from recontact_data.errors import CorpusError
from recontact_data.labels import load_labelled
from recontact_data.taxonomy import load_taxonomy
from recontact_training.corpus import dictionary, mono, other_pairs, pairs

FEWEST = 2
"""Times a word must stand in the corpus, unless a dictionary has it: what stands once is often a slip."""
OWN = 3
"""Times that each word of a training comment counts."""
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC_LETTER = re.compile("[а-яёіїєґ]")


def word_counts(texts: Iterable[str]) -> Counter[str]:
    """How often each word, in small letters, stands in some texts."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word.lower() for word in _WORD.findall(text))
    return counts


def count_words(corpus: Path, language: str, leave_out: Sequence[str] = ()) -> dict[str, int]:
    """The words of a language and how often each was seen.

    Args:
        corpus: A corpus folder.
        language: A code.
        leave_out: Texts that are not read, see `mono`.

    Raises:
        CorpusError: the folder holds no text in the language, or a file cannot be read.
    """
    counts = word_counts(mono(corpus, language, leave_out=leave_out))
    counts += word_counts(text for find in (pairs, other_pairs) for _, text in find(corpus, language))
    if not counts:
        raise CorpusError(f"{corpus} holds no text in {language}; see recontact_training.corpus for what it must hold")
    entries = dictionary(corpus, language) if language != "en" else _english_entries(corpus)
    own = word_counts(row.text for row in load_labelled([language]) if row.split == "train")
    kept = {word: count for word, count in counts.items() if count >= FEWEST}
    for word in word_counts(text for _, text in entries):
        kept.setdefault(word, 1)
    for word, count in own.items():
        if count >= FEWEST or word in kept:
            kept[word] = kept.get(word, 0) + OWN * count
    if language in CYRILLIC:  # brand names and addresses are no words of the language
        kept = {word: count for word, count in kept.items() if _CYRILLIC_LETTER.search(word)}
    return kept


def _english_entries(corpus: Path) -> list[tuple[str, str]]:
    return [(english, english) for code in load_taxonomy().languages for english, _ in dictionary(corpus, code)]


def typed_words(counts: Mapping[str, int], language: str) -> dict[str, str]:
    """What is typed without accents, or in Latin letters (as skeletons), and the most frequent word it stands for."""
    meant: dict[str, str] = {}
    for word in sorted(counts, key=lambda word: (-counts[word], word)):
        if not word.isascii():
            ways = skeletons(word, language) if language in CYRILLIC else plain_spellings(word)
            for typed in ways:
                if typed.isascii():
                    meant.setdefault(typed, word)
    return meant


def main() -> None:
    """Makes the lists of all languages that are written with spaces."""
    parser = argparse.ArgumentParser(prog="recontact_training.word_lists", description=main.__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--out", type=Path, default=FOLDER, help="default: where the package reads them")
    parser.add_argument("--leave-out", nargs="+", default=[], metavar="PART", help="texts: files `<language>.PART.txt`")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for language in load_taxonomy().languages:
        if language == "zh":
            continue
        try:
            counts = count_words(given.corpus, language, given.leave_out)
        except CorpusError as error:
            parser.error(str(error))
        meant = typed_words(counts, language)
        save_words(given.out, language, counts, meant.items())
        sys.stdout.write(f"{language}: {len(counts)} words, {len(meant)} plain spellings\n")


if __name__ == "__main__":
    main()
