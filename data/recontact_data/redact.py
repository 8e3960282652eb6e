"""Redaction: finds personal data in a comment (e-mail addresses, numbers of phones, cards, accounts, people), masks it.

National ids are checked by python-stdnum, telephone numbers by phonenumbers, each in the countries of the supported
languages. Names and street addresses are not found.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from recontact_data.bank_numbers import find_cards, find_ibans
from recontact_data.email_addresses import find_emails
from recontact_data.language import identify_language, language_code
from recontact_data.national_ids import find_ids
from recontact_data.phone_numbers import find_phones
from recontact_data.plain_numbers import NOTHING, plain_text

Kind = Literal["email", "iban", "card", "id", "phone"]

_DIGIT = re.compile(r"\d")
_AT = re.compile("[@＠﹫]")
_FEWEST_DIGITS = 6  # of a number that this module knows
_RANK: tuple[Kind, ...] = ("email", "iban", "card", "id", "phone")


@dataclass(frozen=True)
class PersonalData:
    """A stretch of a text that tells who somebody is.

    Attributes:
        kind: What it is.
        start: Its first character.
        end: The character behind its last one.
    """

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True)
class Redacted:
    """A text without its personal data.

    Attributes:
        text: With masks such as `[email]`.
        kinds: How often something of each kind was masked.
    """

    text: str
    kinds: Counter[Kind] = field(default_factory=Counter)


def redact(text: str, language: str | None = None) -> str:
    """Replaces personal data by masks such as `[phone]`; all else stays, to the character.

    Args:
        text: A comment.
        language: Its code, such as `nb`; None to find it, where the text holds numbers.

    Returns:
        A text in which nothing more is found: `redact(redact(x)) == redact(x)`.
    """
    return masked(text, language).text


def masked(text: str, language: str | None = None) -> Redacted:
    """`redact`, and what was masked."""
    kinds: Counter[Kind] = Counter()
    # A mask is shorter than what it hides, so that a word may now stand beside a number that it did not before.
    while found := find_personal_data(text, language):
        kinds.update(data.kind for data in found)
        for data in reversed(found):
            text = f"{text[: data.start]}[{data.kind}]{text[data.end :]}"
    return Redacted(text, kinds)


def find_personal_data(text: str, language: str | None = None) -> list[PersonalData]:
    """Finds personal data in a text, in order, without overlaps: the longest find wins, then the strictest kind.

    Args:
        text: A comment.
        language: Its code; None to find it.
    """
    digits = len(_DIGIT.findall(text)) >= _FEWEST_DIGITS
    if not digits and not _AT.search(text):
        return []
    plain = plain_text(text)
    found = [PersonalData("email", *place) for place in find_emails(plain.text)]
    if digits:
        found += _numbers(plain.text, language)
    return [PersonalData(data.kind, *plain.original(data.start, data.end)) for data in _apart(found)]


def _numbers(text: str, language: str | None) -> Iterator[PersonalData]:
    # Identifying a language takes longer than all else here, and few numbers ask for it.
    @cache
    def spoken() -> str:
        return (language_code(language) if language else None) or identify_language(text.replace(NOTHING, " "))

    finds: dict[Kind, Iterable[tuple[int, int]]] = {
        "iban": find_ibans(text),
        "card": find_cards(text),
        "id": find_ids(text, spoken),
        "phone": find_phones(text, spoken),
    }
    for kind, places in finds.items():
        yield from (PersonalData(kind, *place) for place in places)


def _apart(found: list[PersonalData]) -> list[PersonalData]:
    kept: list[PersonalData] = []
    for data in sorted(found, key=lambda data: (data.start - data.end, _RANK.index(data.kind), data.start)):
        if all(data.end <= other.start or other.end <= data.start for other in kept):
            kept.append(data)
    return sorted(kept, key=lambda data: data.start)
