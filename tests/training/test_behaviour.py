"""Behavioural tests: right answers pass, wrong ones fail, and the figures are those counted by hand."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from recontact import CauseClassifier
from recontact_data.behaviour import BehaviourCase
from recontact_data.errors import LabelError
from recontact_data.labels import LabelledComment
from recontact_training.behaviour import Rate, failures, rate, wilson_interval


@dataclass(frozen=True)
class Said:
    causes: tuple[str, ...]


class Fake:
    """Finds in a text the causes it is told to, and none in any other."""

    def __init__(self, found: dict[str, tuple[str, ...]]) -> None:
        self.found = found

    def classify(self, texts: Iterable[str]) -> list[Said]:
        return [Said(self.found.get(text, ())) for text in texts]


def single(
    stated: tuple[str, ...], absent: tuple[str, ...], text: str = "x", kind: str = "what_if", language: str = "en"
) -> BehaviourCase:
    return BehaviourCase(kind, language, (text,), stated, absent)


def pair() -> BehaviourCase:
    return BehaviourCase("typos", "en", ("original", "variant"), ("no_help",), ("recurred",))


@pytest.mark.parametrize(
    ("stated", "absent", "found", "fails"),
    [
        # What is stated must be found.
        (("no_help",), (), ("no_help",), False),
        (("no_help",), (), (), True),
        (("no_help", "long_wait"), (), ("long_wait", "no_help"), False),
        (("no_help", "long_wait"), (), ("long_wait",), True),
        # What is absent must not be; of other causes nothing is said.
        (("no_help",), ("recurred",), ("no_help", "recurred"), True),
        (("no_help",), ("recurred",), ("no_help", "other"), False),
        # A star forbids all that is not stated.
        ((), ("*",), (), False),
        ((), ("*",), ("other",), True),
        (("no_help",), ("*",), ("no_help",), False),
        (("no_help",), ("*",), ("no_help", "other"), True),
    ],
)
@pytest.mark.parametrize("kind", ["what_if", "sarcasm"])
def test_a_case_of_one_text_fails_when_its_answer_is_wrong(
    kind: str, stated: tuple[str, ...], absent: tuple[str, ...], found: tuple[str, ...], fails: bool
) -> None:
    report = failures(Fake({"x": found}), [single(stated, absent, kind=kind)])
    assert report.kinds[kind].failures.count == fails
    assert report.kinds[kind].wrong is None


@pytest.mark.parametrize(
    ("original", "variant", "changes", "wrong"),
    [
        (("no_help",), ("no_help",), False, False),
        (("no_help", "other"), ("other", "no_help"), False, False),
        (("no_help",), ("no_help", "other"), True, False),
        ((), ("no_help",), True, False),
        (("no_help",), (), True, True),
        ((), (), False, True),
        (("no_help", "recurred"), ("no_help", "recurred"), False, True),
    ],
)
def test_a_case_of_two_texts_fails_when_the_answer_changes_and_is_wrong_when_the_variants_is(
    original: tuple[str, ...], variant: tuple[str, ...], changes: bool, wrong: bool
) -> None:
    report = failures(Fake({"original": original, "variant": variant}), [pair()])
    figures = report.kinds["typos"]
    assert figures.failures.count == changes
    assert figures.wrong is not None
    assert figures.wrong.count == wrong


CASES = [
    single((), ("*",), "a", "promise_kept"),
    single((), ("*",), "b", "promise_kept", "nb"),
    single((), ("*",), "c", "promise_kept", "nb"),
    single(("no_help",), (), "d", "sarcasm"),
    pair(),
]
FAKE = Fake({"b": ("other",), "original": ("no_help",)})
"""Fails one of three kept promises, the sarcasm, and the pair, whose variant it gets wrong too."""


def test_figures_are_those_counted_by_hand() -> None:
    report = failures(FAKE, CASES)
    assert report.all.failures == rate([False, True, False, True, True])
    assert report.all.wrong == rate([True])
    assert {name: own.failures.share for name, own in report.groups.items()} == {
        "negation": pytest.approx(1 / 3),
        "invariance": 1,
        "others": 1,
    }
    assert report.kinds["promise_kept"].parts == {"en": rate([False]), "nb": rate([True, False])}
    assert report.languages["nb"].failures == rate([True, False])
    assert report.languages["en"].parts == {
        "promise_kept": rate([False]),
        "sarcasm": rate([True]),
        "typos": rate([True]),
    }


def test_only_groups_kinds_and_languages_that_have_cases_are_reported() -> None:
    report = failures(FAKE, CASES[1:3])
    assert (list(report.groups), list(report.kinds), list(report.languages)) == (["negation"], ["promise_kept"], ["nb"])


def test_examples_come_from_every_language_before_two_from_one() -> None:
    cases = [single((), ("*",), text, language=code) for text, code in (("a", "bg"), ("b", "bg"), ("c", "zh"))]
    fake = Fake(dict.fromkeys("abc", ("other",)))
    assert [v.case.texts for v in failures(fake, cases, examples=2).kinds["what_if"].examples] == [("a",), ("c",)]
    assert [v.case.texts for v in failures(fake, cases, examples=9).languages["bg"].examples] == [("a",), ("b",)]
    assert failures(fake, cases).kinds["what_if"].examples == ()


def test_an_example_says_what_was_found_what_is_missing_and_what_is_unwanted() -> None:
    fake = Fake({"x": ("recurred", "other")})
    report = failures(fake, [single(("no_help",), ("recurred",))], examples=1)
    [example] = report.to_dict()["kinds"]["what_if"]["examples"]
    assert (example["found"], example["missing"], example["unwanted"]) == (
        (("recurred", "other"),),
        ("no_help",),
        ("recurred",),
    )


def test_the_report_is_ready_for_json() -> None:
    found = json.loads(json.dumps(failures(FAKE, CASES, examples=1).to_dict()))
    assert found["kinds"]["typos"]["group"] == "invariance"
    assert found["kinds"]["typos"]["failures"]["count"] == 1
    assert found["kinds"]["promise_kept"]["parts"]["nb"]["share"] == 0.5
    assert found["languages"]["en"]["examples"][0]["kind"] == "sarcasm"


def test_no_cases_are_refused() -> None:
    with pytest.raises(LabelError, match="there are no cases to judge by; check --kind"):
        failures(FAKE, [])


def test_progress_counts_texts_up_to_the_last() -> None:
    done: list[int] = []
    failures(FAKE, [pair()] * 50, progress=done.append)
    assert done == sorted(done)
    assert (len(done) > 1, done[-1]) == (True, 100)


@pytest.mark.parametrize(
    ("count", "cases", "low", "high"),
    # Roots of (p - k/n)^2 = z^2 p (1 - p) / n, solved by bisection.
    [(0, 48, 0.0, 0.07410), (24, 48, 0.36390, 0.63610), (48, 48, 0.92590, 1.0), (1, 1, 0.20655, 1.0)],
)
def test_the_interval_holds_the_shares_that_a_score_test_does_not_reject(
    count: int, cases: int, low: float, high: float
) -> None:
    found = wilson_interval(count, cases)
    assert found == pytest.approx((low, high), abs=1e-4)
    for bound in (edge for edge in found if 0 < edge < 1):
        deviation = abs(bound - count / cases) / (bound * (1 - bound) / cases) ** 0.5
        assert deviation == pytest.approx(1.959964, abs=1e-5)


def test_a_rate_is_a_share_inside_its_interval() -> None:
    found = rate([True, False, False, False])
    assert found == Rate(1, 4, 0.25, *wilson_interval(1, 4))
    assert found.low < 0.25 < found.high


def test_a_model_that_knows_its_comments_by_heart_passes(
    classifier: CauseClassifier, rows: list[LabelledComment]
) -> None:
    learnt = [row for row in rows if row.split == "train"]
    right = [single(row.labels, ("*",), row.text) for row in learnt]
    assert failures(classifier, right).all.failures.share < 0.1
    swapped = [single(("recurred",), (), row.text) for row in learnt]
    assert failures(classifier, swapped).all.failures.share > 0.9
