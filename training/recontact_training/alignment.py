"""Alignment: which English word pieces a piece of another language stands for, learnt from sentence pairs.

IBM model 1 (Brown et al. 1993, "The mathematics of statistical machine translation", section 4.1): a
piece of the English side is explained by any piece of the other side or by none, and expectation
maximization finds which.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTHING = 0  # the piece id ([PAD]) that stands beside every sentence for what no piece of it explains


@dataclass(frozen=True)
class Translations:
    """Probabilities of English pieces given a piece, as parallel arrays of shape (n_links,).

    Attributes:
        piece: Piece id of the other vocabulary.
        english: Piece id of the English vocabulary.
        probability: P(english | piece); sums to one for each piece.
        count: How often the piece is thought to stand for the English one in the pairs.
    """

    piece: NDArray[np.int64]
    english: NDArray[np.int64]
    probability: NDArray[np.float64]
    count: NDArray[np.float64]


def align(english: Sequence[Sequence[int]], other: Sequence[Sequence[int]], rounds: int = 5) -> Translations:
    """Learns translation probabilities.

    Args:
        english: Piece ids of the English side of each pair.
        other: Piece ids of its other side.
        rounds: Rounds of expectation maximization.
    """
    size = 1 + max((max(ids) for ids in english if ids), default=0)
    other = [[NOTHING, *ids] for ids in other]
    english_lengths, other_lengths = (np.array([len(ids) for ids in side], dtype=np.int64) for side in (english, other))
    english_flat, other_flat = (np.array([i for ids in side for i in ids], dtype=np.int64) for side in (english, other))
    other_starts = other_lengths.cumsum() - other_lengths
    pair = np.repeat(np.arange(len(english)), english_lengths)
    links = other_lengths[pair]
    position = np.repeat(np.arange(len(english_flat), dtype=np.int32), links)
    within = np.arange(links.sum()) - np.repeat(links.cumsum() - links, links)
    keys = other_flat[np.repeat(other_starts[pair], links) + within] * size + english_flat[position]
    del within  # one number a link each, and there may be a hundred million links
    unique, where = np.unique(keys, return_inverse=True)
    del keys
    piece = unique // size
    probability: NDArray[np.float64] = np.ones(len(unique))
    counts: NDArray[Any] = probability
    for _ in range(rounds):
        share = probability[where]
        share /= np.bincount(position, share)[position]
        counts = np.bincount(where, share)
        probability = counts / np.bincount(piece, counts)[piece]
    return Translations(piece, unique % size, probability, counts)
