"""Replay: which of the comments that a model has learnt from are mixed in while it learns new ones.

Without them a model forgets what the new ones do not show; all of them would take as long as learning anew.
(Robins 1995, "Catastrophic forgetting, rehearsal and pseudorehearsal".)
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from recontact_data.labels import LabelledComment
from recontact_data.language import UNKNOWN, identify_language
from recontact_data.splits import SHARES, assign_splits


@dataclass(frozen=True)
class OldRows:
    """Labelled comments that a base has learnt from, all with their splits.

    Attributes:
        own: Those that the user named.
        shipped: Those that ship with the package.
    """

    own: tuple[LabelledComment, ...] = ()
    shipped: tuple[LabelledComment, ...] = ()

    def __len__(self) -> int:
        """Number of comments."""
        return len(self.own) + len(self.shipped)

    def beside(self, new: Sequence[LabelledComment]) -> "OldRows":
        """Those whose text is not among the new ones, which may correct their labels."""
        texts = {row.text.strip() for row in new}
        own = tuple(row for row in self.own if row.text.strip() not in texts)
        texts |= {row.text.strip() for row in own}
        return OldRows(own, tuple(row for row in self.shipped if row.text.strip() not in texts))

    def sample(self, split: str, number: int, new: Sequence[LabelledComment], seed: int) -> list[LabelledComment]:
        """About `number` comments of a split: the user's own first, up to half where there are others.

        Half of the number is for all languages alike, half for those of the new comments; in each language
        every cause has its share, and contrast pairs stay together.

        Args:
            split: The split.
            number: How many.
            new: The new comments.
            seed: Seeds the draw.
        """
        own, shipped = ([row for row in rows if row.split == split] for rows in (self.own, self.shipped))
        favoured = languages_of(new)
        first = _draw(own, max(number // 2, number - len(shipped)), favoured, seed)
        return [*first, *_draw(shipped, number - len(first), favoured, seed)]

    def for_training(self, number: int, new: Sequence[LabelledComment], seed: int) -> list[LabelledComment]:
        """About `number` comments to train on, and as many to validate on as go with them."""
        train, validation, _ = SHARES
        wanted = {"train": number, "validation": round(number * validation / train)}
        return [row for split, many in wanted.items() for row in self.sample(split, many, new, seed)]


def visits_of_new(new: int, old: int, most: int) -> int:
    """How often an epoch sees each new comment: `most` times, or as often as lets them not outnumber the old ones."""
    return max(1, min(most, old // max(1, new))) if old else 1


def languages_of(rows: Sequence[LabelledComment]) -> Counter[str]:
    """How many comments are in each language, found out where a row does not say."""
    return Counter(identify_language(row.text) if row.language == UNKNOWN else row.language for row in rows)


def _draw(
    rows: Sequence[LabelledComment], number: int, favoured: Mapping[str, int], seed: int
) -> list[LabelledComment]:
    groups: dict[str, list[LabelledComment]] = {}
    for row in rows:
        groups.setdefault(row.language, []).append(row)
    quotas = _quotas({code: len(group) for code, group in groups.items()}, number, favoured)
    return [row for code in sorted(groups) for row in _balanced(groups[code], quotas[code], seed)]


def _quotas(there: Mapping[str, int], number: int, favoured: Mapping[str, int]) -> dict[str, int]:
    """How many comments of each language; what one lacks goes to the others."""
    known = sum(favoured.get(code, 0) for code in there)
    shares = {code: 1 / len(there) + (favoured.get(code, 0) / known if known else 0) for code in there}
    quotas: dict[str, int] = {}
    left, weight = number, sum(shares.values())
    for code in sorted(there, key=lambda code: (there[code] / shares[code], code)):
        quotas[code] = min(there[code], round(left * shares[code] / weight))
        left, weight = left - quotas[code], weight - shares[code]
    return quotas


def _balanced(rows: Sequence[LabelledComment], number: int, seed: int) -> list[LabelledComment]:
    """About `number` comments of one language in which each cause has its share."""
    if not 0 < number < len(rows):
        return list(rows) if number else []
    part = number / len(rows)
    drawn = assign_splits([replace(row, split="") for row in rows], (part, 1 - part, 0.0), seed)
    return [row for row, into in zip(rows, drawn, strict=True) if into.split == "train"]
