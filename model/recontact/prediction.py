"""Predictions: from the probabilities of one comment to what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recontact.confidence import AS_IT_IS, ConfidenceFit
from recontact_data.taxonomy import NONE

Floats = NDArray[np.float32]
FIRST_IDEOGRAPH = "\u2e80"


@dataclass(frozen=True)
class Evidence:
    """Words that state a cause: characters `start` to `end` (excluded) of the comment."""

    cause: str
    start: int
    end: int


@dataclass(frozen=True)
class Prediction:
    """What a model says of one comment.

    Attributes:
        cause: The most probable stated cause, the first of `causes`; or `none`.
        causes: Every stated cause (`Rule.cut`), the most probable first.
        evidence: The words that state each of `causes`.
        confidence: Chance that the comment states `cause`, or for `none` that it states none (`ConfidenceFit`).
        probabilities: Calibrated probability of each cause.
        language: Language code of the comment, `und` if it has no letters.
        needs_review: Whether a person should look: confidence is below the model's review bound.
        truncated: Whether the comment was too long for the model to read to its end.
        model_version: Name and version of the model that answered.
    """

    cause: str
    causes: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    confidence: float
    probabilities: Mapping[str, float]
    language: str
    needs_review: bool
    truncated: bool
    model_version: str

    def to_dict(self) -> dict[str, Any]:
        """The same as plain lists, dicts and numbers, ready for JSON."""
        return {**asdict(self), "causes": list(self.causes), "evidence": [asdict(e) for e in self.evidence]}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """A prediction from what `to_dict` made, or a server of another version; members not known are left aside.

        Args:
            content: Its members; `evidence` and `probabilities` may be missing, and are empty then.

        Raises:
            KeyError: another member is missing.
        """
        whole = {"evidence": (), "probabilities": {}, **content}
        values = {field.name: whole[field.name] for field in fields(cls)}
        spans = tuple(Evidence(span["cause"], span["start"], span["end"]) for span in values["evidence"])
        return cls(**values | {"causes": tuple(values["causes"]), "evidence": spans})


@dataclass(frozen=True)
class Rule:
    """How probabilities become an answer.

    Attributes:
        causes: Cause ids in the order of the columns.
        thresholds: A cause is stated if its probability is at least its threshold, shape (n_causes,).
        review_confidence: Answers below this confidence need review.
        strict: Whether a cause below its threshold is never stated, also where it is the most probable of all.
        believed: How far the probability behind an answer is believed.
    """

    causes: tuple[str, ...]
    thresholds: Floats
    review_confidence: float
    strict: bool = False
    believed: ConfidenceFit = AS_IT_IS

    def cut(self, probabilities: Floats) -> NDArray[np.bool_]:
        """Which causes are stated, same shape as `probabilities`, (..., n_causes).

        Where any cause reaches its threshold, the most probable one is stated too, so that the primary
        cause is always the most probable of all. A strict rule lets it go unsaid: the precision of its
        cause was asked for, and stating it would break it.
        """
        stated = np.asarray(probabilities >= self.thresholds)
        if self.strict:
            return stated
        top = probabilities == probabilities.max(axis=-1, keepdims=True, initial=0)
        return np.asarray(stated | (top & stated.any(axis=-1, keepdims=True)))

    def ranked(self, probabilities: Floats) -> tuple[str, ...]:
        """Stated causes of one comment, most probable first, ties in the order of the taxonomy."""
        stated = self.cut(probabilities)
        return tuple(self.causes[k] for k in np.argsort(-probabilities, kind="stable") if stated[k])

    def confidence(self, probabilities: Floats) -> float:
        """Chance that the answer to one comment is right."""
        behind, named = self.behind(probabilities)
        return self.believed(behind, named)

    def behind(self, probabilities: Floats) -> tuple[float, bool]:
        """What stands behind the answer to one comment: a probability, and whether a cause is named.

        The probability of the primary cause; of a `none`, one minus the highest.
        """
        stated = self.cut(probabilities)
        if stated.any():
            return float(probabilities[stated].max()), True
        return 1 - float(probabilities.max(initial=0)), False


def find_evidence(cause: str, scores: Floats, offsets: Sequence[tuple[int, int]], text: str) -> tuple[Evidence, ...]:
    """The stretch of words that a model's token scores mark for a cause.

    From the highest-scoring piece outwards, while the pieces score at least half of it (one weaker piece
    may lie between), then out to whole words.

    Args:
        cause: The cause.
        scores: Score of each piece between 0 and 1, shape (n_pieces,).
        offsets: Characters of each piece in `text`; special pieces have an empty stretch.
        text: The comment.

    Returns:
        One stretch, or none if the comment has no pieces.
    """
    real = np.array([bool(text[start:end].strip()) for start, end in offsets], dtype=bool)
    if not real.any():
        return ()
    kept = np.where(real, scores, -1.0)
    peak = int(kept.argmax())
    strong = kept >= kept[peak] / 2
    first = last = peak
    while first > 0 and strong[max(first - 2, 0) : first].any():
        first -= 1 if strong[first - 1] else 2
    while last < len(strong) - 1 and strong[last + 1 : last + 3].any():
        last += 1 if strong[last + 1] else 2
    start, end = offsets[first][0], offsets[last][1]
    # Some tokenizers count the space before a word as part of its first piece.
    start += len(text[start:end]) - len(text[start:end].lstrip())
    end = start + len(text[start:end].rstrip())
    while start > 0 and _one_word(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and _one_word(text[end - 1], text[end]):
        end += 1
    return (Evidence(cause, start, end),)


def _one_word(left: str, right: str) -> bool:
    """Whether two neighbouring characters belong to one word; Chinese has no spaces to tell, so never there."""
    return left.isalnum() and right.isalnum() and max(left, right) < FIRST_IDEOGRAPH


def none_prediction(rule: Rule, model_version: str) -> Prediction:
    """The answer for a comment without a letter, digit or emoji: certainly no cause."""
    return Prediction(
        cause=NONE,
        causes=(),
        evidence=(),
        confidence=1.0,
        probabilities=dict.fromkeys(rule.causes, 0.0),
        language="und",
        needs_review=False,
        truncated=False,
        model_version=model_version,
    )
