"""Slips: the word that was meant where a finger slipped.

Norvig's corrector (norvig.com/spell-correct.html) with one edit, of which those that fingers make count most.
"""

from collections.abc import Iterator

from recontact.spelling.letters import NEXT_TO
from recontact.spelling.words import Words

FEWEST_LETTERS = 3
"""In words of three, only swapped letters are looked for: anything else may be too much."""
MOST_LETTERS = 30
LEAST_LIKELY = 200.0
"""How often a word must have been seen, times how common the slip is, before an unknown word is taken for it."""
SWAPPED, DOUBLED, NEIGHBOUR, MISSED, AT_END = 10.0, 5.0, 3.0, 2.0, 0.1
"""How common slips are, compared. Ends of words are what languages bend: there a slip is hard to tell from a form."""

LETTERS: dict[str, str] = {
    **dict.fromkeys(("bg", "ru", "uk"), "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя"),
    "": "abcdefghijklmnopqrstuvwxyz",
    "nb": "æøå", "nn": "æøå", "da": "æøå", "sv": "åäö", "fi": "äö", "is": "áðéíóúýþæö", "de": "äöüß", "es": "áéíóúñ",
    "fr": "éèêàçùîôû", "pt": "áâãàçéêíóôõú", "it": "àèéìòù", "pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "tr": "çğıöşü",
}  # fmt: skip


def meant_word(word: str, language: str, words: Words) -> str | None:
    """The likeliest word that one slip turned into an unknown one.

    Args:
        word: In small letters, on no list.
        language: Its code.
        words: The words of the language.

    Returns:
        The word; None where nothing is likely enough.
    """
    best, likely = None, LEAST_LIKELY
    for candidate, common in _candidates(word, _letters(language), words):
        if (score := words.count(candidate) * common) >= likely:
            best, likely = candidate, score
    return best


def _letters(language: str) -> str:
    own = LETTERS.get(language, "")
    return own if language in ("bg", "ru", "uk") else LETTERS[""] + own


def _candidates(word: str, letters: str, words: Words) -> Iterator[tuple[str, float]]:
    """What the word may have been, each with how common the slip is; the first letter is never wrong alone."""
    last = len(word) - 1
    for k, letter in enumerate(word):
        start, rest = word[:k], word[k + 1 :]
        if k and not words.starts(start):
            return
        if k < last and letter != word[k + 1]:
            yield start + word[k + 1] + letter + word[k + 2 :], SWAPPED
        if not k or len(word) == FEWEST_LETTERS:
            continue
        doubled = letter == word[k - 1]
        yield start + rest, DOUBLED if doubled else AT_END if k == last else MISSED
        for near in NEXT_TO.get(letter, ""):
            yield start + near + rest, AT_END if k == last else NEIGHBOUR
        for missing in letters:
            yield start + missing + word[k:], DOUBLED if missing in (letter, word[k - 1]) else MISSED
    if len(word) > FEWEST_LETTERS:
        for missing in letters:
            yield word + missing, AT_END
