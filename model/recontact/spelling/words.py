"""Words: those of each language that texts were seen to hold, and what their plain spellings stand for.

Read-only tries, mapped into memory when a language is first met; made by `recontact_training.word_lists`.
"""

import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marisa_trie import BytesTrie, RecordTrie

FOLDER = Path(__file__).parent / "lists"
_COUNT = "<B"
_STEPS = 12  # a count is kept to about 6 %


class Words:
    """The words of a language."""

    def __init__(self, seen: "RecordTrie", meant: "BytesTrie") -> None:
        self._seen = seen
        self._meant = meant

    def count(self, word: str) -> int:
        """How often a word in small letters was seen, to about 6 %; 0 where it is unknown."""
        found = self._seen.get(word)
        return round(2 ** (found[0][0] / _STEPS)) - 1 if found else 0

    def starts(self, start: str) -> bool:
        """Whether a word begins so."""
        return next(self._seen.iterkeys(start), None) is not None

    def meant(self, typed: str) -> str | None:
        """The most frequent word that is typed so by whoever lacks its letters."""
        found = self._meant.get(typed)
        return found[0].decode() if found else None


def save_words(folder: Path, language: str, counts: Mapping[str, int], meant: Iterable[tuple[str, str]]) -> None:
    """Writes the lists of a language.

    Args:
        folder: Where to.
        language: Its code.
        counts: Words in small letters, and how often each was seen, at least once.
        meant: What is typed, each once, and the word it stands for.
    """
    from marisa_trie import BytesTrie, RecordTrie

    kept = [(word, (min(255, round(math.log2(count + 1) * _STEPS)),)) for word, count in sorted(counts.items())]
    RecordTrie(_COUNT, kept).save(str(folder / f"{language}.words"))
    BytesTrie([(typed, word.encode()) for typed, word in sorted(meant)]).save(str(folder / f"{language}.typed"))


@cache
def words_of(language: str) -> Words | None:
    """The words of a language; None where there is no list of them, as for Chinese."""
    from marisa_trie import BytesTrie, RecordTrie

    if not (FOLDER / f"{language}.words").exists():
        return None
    seen, meant = RecordTrie(_COUNT), BytesTrie()
    seen.mmap(str(FOLDER / f"{language}.words"))
    meant.mmap(str(FOLDER / f"{language}.typed"))
    return Words(seen, meant)
