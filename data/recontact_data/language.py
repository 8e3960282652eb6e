"""Language of a comment: py3langid, restricted to the languages of the taxonomy.

Of the three identifiers compared (docs/experiments/2026-11-21-language-identification.md) it was the
most often right and five times as fast as the next.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from recontact_data.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNKNOWN = "und"
_BOKMAL = {"no": "nb"}


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
