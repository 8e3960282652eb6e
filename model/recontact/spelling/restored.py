"""Restored: a comment as it was meant, with the way back to what was typed.

Letters without their accents, Cyrillic in Latin letters, Traditional Chinese and slips of the keyboard all split into
pieces that say little to a model. Words it knows are put in their place, where the words of the language leave little
doubt; what else is unknown stays: names, compounds, words of a trade.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from recontact.spelling.latin import CYRILLIC, cyrillic_language, in_cyrillic
from recontact.spelling.slips import FEWEST_LETTERS, MOST_LETTERS, meant_word
from recontact.spelling.words import Words, words_of
from recontact_data.language import UNKNOWN, identify_language

if TYPE_CHECKING:
    from opencc import OpenCC

CLEARLY = 10
"""So many times as frequent as what was typed, a word with accents is a sign that the text lacks them."""
SURELY = 30
"""So many times as frequent, it is put in place without any other sign."""
LIKELY = 3
"""So many times as frequent, it is put in place in a text that lacks accents."""
SEEN = 20
"""So often seen, it is put in place of an unknown word in a text that has accents."""
MOST_UNKNOWN = 1 / 2
"""Share of a text's words that may be unknown; beyond it, the language is another."""
MOST_SLIPS = 100
"""Unknown words of a comment that are looked into."""
COMMON_ENGLISH = 30
"""Times an English word was seen that is left alone in any language."""

_WORD = re.compile(r"[^\W\d_]+(?:['’`][^\W\d_]+)*")
_TYPED_WORD = re.compile(r"[a-z](?:[a-z0-9]|['’`](?=[a-z]))*", re.IGNORECASE | re.ASCII)
_NOT_BEFORE = frozenset("-@._/#")  # a word after one of these is part of an address, a file name, a compound
_NOT_AFTER = re.compile(r"[-@_/]|\.\w")


@dataclass(frozen=True)
class Change:
    """A word put in the place of another: its characters in the new text and in the old one."""

    start: int
    end: int
    old_start: int
    old_end: int


@dataclass(frozen=True)
class Restored:
    """A comment as it was meant.

    Attributes:
        text: What the model is to read.
        language: Code of the language that it is in.
        changes: The words that were replaced, in order.
    """

    text: str
    language: str
    changes: tuple[Change, ...] = ()

    @classmethod
    def as_typed(cls, text: str) -> "Restored":
        """A comment that is left as it is."""
        return cls(text, identify_language(text))

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of `text` is in the comment; words that were replaced count as a whole."""
        return self._place(start, first=True), self._place(end, first=False)

    def _place(self, place: int, *, first: bool) -> int:
        before = bisect_right(self.changes, place if first else place - 1, key=lambda change: change.start)
        if not before:
            return place
        change = self.changes[before - 1]
        inside = place < change.end if first else place <= change.end
        if inside:
            return change.old_start if first else change.old_end
        return place - change.end + change.old_end


def restore(text: str) -> Restored:
    """A comment as it was meant; the same text where nothing is to be done.

    Args:
        text: A comment, in any language.
    """
    language = identify_language(text)
    if language == UNKNOWN:
        return Restored(text, language)
    if language == "zh":
        simplified = str(_simplifier().convert(text))
        return Restored(simplified if len(simplified) == len(text) else text, language)
    if language not in CYRILLIC or text.isascii():
        latin = list(_TYPED_WORD.finditer(text))
        meant = cyrillic_language([word[0].lower() for word in latin], language)
        if meant and (words := words_of(meant)):
            return _replaced(text, meant, [(word, in_cyrillic(word[0].lower(), meant, words)) for word in latin])
    restored = _mended(text, language)
    # Neighbours, such as Danish and Norwegian, are told apart by letters that were missing.
    clearer = identify_language(restored.text) if restored.changes else language
    return restored if clearer == language else _mended(text, clearer)


def _mended(text: str, language: str) -> Restored:
    """A comment with the accents that it lacks and without slips, by the words of a language."""
    words = words_of(language)
    if words is None:
        return Restored(text, language)
    typed = list(_WORD.finditer(text))
    found = dict(_accented(text, typed, words)) if language not in CYRILLIC else {}
    unknown = [word for word in typed if word not in found and not words.count(word[0].lower())]
    if len(unknown) <= max(1, len(typed) * MOST_UNKNOWN):
        found |= dict(_corrected(text, unknown[:MOST_SLIPS], language, words))
    return _replaced(text, language, sorted(found.items(), key=lambda pair: pair[0].start()))


@cache
def _simplifier() -> "OpenCC":
    from opencc import OpenCC

    return OpenCC("t2s")


def _accented(text: str, typed: Sequence[re.Match[str]], words: Words) -> Iterator[tuple[re.Match[str], str]]:
    """The words that lack accents, as they are with them."""
    candidates = []
    for word in typed:
        small = word[0].lower()
        if small.isascii() and (meant := words.meant(small)):
            candidates.append((word, meant, words.count(meant), words.count(small)))
    has_accents = any(letter.isalpha() and not letter.isascii() for letter in text)
    signs = sum(seen >= CLEARLY * max(own, 1 / CLEARLY) for _, _, seen, own in candidates)
    lacks_accents = not has_accents and signs >= max(1, len(typed) / 10)
    for word, meant, seen, own in candidates:
        if has_accents:
            sure = not own and len(word[0]) > FEWEST_LETTERS and seen >= SEEN
        else:
            sure = seen >= (LIKELY if lacks_accents else SURELY) * own
        if sure:
            yield word, meant


def _corrected(
    text: str, unknown: Sequence[re.Match[str]], language: str, words: Words
) -> Iterator[tuple[re.Match[str], str]]:
    """Unknown words that a slip explains, as they were meant."""
    english = words_of("en")
    for word in unknown:
        small = word[0].lower()
        if not FEWEST_LETTERS <= len(small) <= MOST_LETTERS or not small.isalpha() or _is_name(text, word):
            continue
        if text[word.start() - 1 : word.start()] in _NOT_BEFORE or _NOT_AFTER.match(text, word.end()):
            continue
        if language != "en" and english and english.count(small) >= COMMON_ENGLISH:
            continue
        if meant := meant_word(small, language, words):
            yield word, meant


def _is_name(text: str, word: re.Match[str]) -> bool:
    """Whether a word begins with a capital that no start of a sentence explains."""
    before = text[: word.start()].rstrip()
    return word[0][0].isupper() and not word[0].isupper() and bool(before) and before[-1] not in ".!?:\n"


def _replaced(text: str, language: str, found: Sequence[tuple[re.Match[str], str]]) -> Restored:
    parts, changes, read, length = [], [], 0, 0
    for word, meant in found:
        start, end = word.span()
        kept, new = text[read:start], _cased_as(word[0], meant)
        length += len(kept)
        parts += [kept, new]
        changes.append(Change(length, length + len(new), start, end))
        length += len(new)
        read = end
    return Restored("".join([*parts, text[read:]]), language, tuple(changes))


def _cased_as(typed: str, word: str) -> str:
    if typed.isupper() and len(typed) > 1:
        return word.upper()
    return word[0].upper() + word[1:] if typed[0].isupper() else word
