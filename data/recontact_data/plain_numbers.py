"""Text in which numbers are easy to find: one form of each digit, dash and space; and where each character was."""

import re
import unicodedata
from dataclasses import dataclass

MASK = re.compile(r"\[(?:email|iban|card|id|phone)\]")
NOTHING = "\ufffc"  # stands where a mask stood: no digit, no letter, no separator

# What a number may stand beside: anything but a letter or digit; Chinese is written without spaces.
BEFORE = r"(?<![^\W\u3040-\u30ff\u3400-\u9fff])(?<!\d[-./])(?<![\d][+])"
AFTER = r"(?![^\W\u3040-\u30ff\u3400-\u9fff])(?![-./+]\d)"

_UNSEEN = re.compile(r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_ODD = re.compile(r"[^\x00-\x7f\w]|[^\D0-9]|[Ａ-Ｚａ-ｚ]")  # where a character may have to become another one
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SIGNS = str.maketrans("＠﹫．。／（）＋", "@@../()+")


@dataclass(frozen=True)
class PlainText:
    """A text made plain.

    Attributes:
        text: The plain text.
        places: For each of its characters, the place of the original one; None where both are alike.
    """

    text: str
    places: tuple[int, ...] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original text that became `text[start:end]`."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def plain_text(text: str) -> PlainText:
    """Makes every digit ASCII, every dash a hyphen, every space a space; drops what is not seen, and blanks masks."""
    masked = MASK.sub(lambda found: NOTHING * len(found[0]), text)
    if masked.isascii():
        return PlainText(masked)
    plain = _ODD.sub(_plain, masked)
    if not _UNSEEN.search(plain):
        return PlainText(plain)
    seen = tuple(place for place, letter in enumerate(plain) if not _UNSEEN.match(letter))
    return PlainText("".join(plain[place] for place in seen), seen)


def _plain(found: re.Match[str]) -> str:
    letter = found[0]
    kind = unicodedata.category(letter)
    if kind == "Nd":
        return str(unicodedata.decimal(letter))
    if kind == "Zs":
        return " "
    if letter in _DASHES:
        return "-"
    if "Ａ" <= letter <= "Ｚ" or "ａ" <= letter <= "ｚ":
        return unicodedata.normalize("NFKC", letter)
    return letter.translate(_SIGNS)
