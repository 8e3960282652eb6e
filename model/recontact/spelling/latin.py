"""Latin: Bulgarian, Russian and Ukrainian typed in Latin letters, in whichever of the many ways.

Both a word and what was typed for it are brought to one skeleton in which the ways are the same: `qblyka`, `yabalka`
and `jabulka` are all ябълка.
"""

import re
from functools import reduce

from recontact.spelling.words import Words, words_of

CYRILLIC = ("bg", "ru", "uk")
FEWEST_LETTERS = 8
"""Of a text; fewer do not tell its language."""
LEAST_SHARE = 0.6
"""Of a text's letters that must stand in words of a Cyrillic language."""
LEAST_LEAD = 0.3
"""By which that share must exceed the one of the Latin language that the text looks like."""
_MOST_SKELETONS = 8

# In this order; what is left of a skeleton is one sign a letter.
_TYPED = (
    ("shch", "7"), ("sht", "7"), ("sch", "7"), ("zh", "j"), ("sh", "6"), ("ch", "4"), ("kh", "h"), ("ts", "c"),
    ("yo", "e"), ("jo", "e"), ("iya", "q"), ("iia", "q"), ("ya", "q"), ("ia", "q"), ("ja", "q"), ("yu", "8"),
    ("iu", "8"), ("ju", "8"), ("ye", "e"), ("yi", "i"), ("w", "v"), ("x", "h"), ("y", "i"), ("'", ""), ("’", ""),
    ("`", ""),
)  # fmt: skip
_SIGNS = dict(zip("абвгдеёжзийклмнопрстуфхцчшщыэюяіїєґ", "abvgdeejziiklmnoprstufhc467ie8qiieg", strict=True))
_LOOSE: dict[str, dict[str, tuple[str, ...]]] = {
    "bg": {"ъ": ("a", "i", "u"), "й": ("i", "j"), "щ": ("7", "6t"), "ш": ("6", "v"), "ь": ("i",)},
    "ru": {"ъ": ("",), "й": ("i", "j"), "щ": ("7", "6"), "ш": ("6", "v"), "ь": ("",)},
    "uk": {"г": ("h", "g"), "й": ("i", "j"), "щ": ("7", "6"), "ь": ("",)},
}
# For words that are on no list.
_LETTERS = {
    "shch": "щ", "sht": "щ", "sch": "щ", "zh": "ж", "sh": "ш", "ch": "ч", "kh": "х", "ts": "ц", "ya": "я", "ia": "я",
    "ja": "я", "yu": "ю", "iu": "ю", "ju": "ю", "yo": "ё", "4": "ч", "6": "ш", "q": "я", "'": "ь", "w": "в", "x": "х",
    **dict(zip("abvgdezijklmnoprstufhcy", "абвгдезийклмнопрстуфхцы", strict=True)),
}  # fmt: skip
_LETTER = re.compile("|".join(sorted(_LETTERS, key=len, reverse=True)))
_AFTER_VOWEL = re.compile("(?<=[аеиоуыэюя])ы")
_OWN_LETTERS = {"bg": {"ы": "ъ", "ё": "йо"}, "ru": {}, "uk": {"ы": "и", "ё": "йо"}}


def skeletons(word: str, language: str) -> set[str]:
    """The skeletons of a Cyrillic word in small letters: one for each way of typing that no rule makes the same."""
    found = [""]
    for letter in word:
        ways = _LOOSE[language].get(letter) or (_SIGNS.get(letter, letter),)
        found = [start + way for start in found for way in ways][:_MOST_SKELETONS]
    return {_shortened(skeleton) for skeleton in found}


def skeleton_of(typed: str) -> str:
    """The skeleton of what was typed in Latin letters, in small ones."""
    return _shortened(reduce(lambda word, rule: word.replace(*rule), _TYPED, typed))


def _shortened(skeleton: str) -> str:
    return skeleton.replace("iq", "q").replace("ii", "i")


def in_cyrillic(typed: str, language: str, words: Words) -> str:
    """The word that was meant, in small letters; letter by letter where it is on no list."""
    meant = words.meant(skeleton_of(typed))
    if meant:
        return meant
    own = _OWN_LETTERS[language]
    spelt = _AFTER_VOWEL.sub("й", _LETTER.sub(lambda found: _LETTERS[found[0]], typed))
    return "".join(own.get(letter, letter) for letter in spelt)


def cyrillic_language(typed: list[str], looks_like: str) -> str | None:
    """The language that a text in Latin letters was meant in, if it is one that is written in Cyrillic.

    Args:
        typed: Its words, in small letters.
        looks_like: The language that it was taken for.
    """
    letters = sum(map(len, typed))
    if letters < FEWEST_LETTERS:
        return None
    known = max(_share(typed, language) for language in (looks_like, "en"))
    if known > 1 - LEAST_LEAD:
        return None
    shares = {language: _skeleton_share(typed, language) for language in CYRILLIC}
    best = max(shares, key=lambda language: shares[language])
    return best if shares[best] >= max(LEAST_SHARE, known + LEAST_LEAD) else None


def _share(typed: list[str], language: str) -> float:
    """Share of the letters that stand in words of a language in Latin letters, with accents or without."""
    words = words_of(language)
    if words is None or language in CYRILLIC:
        return 0.0
    known = sum(len(word) for word in typed if words.count(word) or words.meant(word))
    return known / sum(map(len, typed))


def _skeleton_share(typed: list[str], language: str) -> float:
    words = words_of(language)
    if words is None:
        return 0.0
    return sum(len(word) for word in typed if words.meant(skeleton_of(word))) / sum(map(len, typed))
