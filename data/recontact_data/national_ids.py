"""National ids in a text: of the countries of the supported languages, told by their form, check digits, and words."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache, partial

from recontact_data import id_checks
from recontact_data.id_checks import Check, stdnum_check
from recontact_data.number_words import says_id, says_money, says_order
from recontact_data.plain_numbers import AFTER, BEFORE


class Alone(Enum):
    """Whether a number with the right check digits is an id even where no word says so."""

    always = "always"
    at_home = "in a comment of the country's language"
    never = "never"


@dataclass(frozen=True)
class IdNumber:
    """One way in which an id is written.

    Attributes:
        country: Whose words say that it is one; see `number_words`.
        form: What it looks like.
        check: What its digits must obey.
        alone: Whether it needs a word beside it.
        languages: Of the country.
    """

    country: str
    form: re.Pattern[str]
    check: Check
    alone: Alone
    languages: tuple[str, ...] = ()


def _id(country: str, form: str, check: str | Check, alone: Alone = Alone.always, *languages: str) -> IdNumber:
    checked = stdnum_check(check) if isinstance(check, str) else check
    return IdNumber(country, re.compile(f"(?:{form}){AFTER}"), checked, alone, languages)


_WORD, _HOME = Alone.never, Alone.at_home
# Capital letters are meant where a form is written with spaces, any where it is written in one.
IDS = (
    _id("NO", r"\d{6}[ -]?\d{5}|\d\d[. ]\d\d[. ]\d\d[ -]?\d{3} ?\d\d", "no.fodselsnummer"),
    _id("NO konto", r"\d{4}([. ])\d\d\1\d{5}", "no.kontonr"),
    _id("NO konto", r"\d{11}", "no.kontonr", _WORD),
    _id("DK", r"\d{6}-\d{4}", "dk.cpr"),
    _id("DK", r"\d{6} ?\d{4}", "dk.cpr", _WORD),
    _id("SE", r"(?:19|20)?\d{6}[-+]\d{4}|(?:19|20)\d{6} ?\d{4}", id_checks.is_personnummer),
    _id("SE", r"\d{6} ?\d{4}", id_checks.is_personnummer, _HOME, "sv"),
    _id("FI", r"(?i:\d{6}[-+A-FU-Y]\d{3}[0-9A-Y])", "fi.hetu"),
    _id("IS", r"\d{6}[- ]?\d{4}", "is_.kennitala"),
    _id("BG", r"\d{10}", "bg.egn"),
    _id("BG", r"\d{10}", "bg.pnf", _WORD),
    _id("CN", r"\d{6} ?\d{8} ?\d{3}[\dXx]", "cn.ric"),
    _id("CN", r"(?i:[A-Z])[1289]\d{8}", id_checks.is_taiwan_id, _WORD),
    _id("CN", r"(?i:[A-Z]{1,2})\d{6} ?\([0-9Aa]\)", id_checks.is_hong_kong_id),
    _id("CN", r"(?i:[A-Z]{1,2}\d{6}[0-9A])", id_checks.is_hong_kong_id, _WORD),
    _id("CN", r"(?i:[STFG]\d{7}[A-Z])", id_checks.is_singapore_id),
    _id("CN", r"\d{6}-\d\d-\d{4}", "my.nric"),
    _id("US", r"\d{3}-\d\d-\d{4}", "us.ssn"),
    _id("US", r"\d{3}-\d\d-\d{4}", "us.itin"),
    _id("US", r"\d{3} ?\d\d ?\d{4}", "us.ssn", _WORD),
    _id("GB", r"(?i:[A-Z]{2}\d{6}[A-D])|[A-Z]{2} \d\d ?\d\d ?\d\d ?[A-D]", id_checks.is_nino),
    _id("GB", r"\d{3}[ -]?\d{3}[ -]?\d{4}", "gb.nhs", _WORD),
    _id("IE", r"(?i:\d{7}[A-W][ABHWTX]?)", "ie.pps"),
    _id("AU", r"\d{3} ?\d{3} ?\d{3}", "au.tfn", _WORD),
    _id("AU", r"[2-6]\d{3} ?\d{5} ?\d", id_checks.is_medicare, _WORD),
    _id("NZ", r"\d{2,3}[ -]?\d{3}[ -]?\d{3}", "nz.ird", _WORD),
    _id("CA", r"\d{3}([ -]?)\d{3}\1\d{3}", "ca.sin", _WORD),
    _id("DE", r"\d\d([ /]?)\d{3}\1\d{3}\1\d{3}", "de.idnr"),
    _id("DE", r"(?i:\d{8}[A-Z]\d{3})|\d\d \d{6} [A-Z] \d{3}", id_checks.is_vsnr),
    _id("AT", r"\d{4} \d{6}", id_checks.is_dated_vnr),
    _id("AT", r"\d{10}", id_checks.is_dated_vnr, _HOME, "de"),
    _id("AT", r"\d{4} ?\d{6}", "at.vnr", _WORD),
    _id("CH", r"756([. ]?)\d{4}\1\d{4}\1\d\d", "ch.ssn"),
    _id("FR", r"[1278] ?\d\d ?\d\d ?(?:\d\d|2[ABab]) ?\d{3} ?\d{3} ?\d\d", "fr.nir"),
    _id("FR", r"\d\d ?\d\d ?\d{3} ?\d{3} ?\d{3}", "fr.nif", _WORD),
    _id("BE", r"\d{6}[ -]?\d{3}[ .-]?\d\d|\d\d\.\d\d\.\d\d[ -]\d{3}[.-]\d\d", id_checks.is_known_birth_ssn),
    _id("ES", r"\d{8}-?[A-Za-z]|\d\d\.?\d{3}\.?\d{3}[ -]?[A-Z]", "es.dni"),
    _id("ES", r"(?i:[XYZ]-?\d{7}-?[A-Z])", "es.nie"),
    _id("ES", r"(?i:[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d)", "mx.curp"),
    _id("ES", r"(?i:[A-ZÑ&]{4}\d{6}[0-9A-Z]{3})", id_checks.is_checked_rfc),
    _id("ES", r"\d\d-\d{8}-\d", "ar.cuit"),
    _id("ES", r"\d{11}", "ar.cuit", _WORD),
    _id("ES", r"\d{1,2}\.\d{3}\.\d{3}-[\dKk]", "cl.rut"),
    _id("ES", r"\d{7,8}-[\dKk]", "cl.rut", _HOME, "es"),
    _id("ES", r"\d{1,2}(\.?)\d{3}\1\d{3}|\d(\.?)\d{3}\2\d{3}\2\d{3}", id_checks.anything, _WORD),
    _id("IT", r"(?i:[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPR-T][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z])", "it.codicefiscale"),
    _id("IT", r"[A-Z]{3} [A-Z]{3} \d\d[A-Z]\d\d [A-Z]\d{3}[A-Z]", "it.codicefiscale"),
    _id("NL", r"\d{9}|\d{4}([. ])\d\d\1\d{3}|\d{3}([. ])\d{3}\2\d{3}", "nl.bsn", _WORD),
    _id("PL", r"\d{11}", "pl.pesel"),
    _id("PL", r"\d{3}([ -]?)\d{3}\1\d\d\1\d\d", "pl.nip", _WORD),
    _id("PT", r"(?i:\d{8} ?\d ?[A-Z]{2}\d)", "pt.cc"),
    _id("PT", r"\d{3}([ .]?)\d{3}\1\d{3}", "pt.nif", _WORD),
    _id("PT", r"\d{3}\.\d{3}\.\d{3}-\d\d", "br.cpf"),
    _id("PT", r"\d{9}-?\d\d", "br.cpf", _HOME, "pt"),
    _id("CZ", r"\d{6}/\d{3,4}", "cz.rc"),
    _id("CZ", r"\d{10}", "cz.rc", _HOME, "cs"),
    _id("TR", r"\d{3} ?\d{3} ?\d{3} ?\d\d", "tr.tckimlik", _HOME, "tr"),
    _id("RU", r"\d{3}-\d{3}-\d{3}[ -]\d\d", id_checks.is_snils),
    _id("RU", r"\d{3} ?\d{3} ?\d{3} ?\d\d", id_checks.is_snils, _WORD),
    _id("RU", r"\d{12}", "ru.inn", _HOME, "ru"),
    _id("RU", r"\d{10}", "ru.inn", _WORD),
    _id("UA", r"\d{10}", "ua.rntrc", _WORD),
    # No check digits: the word is all there is.
    _id("passport", r"\d\d ?\d\d ?\d{6}|(?i:[A-Z]{0,3}) ?\d{6,9}", id_checks.anything, _WORD),
)  # fmt: skip


_WORDS = re.compile(rf"{BEFORE}[0-9A-Za-zÑñ&]+")
_LONGEST = 24  # characters of an id
_FEWEST_DIGITS = 6


def find_ids(text: str, language: Callable[[], str]) -> Iterator[tuple[int, int]]:
    """Yields where each national id of a plain text begins and ends.

    Args:
        text: A plain text.
        language: Tells its language; asked only where the answer depends on it.
    """
    for word in _WORDS.finditer(text):
        start = word.start()
        if sum(map(str.isdigit, text[start : start + _LONGEST])) < _FEWEST_DIGITS:
            continue
        after_order = cache(partial(says_order, text, start, near=False))
        for kind in IDS:
            found = kind.form.match(text, start)
            if (
                found
                and kind.check(re.sub(r"[ .]", "", found[0]))
                and _is_meant(kind, text, found, language, after_order)
            ):
                yield found.span()


def _is_meant(
    kind: IdNumber, text: str, found: re.Match[str], language: Callable[[], str], after_order: Callable[[], bool]
) -> bool:
    if says_id(text, *found.span(), kind.country):
        if kind.check is id_checks.anything and after_order():
            return False
    elif kind.alone is not Alone.always and not (kind.alone is Alone.at_home and language() in kind.languages):
        return False
    elif found[0].isdigit() and after_order():
        return False  # of the numbers of invoices, one in a hundred passes some country's check
    return not says_money(text, *found.span())
