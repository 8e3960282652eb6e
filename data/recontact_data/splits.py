"""Splits: assigns comments to train, validation and test so that each has its part of every cause."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recontact_data.errors import LabelError
from recontact_data.labels import SPLITS, LabelledComment
from recontact_data.taxonomy import NONE

SHARES = (0.7, 0.15, 0.15)


def assign_splits(
    rows: Sequence[LabelledComment], shares: Sequence[float] = SHARES, seed: int = 13
) -> list[LabelledComment]:
    """Gives each row a split; rows of a contrast pair, which tell one story, stay together.

    Rows that have a split keep it and count. Iterative stratification over the labels, rarest first
    (Sechidis et al. 2011, "On the stratification of multi-label data"), over groups instead of
    rows; the next group goes where the cause lags most by the divisors of Sainte-Lague.

    Args:
        rows: Rows of one language.
        shares: Parts of train, validation and test, summing to one.
        seed: Breaks ties.

    Raises:
        LabelError: a row has a split that is none of the three.
    """
    rng = np.random.default_rng(seed)
    groups: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row.pair or row.id, []).append(number)
    labels = {key: Counter(c for i in group for c in rows[i].labels or (NONE,)) for key, group in groups.items()}
    total = sum(labels.values(), Counter())
    given = {split: Counter[str]() for split in SPLITS}
    chosen: dict[str, str] = {}
    for key, group in groups.items():
        if split := next((rows[i].split for i in group if rows[i].split), ""):
            if split not in SPLITS:
                raise LabelError(f"{key}: split {split!r} is not one of {', '.join(SPLITS)}; mend or empty it")
            chosen[key] = split
            given[split] += labels[key]
    order = [key for key in rng.permutation(sorted(groups)) if key not in chosen]
    order.sort(key=lambda key: (min(total[c] for c in labels[key]), -len(groups[key])))
    for key in order:
        rarest = min(labels[key], key=lambda c: (total[c], c))
        # The split that lacks most of its share, not most rows: else all pairs, which come first, go to train.
        filled = [
            ((given[split][rarest] + labels[key][rarest] / 2) / share, sum(given[split].values()) / share, split)
            for split, share in zip(SPLITS, shares, strict=True)
            if share
        ]
        split = min(filled)[2]
        chosen[key] = split
        given[split] += labels[key]
    of_row = {i: chosen[key] for key, group in groups.items() for i in group}
    return [replace(row, split=of_row[i]) for i, row in enumerate(rows)]


def with_splits(rows: Sequence[LabelledComment]) -> list[LabelledComment]:
    """Rows that all have a split, assigned language by language where it was missing."""
    done: list[LabelledComment] = []
    for language in sorted({row.language for row in rows}):
        done += assign_splits([row for row in rows if row.language == language])
    return done
