"""Checks of national ids that python-stdnum lacks, or makes less strictly than a number without a name needs."""

import re
from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import Any

Check = Callable[[str], bool]

_NINO_NEVER = re.compile(r"[DFIQUV]|.[DFIOQUV]|BG|GB|KN|NK|NT|TN|ZZ")
_OLDEST = 1900


def stdnum_check(module: str) -> Check:
    """The check of a module of python-stdnum, such as `no.fodselsnummer`; birth dates lie between 1900 and today."""

    def check(number: str) -> bool:
        stdnum: Any = import_module(f"stdnum.{module}")
        if not stdnum.is_valid(number):
            return False
        born = getattr(stdnum, "get_birth_date", None)
        return born is None or _can_be_born(lambda: born(number))

    return check


def is_personnummer(number: str) -> bool:
    """Sweden's personnummer, or a samordningsnummer, whose day is 60 more; ten or twelve digits (Skatteverket)."""
    from stdnum import luhn

    digits = re.sub(r"\D", "", number)
    century, digits = digits[:-10], digits[-10:]
    day = int(digits[4:6])
    return luhn.is_valid(digits) and _can_be_born(
        lambda: date(int((century or "20") + digits[:2]), int(digits[2:4]), day - 60 if day > 60 else day),
        latest=None if century else date.max,
    )


def is_dated_vnr(number: str) -> bool:
    """Austria's insurance number, with a birth date."""
    from stdnum.at import vnr

    digits = re.sub(r"\D", "", number)
    return vnr.is_valid(digits) and _can_be_born(
        lambda: date(2000 + int(digits[8:]), int(digits[6:8]), int(digits[4:6])), latest=date.max
    )


def is_known_birth_ssn(number: str) -> bool:
    """Belgium's national number, with a month of birth."""
    from stdnum.be import ssn

    digits = re.sub(r"\D", "", number)
    return ssn.is_valid(digits) and int(digits[2:4]) % 20 > 0 and digits[4:6] <= "31"


def is_vsnr(number: str) -> bool:
    """Germany's pension number: area, birth date, letter, serial, check digit (VKVV, section 4)."""
    plain = number.replace(" ", "").upper()
    digits = f"{plain[:8]}{ord(plain[8]) - 64:02}{plain[9:]}"
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    sums = (sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(digits, weights, strict=False))
    dated = 1 <= int(plain[2:4]) <= 31 and 1 <= int(plain[4:6]) <= 12
    return dated and sum(sums) % 10 == int(digits[12])


def is_nino(number: str) -> bool:
    """Britain's National Insurance number: letters that are given out (HMRC, NIM39110)."""
    return not _NINO_NEVER.match(number.upper())


def is_medicare(number: str) -> bool:
    """Australia's Medicare card: the ninth digit checks the eight before it."""
    return _weighed(number, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(re.sub(r"\D", "", number)[8])


def is_snils(number: str) -> bool:
    """Russia's SNILS: two digits check the nine before them."""
    digits = re.sub(r"\D", "", number)
    return _weighed(number, range(9, 0, -1)) % 101 % 100 == int(digits[9:])


def is_taiwan_id(number: str) -> bool:
    """Taiwan's identity card: the letter counts as two digits."""
    letter = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(number[0].upper())
    total = letter // 10 + letter % 10 * 9 + _weighed(number[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1))
    return total % 10 == 0


def is_hong_kong_id(number: str) -> bool:
    """Hong Kong's identity card: one or two letters, six digits, a check digit or A."""
    plain = re.sub(r"[^0-9A-Z]", "", number.upper()).rjust(9, " ")
    values = [36 if sign == " " else int(sign, 36) for sign in plain[:8]]
    check = 10 if plain[8] == "A" else int(plain[8])
    return (sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True)) + check) % 11 == 0


def is_singapore_id(number: str) -> bool:
    """Singapore's NRIC and FIN of the series S, T, F and G."""
    series = number[0].upper()
    total = _weighed(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + (4 if series in "TG" else 0)
    return number[8].upper() == ("JZIHGFEDCBA" if series in "ST" else "XWUTRQPNMLK")[total % 11]


def is_checked_rfc(number: str) -> bool:
    """Mexico's RFC of a person, with its check character."""
    from stdnum.mx import rfc

    return rfc.is_valid(number, validate_check_digits=True)


def anything(_: str) -> bool:
    """A number without check digits, which only a word tells."""
    return True


def _weighed(number: str, weights: Any) -> int:
    digits = re.sub(r"\D", "", number)
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _can_be_born(born: Callable[[], date | None], latest: date | None = None) -> bool:
    try:
        day = born()
    except ValueError:  # stdnum's own errors are of that kind too
        return False
    return day is not None and day.year >= _OLDEST and day <= (latest or date.today())
