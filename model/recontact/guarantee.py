"""Guarantees: how far down a ranking the answers are right often enough, judged from a sample of it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Bools = NDArray[np.bool_]
FIRST_WRONG = 2  # a first candidate that may hold no wrong answer at all would fail by bad luck


@dataclass(frozen=True)
class Cut:
    """Where a ranking is cut.

    Attributes:
        score: Answers from this score on are kept.
        count: How many of the sample that is.
        precision: Share of these that was right.
    """

    score: float
    count: int
    precision: float


def chance_of_hits(hits: int, count: int, share: float) -> float:
    """Chance of `hits` or more among `count` answers of which each is right with a chance of `share`.

    At most `doubt` of it means that the Clopper-Pearson lower bound of the share, at a confidence of 1 - `doubt`,
    is `share` or more.

    Args:
        hits: 0 to `count`.
        count: Number of answers.
        share: Between 0 and 1, both excluded.
    """
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1)))])  # of the factorials
    k = np.arange(hits, count + 1)
    terms = logs[count] - logs[k] - logs[count - k] + k * np.log(share) + (count - k) * np.log1p(-share)
    return float(min(np.exp(terms).sum(), 1.0))


def certified_cut(scores: Doubles, right: Bools, wanted: float, *, doubt: float, ratio: float) -> Cut | None:
    """The lowest cut from which on answers can be vouched for to be right often enough.

    With a chance of 1 - `doubt` over samples, the share of right answers among all future ones like these that
    score above the cut is `wanted` or more. Candidates are first answers of the sample: as many as may hold
    two wrong ones, `ratio` times that, and so on. Their numbers do not depend on what is right, so each is one
    binomial test. They are tested in that order by the fallback procedure: half of the doubt goes to the first, the
    rest evenly to the others, and a candidate that passes hands what it had on to the next (Wiens 2003, "A
    fixed sequence Bonferroni procedure for testing multiple endpoints"; Angelopoulos et al. 2021, "Learn then
    test", for choosing thresholds so).

    Args:
        scores: Of each answer, shape (n,); higher is surer.
        right: Shape (n,).
        wanted: Share of right answers, between 0 and 1, both excluded.
        doubt: Chance of a wrong promise.
        ratio: Each candidate to the one before, in answers; above 1.

    Returns:
        The cut, midway between two scores; None if no candidate passes.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(right[order])
    found, budget = None, 0.0
    candidates = _candidates(ranked, wanted, doubt / 2, ratio)
    for number, count in enumerate(candidates):
        budget += doubt / 2 if number == 0 else doubt / 2 / (len(candidates) - 1)
        if chance_of_hits(int(hits[count - 1]), count, wanted) > budget:
            budget = 0.0
            continue
        below = ranked[count] if count < len(ranked) else ranked[count - 1]
        found = Cut(float(ranked[count - 1] + below) / 2, count, float(hits[count - 1] / count))
    return found


def _candidates(ranked: Doubles, wanted: float, doubt: float, ratio: float) -> list[int]:
    """Numbers of first answers to try, none of which parts equal scores."""
    counts, count = set(), float(_first_count(wanted, doubt))
    while count < len(ranked):
        counts.add(int(np.searchsorted(-ranked, -ranked[int(count) - 1], side="right")))
        count *= ratio
    return sorted(counts | {len(ranked)} - {0})


@lru_cache
def _first_count(wanted: float, doubt: float) -> int:
    """The fewest answers that pass although `FIRST_WRONG` of them are wrong."""
    count = FIRST_WRONG + 1
    while chance_of_hits(count - FIRST_WRONG, count, wanted) > doubt:
        count += 1
    return count
