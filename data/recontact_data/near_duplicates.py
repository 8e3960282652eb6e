"""Near-duplicates: labelled comments of one language that say nearly the same in nearly the same words."""

import difflib
import re
from collections.abc import Iterator, Sequence

import numpy as np

from recontact_data.labels import LabelledComment

NEAR = 0.8
LONG = 200
"""Characters from which a text is long."""
BLOCK = 1000
"""Rows compared at once, which bounds the memory."""


def near_duplicates(rows: Sequence[LabelledComment]) -> Iterator[tuple[str, str]]:
    """Yields rows of one language, not of one pair, whose texts are alike (difflib ratio above 0.8)."""
    for language in sorted({row.language for row in rows}):
        own = [row for row in rows if row.language == language]
        # A text of emoji or signs only would lose all it says, so it stays as it is.
        texts = [re.sub(r"\W+", " ", row.text.casefold()).strip() or row.text for row in own]
        for i, j in _sharing_pairs(texts):
            if own[i].pair and own[i].pair == own[j].pair:
                continue
            if difflib.SequenceMatcher(None, texts[j], texts[i], autojunk=False).ratio() > NEAR:
                yield own[i].id, f"nearly the same as {own[j].id}"


def _sharing_pairs(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yields (later, earlier) texts of like length that share enough of their letter trigrams.

    The full comparison takes a thousand times as long. Texts with a ratio above `NEAR` pass this one, unless
    their differences are strewn over every third letter (long texts: every sixth).
    """
    grams = [{text[k : k + 3] for k in range(max(1, len(text) - 2))} for text in texts]
    column = {gram: k for k, gram in enumerate(sorted({gram for own in grams for gram in own}))}
    holds = np.zeros((len(texts), len(column)), dtype=np.float32)
    for i, own in enumerate(grams):
        holds[i, [column[gram] for gram in own]] = 1
    sizes, lengths = holds.sum(axis=1), np.array([len(text) for text in texts])
    for first in range(0, len(texts), BLOCK):
        block = slice(first, first + BLOCK)
        # By chance alone, long texts of a language share up to four trigrams in ten.
        share = np.where(np.minimum(lengths[block, None], lengths) < LONG, 0.3, 0.5)
        alike = 2 * (holds[block] @ holds.T) >= share * (sizes[block, None] + sizes)
        alike &= 2 * np.minimum(lengths[block, None], lengths) > NEAR * (lengths[block, None] + lengths)
        yield from ((first + int(i), int(j)) for i, j in np.argwhere(alike) if j < first + i)
