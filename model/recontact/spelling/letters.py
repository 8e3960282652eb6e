"""Letters: what people type who lack a key, or miss it."""

import unicodedata
from itertools import pairwise, product

# Of several ways, one writer keeps to one.
PLAIN: dict[str, tuple[str, ...]] = {
    "æ": ("ae", "e"), "ø": ("oe", "o"), "å": ("aa", "a"), "ä": ("a", "ae"), "ö": ("o", "oe"), "ü": ("u", "ue"),
    "ß": ("ss",), "ð": ("d",), "þ": ("th",), "ı": ("i",), "ł": ("l",), "đ": ("d",), "œ": ("oe",),
    "'": ("",), "’": ("",),
}  # fmt: skip
"""Ways to write a letter without its key; other letters lose their accents."""

_ROWS = (
    "qwertyuiopåü", "asdfghjklæøåö", "asdfghjkløæ", "asdfghjklöä", "zxcvbnm",
    "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "явертъуиопшщ", "асдфгхйкл", "зьцжбнм",
)  # fmt: skip
_NEIGHBOURS = {pair for row in _ROWS for pair in pairwise(row)}
NEXT_TO = {
    letter: "".join(sorted({b for a, b in _NEIGHBOURS if a == letter} | {a for a, b in _NEIGHBOURS if b == letter}))
    for letter in sorted({letter for row in _ROWS for letter in row})
}
"""The keys to the left and right of each, on any keyboard of the languages."""


def plain_spellings(word: str) -> set[str]:
    """How a word in small letters is typed without accents, in every way that keeps to one for each letter.

    `für` gives `fur` and `fuer`.
    """
    special = sorted(set(word) & set(PLAIN))
    found = set()
    for ways in product(*(PLAIN[letter] for letter in special)):
        typed = dict(zip(special, ways, strict=True))
        found.add("".join(typed.get(letter, unicodedata.normalize("NFD", letter)[0]) for letter in word))
    return found
