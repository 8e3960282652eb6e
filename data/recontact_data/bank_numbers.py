"""Numbers of bank accounts (IBAN) and payment cards in a text, told by their check digits."""

import re
from collections.abc import Iterator

from recontact_data.plain_numbers import AFTER, BEFORE

_IBAN = re.compile(rf"{BEFORE}[A-Za-z]{{2}} ?\d\d(?:[ -]?[A-Za-z0-9]){{11,30}}")
_POLISH = re.compile(rf"{BEFORE}\d\d(?:[ -]?\d{{4}}){{6}}{AFTER}")
_CARD = re.compile(rf"{BEFORE}\d(?:[ .-]?\d){{12,24}}{AFTER}")
_SHORTEST_IBAN = 15
# First digits of issuers and the lengths of their cards: ISO/IEC 7812 as the schemes publish it.
_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"30[0-5]|309|3[689]"), (14, 16, 19)),  # Diners
    (re.compile(r"6011|64[4-9]|65|62"), (16, 17, 18, 19)),  # Discover, UnionPay
    (re.compile(r"35(?:2[89]|[3-8])"), (16,)),  # JCB
    (re.compile(r"50|5[6-8]|6[0379]"), (13, 14, 15, 16, 17, 18, 19)),  # Maestro and national debit cards
    (re.compile(r"220[0-4]|9792|5019"), (16, 17, 18, 19)),  # Mir, Troy, Dankort
)


def find_ibans(text: str) -> Iterator[tuple[int, int]]:
    """Yields where each IBAN of a plain text begins and ends."""
    from stdnum import iban

    for polish in _POLISH.finditer(text):  # Poland writes its IBAN without the country
        if iban.is_valid("PL" + re.sub(r"\D", "", polish[0])):
            yield polish.span()
    past = 0
    while found := _IBAN.search(text, past):
        end = _iban_end(text, found.start(), found.end())
        if end:
            yield found.start(), end
        past = end or found.start() + 2


def find_cards(text: str) -> Iterator[tuple[int, int]]:
    """Yields where each card number of a plain text begins and ends."""
    from stdnum import luhn

    for found in _CARD.finditer(text):
        # Behind the number its date or its code may stand.
        for end in _group_ends(text, *found.span()):
            digits = re.sub(r"\D", "", text[found.start() : end])
            if any(first.match(digits) and len(digits) in lengths for first, lengths in _ISSUERS) and luhn.is_valid(
                digits
            ):
                yield found.start(), end
                break


def _group_ends(text: str, start: int, end: int) -> list[int]:
    """Where the groups of some digits end, the last one first."""
    return [end, *(place for place in range(end - 1, start, -1) if text[place] in " .-")]


def _iban_end(text: str, start: int, end: int) -> int:
    """The end of the valid IBAN that begins here, without words that follow it; 0 if there is none."""
    from stdnum import iban

    places = [place for place in range(start, end) if text[place].isalnum()]
    for count in range(len(places), _SHORTEST_IBAN - 1, -1):
        stop = places[count - 1] + 1
        if not text[stop : stop + 1].isalnum() or not text[stop].isascii():
            written = "".join(text[place] for place in places[:count])
            if iban.is_valid(written):
                return stop
    return 0
