"""Telephone numbers in a text: international ones, and those of the countries where its language is spoken.

`phonenumbers` says what is a valid number in which country. A valid one can still be an order or an amount, so that
national numbers are held against what stands around them first.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from recontact_data.language import UNKNOWN
from recontact_data.number_words import says_money, says_order, says_phone
from recontact_data.plain_numbers import BEFORE

if TYPE_CHECKING:
    from phonenumbers import PhoneNumberMatch

REGIONS = {
    "nb": ("NO", "SE", "DK"), "nn": ("NO", "SE", "DK"), "da": ("DK", "NO", "SE"), "sv": ("SE", "FI", "NO", "DK"),
    "fi": ("FI", "SE"), "is": ("IS",), "bg": ("BG",), "zh": ("CN", "TW", "HK", "SG", "MO", "MY"),
    "en": ("GB", "US", "CA", "IE", "AU", "NZ"), "de": ("DE", "AT", "CH"), "nl": ("NL", "BE"),
    "fr": ("FR", "BE", "CH", "CA"), "es": ("ES", "MX", "AR", "CO", "CL", "PE"), "pt": ("PT", "BR"),
    "it": ("IT", "CH"), "pl": ("PL",), "cs": ("CZ", "SK"), "ru": ("RU", "UA", "KZ", "BY"), "uk": ("UA", "RU"),
    "tr": ("TR",),
}  # fmt: skip
ALL_REGIONS = tuple(dict.fromkeys(region for regions in REGIONS.values() for region in regions))
# Where a number is often written in one piece without a zero before it; elsewhere such digits need a word.
_ONE_PIECE = frozenset(("NO", "DK", "ES", "PT", "PL", "CZ", "HK", "SG"))
_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}")

_GLUED = "|".join(rf"(?<={word})" for word in ("tlf", "tel", "mob", "тел", "gsm"))
_STRETCH = re.compile(rf"(?:{BEFORE}|{_GLUED})[+(]{{0,2}}\d(?:[ .\-/()]{{0,3}}\d){{5,24}}", re.IGNORECASE)
_DATE = re.compile(
    r"(?<![\d./-])(?:(?:0?[1-9]|[12]\d|3[01])([./-])\s?(?:0?[1-9]|1[0-2])(?:\1\s?(?:19|20)?\d\d|[./\s]\s?(?:19|20)\d\d)"
    r"|(?:19|20)\d\d([./-]?)(?:0[1-9]|1[0-2])\2(?:0[1-9]|[12]\d|3[01]))(?![./-]?\d)"
)
_HOURS = re.compile(
    r"(?<![\d.-])(?:[01]?\d|2[0-4])(?:[.:][0-5]\d)?\s?-\s?(?:[01]?\d|2[0-4])(?:[.:][0-5]\d)?(?![\d.-]|\s\d\d(?!\d))"
)
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d\s?[-/ ]\s?(?:19|20)\d\d(?!\d)")
_THOUSANDS = re.compile(r"[1-9]\d?(?:([ .])\d{3})(?:\1\d{3})+|[1-9]\d{0,2}(?:([ .])000)+")
_POSTCODE = re.compile(r"\d{5}-\d{3,4}")  # Brazil, the United States
_GROUP = re.compile(r"[+(]*\d+")
_FROM_DIGIT = re.compile(r"[+(]*\d(?:.*\d)?")
FEWEST_LETTERS = 10  # of a text whose language is told
FEWEST_DIGITS, MOST_DIGITS = 6, 15
MOST_TRIES = 300
"""Numbers of one text that are looked up: a second's work at most."""
_LETTER = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff]")


def find_phones(text: str, language: Callable[[], str]) -> Iterator[tuple[int, int]]:
    """Yields where each telephone number of a plain text begins and ends.

    Args:
        text: A plain text.
        language: Tells its language. Numbers in national form are those of its countries; of any, where a word
            such as "phone" stands beside them, or where they begin with a zero and are grouped.
    """
    tries = _Tries()
    for stretch in _STRETCH.finditer(text):
        found = _international(text, stretch.start(), stretch[0])
        yield from found or _national(text, stretch.start(), stretch.end(), language, tries)


def _international(text: str, start: int, written: str) -> list[tuple[int, int]]:
    if not written.startswith(("+", "(+", "00")) or (written.isdigit() and says_order(text, start, near=False)):
        return []
    return [(start + found.start, start + found.end) for found in _matches(written, "NO")]  # where 00 leads abroad


def _national(
    text: str, start: int, end: int, language: Callable[[], str], tries: "_Tries"
) -> Iterator[tuple[int, int]]:
    named = says_phone(text, start, end)
    for first, last in _without_dates(text, start, end, named):
        found = list(_in_piece(text, first, last, language, named, tries))
        yield from found
        if not found and named and _like_a_phone(text, first, last):
            yield first, last


def _like_a_phone(text: str, start: int, end: int) -> bool:
    """Whether what is called a phone, and is none of a country known, is hidden all the same."""
    written = text[start:end]
    if not written.startswith(("0", "(0")) or not 9 <= len(_digits(written)) <= 12:
        return False
    return not says_money(text, start, end) and not says_order(text, start, near=False)


def _without_dates(text: str, start: int, end: int, named: bool) -> Iterator[tuple[int, int]]:
    """The parts of a stretch of digits between dates, hours and years; none of an amount or a postcode."""
    written = text[start:end]
    if named and written.isdigit():
        yield start, end
        return
    if _THOUSANDS.fullmatch(written) or _POSTCODE.fullmatch(written):
        return
    taken = sorted(found.span() for kind in (_DATE, _HOURS, _YEARS) for found in kind.finditer(text, start, end))
    past = start
    for first, last in [*taken, (end, end)]:
        part = _FROM_DIGIT.search(text, past, first) if first > past else None
        # What hangs on a date by a hyphen or a dot is no number of its own.
        if (
            part
            and (past == start or " " in text[past : part.start()])
            and (first == end or " " in text[part.end() : first])
        ):
            yield part.span()
        past = max(past, last)


def _in_piece(
    text: str, start: int, end: int, language: Callable[[], str], named: bool, tries: "_Tries"
) -> Iterator[tuple[int, int]]:
    """The numbers in digits that separators group: each begins and ends with a group."""
    groups = [found.span() for found in _GROUP.finditer(text, start, end)]
    spoken = language()
    own = ALL_REGIONS if spoken == UNKNOWN else REGIONS.get(spoken, ())
    k = 0
    while k < len(groups):
        stop = _number_at(text, groups, k, own, named, tries)
        if stop and spoken == UNKNOWN:
            yield groups[k][0], end  # numbers alone: where one ends and the next begins, no country tells
            return
        if stop:
            yield groups[k][0], groups[stop - 1][1]
        k = stop or k + 1


def _number_at(
    text: str, groups: Sequence[tuple[int, int]], k: int, own: tuple[str, ...], named: bool, tries: "_Tries"
) -> int:
    """How many groups there are up to the end of the number that begins with the k-th; 0 if none does."""
    first = groups[k][0]
    if k and not _apart(text, groups, k):
        return 0
    zero = text[first : groups[k][1]].lstrip("+(").startswith("0")
    # Groups inside of a longer number are not taken for a number; one that is whole by itself may be.
    stops = (
        range(min(len(groups), k + MOST_DIGITS), k, -1) if named or zero else ((len(groups), 1) if k == 0 else (k + 1,))
    )
    for anywhere in (False, True):
        for stop in stops:
            last = groups[stop - 1][1]
            written = text[first:last]
            if stop < len(groups) and not _apart(text, groups, stop):
                continue
            if anywhere and not named and (not zero or written.isdigit()) and not _says_little(text):
                continue
            regions = tries.regions(written, _others(own) if anywhere else own)
            if regions and _is_phone(text, first, last, regions, named):
                return stop
    if named and k == 0 and len(groups) == 1 and _abroad(text, *groups[0]):
        return 1
    return 0


def _says_little(text: str) -> bool:
    """Whether a text is too short to tell its language."""
    return len(text) < 100 and sum(map(str.isalpha, text)) < FEWEST_LETTERS


@cache
def _others(own: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(region for region in ALL_REGIONS if region not in own)


def _apart(text: str, groups: Sequence[tuple[int, int]], k: int) -> bool:
    """Whether the k-th group may begin another number than the one before it; dots and hyphens hold one together."""
    between = text[groups[k - 1][1] : groups[k][0]]
    return " " in between or "/" in between


def _abroad(text: str, start: int, end: int) -> bool:
    """Whether digits are a number with the code of its country, without the sign before it."""
    return (
        text[start:end].isdigit()
        and _is_phone(text, start, end, (), named=True)
        and bool(_matches("+" + text[start:end], "NO"))
    )


def _is_phone(text: str, start: int, end: int, regions: Sequence[str], named: bool) -> bool:
    """Whether what is a valid number in some regions is meant as one."""
    written = text[start:end]
    if _LETTER.match(text, end) or says_money(text, start, end) or says_order(text, start, near=False):
        return False
    if named:
        return True
    if says_order(text, start, near=written.isdigit()):
        return False
    if not written.isdigit() or not _ONE_PIECE.isdisjoint(regions) or _CHINESE_MOBILE.fullmatch(written):
        return True
    return written.startswith("0")


class _Tries:
    """Asks of which regions digits are a number; so often a text, and then believes it of all that could be."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def regions(self, written: str, pool: tuple[str, ...]) -> tuple[str, ...]:
        """The regions in which digits, written with or without the trunk prefix, are a number."""
        if not FEWEST_DIGITS <= sum(map(str.isdigit, written)) <= MOST_DIGITS:
            return ()
        if written not in self.asked:
            if len(self.asked) >= MOST_TRIES:
                return pool
            self.asked.add(written)
        return _regions_of(written, pool)


def _digits(written: str) -> str:
    return re.sub(r"\D", "", written)


@lru_cache(maxsize=4096)
def _regions_of(written: str, pool: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(region for region in pool if _valid(written, region))


def _valid(written: str, region: str) -> bool:
    digits = _digits(written)
    shortest, longest, trunk = _region(region)
    if not shortest <= len(digits.removeprefix(trunk)) <= longest:
        return False
    return any((found.start, found.end) == (0, len(written)) for found in _matches(written, region))


@lru_cache(maxsize=64)
def _region(region: str) -> tuple[int, int, str]:
    from phonenumbers import PhoneMetadata

    known = PhoneMetadata.metadata_for_region(region)
    assert known is not None
    assert known.general_desc is not None
    usual = [length for length in known.general_desc.possible_length if length >= 7]
    return min(usual), max(usual), known.national_prefix or ""


def _matches(written: str, region: str) -> Sequence["PhoneNumberMatch"]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    return list(PhoneNumberMatcher(written, region, leniency=Leniency.VALID))
