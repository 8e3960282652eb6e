"""Behavioural cases: comments that each try one thing a model must find, or must not; their kinds and their reading."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recontact_data.errors import LabelError
from recontact_data.json_rows import check_lists, check_texts, read_json_rows
from recontact_data.labels import LabelledComment
from recontact_data.near_duplicates import near_duplicates
from recontact_data.taxonomy import NONE, Taxonomy

BEHAVIOUR = Path(__file__).resolve().parent / "behaviour"
"""Where the shipped cases lie: one `<language>.jsonl` each."""
ALL_OTHERS = "*"
"""Stands in `absent` for every cause that is not stated."""
NEGATION, INVARIANCE, OTHERS = "negation", "invariance", "others"
GROUPS = (NEGATION, INVARIANCE, OTHERS)


@dataclass(frozen=True)
class Kind:
    """What the cases of one kind have in common: their group, and what is tried."""

    group: str
    tries: str

    @property
    def texts(self) -> int:
        """Texts of a case: an original and a variant where the answer must not change, else one."""
        return 2 if self.group == INVARIANCE else 1


KINDS = {
    "promise_kept": Kind(NEGATION, "a promised call or answer that came"),
    "promise_broken": Kind(OTHERS, "a promised call or answer that never came"),
    "fixed_at_once": Kind(NEGATION, "what was done solved it"),
    "fixed_then_broke": Kind(OTHERS, "it was solved, and came back"),
    "never_fixed": Kind(OTHERS, "what was done changed nothing"),
    "done_on_time": Kind(NEGATION, "done by the day that was named"),
    "deadline_missed": Kind(OTHERS, "not done by the day that was named"),
    "answered_at_once": Kind(NEGATION, "somebody answered straight away"),
    "gave_up_waiting": Kind(OTHERS, "a wait given up, or no way through"),
    "answer_was_right": Kind(NEGATION, "what they were told was true"),
    "answer_was_wrong": Kind(OTHERS, "what they were told was untrue"),
    "all_was_explained": Kind(NEGATION, "nothing was left unclear"),
    "something_missing": Kind(OTHERS, "something was unclear or left out"),
    "helped_well": Kind(NEGATION, "somebody helped, though it may have looked otherwise"),
    "no_help_given": Kind(OTHERS, "refused, sent away, passed around"),
    "somebody_elses_failure": Kind(OTHERS, "another company failed, this one did not"),
    "what_if": Kind(NEGATION, "a failure feared, imagined or wished away that did not happen"),
    "price_or_product": Kind(OTHERS, "anger at a price or a product"),
    "plain_praise": Kind(OTHERS, "praise and nothing else"),
    "sarcasm": Kind(OTHERS, "praise by its words, a failure by its meaning"),
    "small_negation": Kind(NEGATION, "a small word decides: one case with the failure, one without"),
    "tense": Kind(OTHERS, "a failure that is over in one case and goes on in the next"),
    "two_causes": Kind(OTHERS, "two causes in one comment"),
    "long_story": Kind(OTHERS, "a cause in passing in a long comment"),
    "typos": Kind(INVARIANCE, "slips of the keyboard"),
    "letter_case": Kind(INVARIANCE, "all capitals or none (Chinese: full-width signs)"),
    "diacritics": Kind(INVARIANCE, "no accents or apostrophes; Latin letters for Cyrillic, Traditional for Simplified"),
    "names_and_numbers": Kind(INVARIANCE, "other people, places, sums and days"),
    "order": Kind(INVARIANCE, "the same said in another order"),
    "padding": Kind(INVARIANCE, "a greeting before it, a farewell after it"),
    "emoji_and_signs": Kind(INVARIANCE, "emoji and punctuation put in or taken out"),
    "english": Kind(INVARIANCE, "the same in English (English: American for British)"),
}
"""The kinds by name, in the order of the files."""


@dataclass(frozen=True)
class BehaviourCase:
    """One comment, or a comment and its variant, with what must and must not be found in it.

    Attributes:
        kind: One of `KINDS`.
        language: Language code of the first text.
        texts: The comment; in a kind of invariance the comment and a variant that says the same.
        stated: Causes that must be found.
        absent: Causes that must not be; `*` alone means every cause that is not stated.
    """

    kind: str
    language: str
    texts: tuple[str, ...]
    stated: tuple[str, ...]
    absent: tuple[str, ...]


def behaviour_files() -> list[Path]:
    """The files of cases that ship with the package, one a language."""
    return sorted(BEHAVIOUR.glob("*.jsonl"))


def read_cases(paths: Iterable[Path], taxonomy: Taxonomy) -> list[BehaviourCase]:
    """Reads files of cases.

    Args:
        paths: JSONL files, a case a line with all five fields.
        taxonomy: The causes and languages a case may name.

    Raises:
        LabelError: a file cannot be read, a line is no valid case, or a text stands twice in the files;
            names the file and the line.
    """
    cases: list[BehaviourCase] = []
    places: dict[str, str] = {}
    for path in paths:
        for number, row in read_json_rows(path):
            place = f"{path} line {number}"
            try:
                case = _case(row)
                if problem := next(_problems(case, taxonomy, places), None):
                    raise LabelError(problem)
            except LabelError as error:
                raise LabelError(f"{place}: {error}") from error
            places |= {_plain(text): place for text in case.texts}
            cases.append(case)
    return cases


def _case(row: dict[str, Any]) -> BehaviourCase:
    check_texts(row, "kind", "language")
    check_lists(row, "texts", "stated", "absent")
    known = BehaviourCase.__dataclass_fields__
    if unknown := sorted(set(row) - set(known)):
        raise LabelError(f"unknown field {unknown[0]!r}; known: {', '.join(known)}")
    texts, stated, absent = (tuple(row[name]) for name in ("texts", "stated", "absent"))
    return BehaviourCase(row["kind"], row["language"], texts, stated, absent)


def _problems(case: BehaviourCase, taxonomy: Taxonomy, places: dict[str, str]) -> Iterator[str]:
    if case.kind not in KINDS:
        yield f"kind {case.kind!r} is not one of {', '.join(KINDS)}"
        return
    if case.language not in taxonomy.languages:
        yield f"language {case.language!r} is not one of {', '.join(taxonomy.languages)}"
    yield from _text_problems(case, places)
    yield from _cause_problems(case, taxonomy)


def _text_problems(case: BehaviourCase, places: dict[str, str]) -> Iterator[str]:
    if len(case.texts) != (wanted := KINDS[case.kind].texts):
        yield f"{len(case.texts)} texts; a case of kind {case.kind!r} has {wanted}"
    for text in case.texts:
        if not text.strip():
            yield "a text is empty; write one or take the case out"
        elif there := places.get(_plain(text)):
            yield f"the text {text!r} stands in {there} already; take one out"
    # Only the letters' case may tell a variant from its original, so nothing is folded here.
    if len(set(case.texts)) < len(case.texts):
        yield f"both texts are {case.texts[0]!r}; the second must be a variant"


def _cause_problems(case: BehaviourCase, taxonomy: Taxonomy) -> Iterator[str]:
    if ALL_OTHERS in case.absent and len(case.absent) > 1:
        yield f"absent {list(case.absent)} names causes beside {ALL_OTHERS!r}, which stands for all; leave them out"
    named = [*case.stated, *(cause for cause in case.absent if cause != ALL_OTHERS)]
    if unknown := [cause for cause in named if cause not in taxonomy.ids]:
        yield f"{unknown[0]!r} is not a cause; known: {', '.join(taxonomy.ids)}"
    if twice := [cause for cause, count in Counter(named).items() if count > 1]:
        yield f"cause {twice[0]!r} stands twice in stated and absent; name it once"
    if not case.stated and not case.absent:
        yield f"stated and absent are both empty; name a cause, or {ALL_OTHERS!r} in absent"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def shipped_problems(cases: Sequence[BehaviourCase], rows: Sequence[LabelledComment]) -> Iterator[tuple[str, str]]:
    """Yields (where, what is wrong) for a whole set of cases: kinds a language lacks, texts known from training.

    Args:
        cases: The set.
        rows: The labelled comments, which a model has learnt by heart; no case may nearly repeat one.
    """
    counts = Counter((case.language, case.kind) for case in cases)
    languages = sorted({case.language for case in cases})
    yield from (
        (code, f"has no behavioural case of kind {kind}")
        for code in languages
        for kind in KINDS
        if not counts[code, kind]
    )
    # Rows of one pair are not compared, so only cases with comments are.
    learnt = [replace(row, pair="learnt") for row in rows if row.language in languages]
    asked = [
        LabelledComment(f"{case.kind} ({case.language}) {text!r}", text, case.language, (), NONE, pair="asked")
        for case in cases
        for text in case.texts
    ]
    yield from near_duplicates([*learnt, *asked])


def kinds_table(cases: Sequence[BehaviourCase]) -> str:
    """A Markdown table of the kinds, what each tries, and its cases by language."""
    counts = Counter((case.kind, case.language) for case in cases)
    languages = sorted({case.language for case in cases})
    lines = [["kind", "group", "tries", *languages, "all"], ["---"] * (len(languages) + 4)]
    for name, kind in KINDS.items():
        own = [counts[name, code] for code in languages]
        lines.append([name, kind.group, kind.tries, *map(str, [*own, sum(own)])])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
