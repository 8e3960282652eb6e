"""Variants: training comments as a hastier writer would have typed them, and two of them read as one.

Nothing in a variant changes what the comment states, so its causes and the words that state them stay.
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
from opencc import OpenCC

from recontact.spelling.letters import PLAIN
from recontact_data.labels import LabelledComment, Span

LETTERS_A_SLIP = 25
JOINTS = (" ", "\n", ". ", "... ")
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзх", "фывапролджэ", "ячсмитьбю")
NEXT_KEY = {a: b for row in KEYS for a, b in pairwise(row)}
SOUND_ALIKES = dict(zip("的得在再他她做作那哪吗嘛", "得的再在她他作做哪那嘛吗", strict=True))

LATIN = {**dict(zip("абвгдезийклмнопрстуфх", "abvgdeziyklmnoprstufh", strict=True)), "ц": "ts"}
LATIN_OF: dict[str, dict[str, tuple[str, ...]]] = {
    "bg": {"ж": ("zh", "j"), "й": ("i", "y", "j"), "ц": ("ts", "c"), "ч": ("ch", "4"), "ш": ("sh", "6"), "щ": ("sht",),
           "ъ": ("a", "u", "y"), "ь": ("i",), "ю": ("yu", "iu"), "я": ("ya", "ia", "q"), "в": ("v", "w")},
    "ru": {"ё": ("e", "yo"), "ж": ("zh",), "ц": ("ts", "c"), "ч": ("ch",), "ш": ("sh",), "щ": ("sch", "sh"), "ъ": ("",),
           "ы": ("y", "i"), "ь": ("", "'"), "э": ("e",), "ю": ("yu", "ju"), "я": ("ya", "ja"), "х": ("h", "kh")},
    "uk": {"г": ("h", "g"), "ґ": ("g",), "є": ("ye", "e"), "ж": ("zh",), "и": ("y", "i"), "і": ("i",), "ї": ("yi", "i"),
           "ц": ("ts", "c"), "ч": ("ch",), "ш": ("sh",), "щ": ("sch", "shch"), "ь": ("",), "ю": ("yu",), "я": ("ya",)},
}  # fmt: skip


def rewritten(row: LabelledComment, pieces: Sequence[str]) -> LabelledComment:
    """A comment with each character replaced by a piece of text, its evidence moved along.

    Args:
        row: The comment.
        pieces: One for each character; may be empty.

    Returns:
        The new comment, or `row` where a stretch of evidence, or the comment, would be left empty, or where evidence
        lies outside the text.
    """
    if any(not 0 <= span.start < span.end <= len(pieces) for span in row.evidence):
        return row
    ends = np.cumsum([0, *map(len, pieces)])
    spans = tuple(Span(s.cause, int(ends[s.start]), int(ends[s.end])) for s in row.evidence)
    text = "".join(pieces)
    if not text.strip() or any(not text[span.start : span.end].strip() for span in spans):
        return row
    return replace(row, text=text, evidence=spans)


def with_slips(row: LabelledComment, rng: np.random.Generator) -> LabelledComment:
    """Slips of the keyboard: a letter swapped with its neighbour, left out, doubled, or the key beside it.

    In Chinese another character of the same sound.
    """
    pieces = list(row.text)
    chinese = row.language == "zh"
    letters = [k for k, letter in enumerate(pieces) if (letter in SOUND_ALIKES if chinese else letter.isalpha())]
    for k in rng.permutation(letters)[: -(-len(letters) // LETTERS_A_SLIP)]:
        letter, after = row.text[k], row.text[k + 1 : k + 2]
        if chinese:
            pieces[k] = SOUND_ALIKES[letter]
            continue
        slip = rng.integers(4)
        if slip == 0 and after.isalpha() and pieces[k + 1] == after:
            pieces[k], pieces[k + 1] = after + letter, ""
        elif slip == 1 and after.isalpha():
            pieces[k] = ""
        elif slip == 2 and letter in NEXT_KEY:
            pieces[k] = NEXT_KEY[letter]
        else:
            pieces[k] = letter * 2
    return rewritten(row, pieces)


def in_plain_letters(row: LabelledComment, rng: np.random.Generator) -> LabelledComment:
    """Without accents and apostrophes; Cyrillic in Latin letters; Chinese in Traditional characters."""
    if row.language == "zh":
        return rewritten(row, [_traditional(letter) for letter in row.text])
    typed: dict[str, tuple[str, ...]] = {}
    if row.language in LATIN_OF:
        typed = {letter: (plain,) for letter, plain in LATIN.items()} | LATIN_OF[row.language]
    usual = {letter: str(rng.choice(ways)) for letter, ways in {**PLAIN, **typed}.items()}
    return rewritten(row, [_plain(letter, usual) for letter in row.text])


def _plain(letter: str, usual: dict[str, str]) -> str:
    base = letter if letter.lower() in usual else unicodedata.normalize("NFD", letter)[0]
    if (small := base.lower()) in usual:
        return usual[small] if base == small else usual[small].capitalize()
    return base if base.isascii() else letter


@cache
def _converter() -> OpenCC:
    return OpenCC("s2tw")


@cache
def _traditional(letter: str) -> str:
    return str(_converter().convert(letter))


def in_one_case(row: LabelledComment, rng: np.random.Generator) -> LabelledComment:
    """All small letters or, one time in three, all capitals; the same to a vocabulary without capitals."""
    turn = str.upper if rng.random() < 1 / 3 else str.lower
    return rewritten(row, [turn(letter) for letter in row.text])


UNTIDY: tuple[Callable[[LabelledComment, np.random.Generator], LabelledComment], ...] = (
    with_slips,
    in_plain_letters,
    in_one_case,
)


def joined(first: LabelledComment, second: LabelledComment, rng: np.random.Generator) -> LabelledComment:
    """Two comments read as one, which states what either does; `primary` stays that of the first.

    Where the evidence of either is not marked, that of both is left out.
    """
    text = first.text + str(rng.choice(JOINTS))
    moved = tuple(Span(s.cause, s.start + len(text), s.end + len(text)) for s in second.evidence)
    marked = _is_marked(first) and _is_marked(second)
    labels = (*first.labels, *(cause for cause in second.labels if cause not in first.labels))
    evidence = (*first.evidence, *moved) if marked else ()
    return replace(first, text=text + second.text, labels=labels, evidence=evidence)


class Variants:
    """Draws how each comment is read in each epoch: of (seed, epoch, place) alone.

    Args:
        rows: The comments.
        untidy_share: Share of the comments that are read untidy.
        joined_share: Share that another comment of the language follows.
        seed: Seed of every draw.
    """

    def __init__(self, rows: Sequence[LabelledComment], untidy_share: float, joined_share: float, seed: int) -> None:
        self.rows, self.seed = rows, seed
        self.untidy_share, self.joined_share = untidy_share, joined_share
        self.of_language: dict[str, list[LabelledComment]] = {}
        for row in rows:
            self.of_language.setdefault(row.language, []).append(row)

    def __call__(self, place: int, epoch: int) -> LabelledComment:
        """The comment at a place, as it is read in an epoch."""
        row = self.rows[place]
        if not self.untidy_share and not self.joined_share:
            return row
        rng = np.random.default_rng([self.seed, epoch, place])
        untidy, with_other = rng.random(2) < (self.untidy_share, self.joined_share)
        if with_other:
            others = self.of_language[row.language]
            row = joined(row, others[rng.integers(len(others))], rng)
        return UNTIDY[rng.integers(len(UNTIDY))](row, rng) if untidy else row


def _is_marked(row: LabelledComment) -> bool:
    return bool(row.evidence) or not row.labels
