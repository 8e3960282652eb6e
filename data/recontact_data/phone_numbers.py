"""Telephone numbers in a text: international ones, and those of the countries where its language is spoken.

`phonenumbers` says what is a valid number in which country. A valid one can still be an order or an amount, so that
national numbers are held against what stands around them first.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

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

_STRETCH = re.compile(rf"{BEFORE}[+(]{{0,2}}\d(?:[ .\-/()]{{0,3}}\d){{5,24}}")
_DATE = re.compile(
    r"(?<![\d./-])(?:(?:0?[1-9]|[12]\d|3[01])([./-])\s?(?:0?[1-9]|1[0-2])(?:\1\s?(?:19|20)?\d\d|[./\s]\s?(?:19|20)\d\d)"
    r"|(?:19|20)\d\d([./-]?)(?:0[1-9]|1[0-2])\2(?:0[1-9]|[12]\d|3[01]))(?![./-]?\d)"
)
_HOURS = re.compile(r"(?<![\d.-])(?:[01]?\d|2[0-4])(?:[.:][0-5]\d)?\s?-\s?(?:[01]?\d|2[0-4])(?:[.:][0-5]\d)?(?![\d.-])")
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d\s?[-/ ]\s?(?:19|20)\d\d(?!\d)")
_THOUSANDS = re.compile(r"[1-9]\d?(?:([ .])\d{3})(?:\1\d{3})+|[1-9]\d{0,2}(?:([ .])000)+")
_POSTCODE = re.compile(r"\d{5}-\d{3,4}")  # Brazil, the United States
_LETTER = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff]")


def find_phones(text: str, language: Callable[[], str]) -> Iterator[tuple[int, int]]:
    """Yields where each telephone number of a plain text begins and ends.

    Args:
        text: A plain text.
        language: Tells its language. Numbers in national form are those of its countries; of any, where a word
            such as "phone" stands beside them, or where they begin with a zero and are grouped.
    """
    for stretch in _STRETCH.finditer(text):
        found = _international(text, stretch.start(), stretch[0])
        yield from found or _national(text, stretch.start(), stretch.end(), language)


def _international(text: str, start: int, written: str) -> list[tuple[int, int]]:
    if not written.startswith(("+", "(+", "00")) or (written.isdigit() and says_order(text, start, near=False)):
        return []
    return [(start + found.start, start + found.end) for found in _matches(written, "NO")]  # where 00 leads abroad


def _national(text: str, start: int, end: int, language: Callable[[], str]) -> Iterator[tuple[int, int]]:
    written = text[start:end]
    named = says_phone(text, start, end)
    if _is_other(written) and not (named and written.isdigit()):
        return
    own = REGIONS.get(language(), ())
    anywhere = named or (written.startswith(("0", "(0")) and not written.isdigit())
    past = 0
    for region in (*own, *(other for other in ALL_REGIONS if anywhere and other not in own)):
        if not _fits(written, region):
            continue
        for found in _matches(written, region):
            place = start + found.start, start + found.end
            if found.start >= past and _is_phone(text, *place, region, named):
                yield place
                past = found.end
        if past:
            return
    if named and written.isdigit() and _is_phone(text, start, end, "", named):
        yield from ((start, end) for _ in _matches("+" + written, "NO"))


def _is_phone(text: str, start: int, end: int, region: str, named: bool) -> bool:
    """Whether what is a valid number in a region is meant as one."""
    written = text[start:end]
    if _LETTER.match(text, end) or says_money(text, start, end) or says_order(text, start, near=False):
        return False
    if named:
        return True
    if _is_other(written) or says_order(text, start, near=written.isdigit()):
        return False
    if not written.isdigit() or region in _ONE_PIECE or _CHINESE_MOBILE.fullmatch(written):
        return True
    return written.startswith("0")


def _is_other(written: str) -> bool:
    """Whether digits are dates, hours, years, a postcode or an amount."""
    if _THOUSANDS.fullmatch(written) or _POSTCODE.fullmatch(written):
        return True
    return any(kind.search(written) for kind in (_DATE, _HOURS, _YEARS))


def _fits(written: str, region: str) -> bool:
    """Whether some number of a region has as many digits, or fewer; written with or without its trunk prefix."""
    shortest, trunk = _region(region)
    digits = re.sub(r"\D", "", written)
    return len(digits.removeprefix(trunk)) >= shortest


@lru_cache(maxsize=64)
def _region(region: str) -> tuple[int, str]:
    from phonenumbers import PhoneMetadata

    known = PhoneMetadata.metadata_for_region(region)
    assert known is not None
    assert known.general_desc is not None
    usual = [length for length in known.general_desc.possible_length if length >= 7]
    return min(usual), known.national_prefix or ""


def _matches(written: str, region: str) -> Sequence["PhoneNumberMatch"]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    return list(PhoneNumberMatcher(written, region, leniency=Leniency.VALID))
