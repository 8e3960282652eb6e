"""Language of a comment: py3langid, restricted to the languages of the taxonomy.

Of the three identifiers compared (docs/experiments/2026-11-21-language-identification.md) it was the
most often right and five times as fast as the next.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from recontact_data.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNKNOWN = "und"
_BOKMAL = {"no": "nb"}
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*")  # of BCP 47, the parts that people write


@lru_cache(maxsize=1)
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    codes = {code: code for code in load_taxonomy().languages} | {"nb": "no"}
    identifier.set_languages(list(codes.values()))
    return identifier


def identify_language(text: str) -> str:
    """Code of the most likely supported language, or `und` if the text has no letters."""
    if not any(character.isalpha() for character in text):
        return UNKNOWN
    code = str(_identifier().classify(text)[0])
    return _BOKMAL.get(code, code)


def language_code(written: str) -> str | None:
    """The code of the language that a code stands for, without script or country; None if it is no code.

    `no` is Bokmål, as in the rest of the package: `NO`, `nb-NO` and `nb` are one.
    """
    found = _CODE.fullmatch(written.strip().casefold() or UNKNOWN)
    return _BOKMAL.get(found[1], found[1]) if found else None
