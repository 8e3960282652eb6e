"""Retrieval: whether an encoder finds the sentence that another one translates."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from recontact_training.corpus import Pair
from recontact_training.sentence_vectors import Floats

Encode = Callable[[Sequence[str]], Floats]


def found_share(queries: Floats, answers: Floats) -> float:
    """Share of queries whose nearest answer by cosine is the one in the same row; both (n, hidden), unit rows."""
    return float(((queries @ answers.T).argmax(1) == np.arange(len(queries))).mean())


def retrieval(encode: Encode, pairs: Mapping[str, Sequence[Pair]]) -> tuple[dict[str, float], dict[str, float]]:
    """Share of sentences that find their translation, to English and from English, by language.

    Args:
        encode: Texts to unit vectors, shape (n, hidden).
        pairs: (English, other) by language.
    """
    english = list(dict.fromkeys(e for own in pairs.values() for e, _ in own))
    rows = {text: row for row, text in enumerate(english)}
    known = encode(english) if english else np.zeros((0, 1), dtype=np.float32)
    to_english, from_english = {}, {}
    for language, own in pairs.items():
        ours, theirs = known[[rows[e] for e, _ in own]], encode([other for _, other in own])
        to_english[language], from_english[language] = found_share(theirs, ours), found_share(ours, theirs)
    return to_english, from_english
