"""E-mail addresses in a text, in time that grows with its length alone; international names and domains too."""

import re
from collections.abc import Iterator

_LATIN = "0-9A-Za-z\u00c0-\u024f"
# A name or label is of one script, so that Chinese around an address does not become part of it.
_NAME_LATIN = re.compile(rf"[{_LATIN}_.+%&'!#$*=?^~-]")
_NAME_OTHER = re.compile(rf"[^\W{_LATIN}_]|[0-9_.+%-]")
_LABEL = rf"(?:[{_LATIN}][{_LATIN}_-]*|[^\W{_LATIN}_]+)"
_DOMAIN = re.compile(rf"@{_LABEL}(?:\.{_LABEL})+")
_TOP = re.compile(rf"[^\W\d_]{{2,}}|xn--[{_LATIN}-]+", re.IGNORECASE)
_LONGEST_NAME = 256


def find_emails(text: str) -> Iterator[tuple[int, int]]:
    """Yields where each address of a plain text begins and ends."""
    past = 0
    for domain in _DOMAIN.finditer(text):
        start = _name_start(text, domain.start(), past)
        end = _domain_end(text, domain.start(), domain.end())
        if start < domain.start() and end:
            yield start, end
        past = domain.end()


def _name_start(text: str, end: int, past: int) -> int:
    first = text[end - 1 : end]
    allowed = _NAME_LATIN if _NAME_LATIN.match(first) else _NAME_OTHER
    start = end
    while start > max(past, end - _LONGEST_NAME) and allowed.match(text[start - 1]):
        start -= 1
    while start < end and not text[start].isalnum():
        start += 1
    return start


def _domain_end(text: str, start: int, end: int) -> int:
    """Where a domain ends whose last label can be one; 0 if none can ("2@3.50")."""
    while "." in text[start:end]:
        end -= len(text[start:end]) - len(text[start:end].rstrip("-_"))
        dot = text.rindex(".", start, end)
        if _TOP.fullmatch(text[dot + 1 : end]):
            return end
        end = dot
    return 0
