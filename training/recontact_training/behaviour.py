"""Behavioural tests: how often a model fails cases that each try one thing, by kind and by language.

After CheckList (Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList",
section 2.2): a case with one text is a minimum functionality test, which fails when the answer is
wrong; one with two is an invariance test, which fails when the answer changes, right or wrong.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from recontact_data.behaviour import ALL_OTHERS, GROUPS, INVARIANCE, KINDS, BehaviourCase
from recontact_data.errors import LabelError

CONFIDENT = 1.959964
"""Standard deviations that hold 95 % of a normal distribution."""
BATCH = 64
"""Texts classified between two signs of progress."""


class Answer(Protocol):
    """What is read of a model's answer."""

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes found in the text."""


class Classifier(Protocol):
    """Whatever answers texts as `CauseClassifier` does."""

    def classify(self, texts: Iterable[str]) -> Sequence[Answer]:
        """One answer a text, in order."""


@dataclass(frozen=True)
class Verdict:
    """A case, and the causes that a model found in each of its texts."""

    case: BehaviourCase
    found: tuple[tuple[str, ...], ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Causes that the last text states and the model did not find."""
        return tuple(cause for cause in self.case.stated if cause not in self.found[-1])

    @property
    def unwanted(self) -> tuple[str, ...]:
        """Causes that the model found in the last text and must not."""
        rest = ALL_OTHERS in self.case.absent
        return tuple(c for c in self.found[-1] if c not in self.case.stated and (rest or c in self.case.absent))

    @property
    def wrong(self) -> bool:
        """Whether the last text, the variant of a kind of invariance, is answered wrongly."""
        return bool(self.missing or self.unwanted)

    @property
    def changed(self) -> bool:
        """Whether the texts are answered by different sets of causes; their order and probabilities do not count."""
        return len({frozenset(causes) for causes in self.found}) > 1

    @property
    def failed(self) -> bool:
        """Whether the case fails: in a kind of invariance when the answer changes, else when it is wrong."""
        return self.changed if KINDS[self.case.kind].group == INVARIANCE else self.wrong

    def to_dict(self) -> dict[str, Any]:
        """The case with what was found, ready for JSON."""
        return {**asdict(self.case), "found": self.found, "missing": self.missing, "unwanted": self.unwanted}


@dataclass(frozen=True)
class Rate:
    """How many of some cases, their share, and its 95 % interval."""

    count: int
    cases: int
    share: float
    low: float
    high: float


def rate(outcomes: Sequence[bool]) -> Rate:
    """Share of outcomes that are true; `outcomes` must not be empty."""
    count, cases = sum(outcomes), len(outcomes)
    return Rate(count, cases, count / cases, *wilson_interval(count, cases))


def wilson_interval(count: int, cases: int) -> tuple[float, float]:
    """95 % interval of a share, which holds for few cases and near 0 and 1 too.

    Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference"; recommended for few
    cases by Brown, Cai and DasGupta (2001), "Interval Estimation for a Binomial Proportion", section 3.1.1.

    Args:
        count: Cases that count.
        cases: All cases, at least one.

    Returns:
        Lower and upper bound, between 0 and 1.
    """
    square = CONFIDENT**2
    middle = (count + square / 2) / (cases + square)
    half = CONFIDENT / (cases + square) * math.sqrt(count * (cases - count) / cases + square / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Figures:
    """Figures of some of the cases.

    Attributes:
        failures: Cases that fail.
        wrong: Cases of invariance whose variant is answered wrongly; None where there are none. A variant can be
            wrong though nothing changed (both texts are), or right though it did.
        parts: `failures` by language; of one language, by kind.
        examples: Some cases that fail, from every part before two from one.
    """

    failures: Rate
    wrong: Rate | None
    parts: dict[str, Rate]
    examples: tuple[Verdict, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return {**asdict(self), "examples": [verdict.to_dict() for verdict in self.examples]}


@dataclass(frozen=True)
class BehaviourReport:
    """Figures of one model: of all cases, by group of kinds, by kind, and by language."""

    all: Figures
    groups: dict[str, Figures]
    kinds: dict[str, Figures]
    languages: dict[str, Figures]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON; a kind with its group."""
        kinds = {kind: {"group": KINDS[kind].group, **own.to_dict()} for kind, own in self.kinds.items()}
        groups = {group: own.to_dict() for group, own in self.groups.items()}
        languages = {code: own.to_dict() for code, own in self.languages.items()}
        return {"all": self.all.to_dict(), "groups": groups, "kinds": kinds, "languages": languages}


def failures(
    classifier: Classifier,
    cases: Sequence[BehaviourCase],
    examples: int = 0,
    progress: Callable[[int], object] = lambda done: None,
) -> BehaviourReport:
    """How often a model fails behavioural cases.

    Args:
        classifier: The model.
        cases: The cases, of one kind or many.
        examples: Failing cases to keep for each kind and each language, at most.
        progress: Called with the number of texts answered so far.

    Raises:
        LabelError: there are no cases.
    """
    if not cases:
        raise LabelError("there are no cases to judge by; check --kind, --language and the files")
    verdicts = _judge(classifier, cases, progress)
    kinds = _grouped(verdicts, _kind)
    by_group = _grouped(verdicts, lambda verdict: KINDS[verdict.case.kind].group)
    return BehaviourReport(
        all=_figures(verdicts, _language),
        groups={group: _figures(by_group[group], _language) for group in GROUPS if group in by_group},
        kinds={kind: _figures(kinds[kind], _language, examples) for kind in KINDS if kind in kinds},
        languages={code: _figures(own, _kind, examples) for code, own in sorted(_grouped(verdicts, _language).items())},
    )


def _judge(classifier: Classifier, cases: Sequence[BehaviourCase], progress: Callable[[int], object]) -> list[Verdict]:
    texts = [text for case in cases for text in case.texts]
    found: list[tuple[str, ...]] = []
    for start in range(0, len(texts), BATCH):
        found += [answer.causes for answer in classifier.classify(texts[start : start + BATCH])]
        progress(len(found))
    each = iter(found)
    return [Verdict(case, tuple(next(each) for _ in case.texts)) for case in cases]


def _kind(verdict: Verdict) -> str:
    return verdict.case.kind


def _language(verdict: Verdict) -> str:
    return verdict.case.language


def _grouped(verdicts: Iterable[Verdict], key: Callable[[Verdict], str]) -> dict[str, list[Verdict]]:
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(key(verdict), []).append(verdict)
    return groups


def _figures(verdicts: Sequence[Verdict], part: Callable[[Verdict], str], examples: int = 0) -> Figures:
    wrong = [verdict.wrong for verdict in verdicts if KINDS[verdict.case.kind].group == INVARIANCE]
    return Figures(
        failures=rate([verdict.failed for verdict in verdicts]),
        wrong=rate(wrong) if wrong else None,
        parts={name: rate([v.failed for v in own]) for name, own in sorted(_grouped(verdicts, part).items())},
        examples=_examples(verdicts, part, examples),
    )


def _examples(verdicts: Sequence[Verdict], part: Callable[[Verdict], str], count: int) -> tuple[Verdict, ...]:
    """The first failing cases: the first of every part, then the second of every part, and so on."""
    seen: Counter[str] = Counter()
    ranked = []
    for verdict in verdicts:
        if verdict.failed:
            ranked.append((seen[part(verdict)], verdict))
            seen[part(verdict)] += 1
    return tuple(verdict for _, verdict in sorted(ranked, key=lambda pair: pair[0])[:count])
