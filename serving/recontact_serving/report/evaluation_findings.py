"""What an evaluation says to an owner's three questions, in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass

from recontact_data.taxonomy import Taxonomy
from recontact_serving.report.page import figure, percent
from recontact_training.assessment import Assessment
from recontact_training.intervals import CauseEstimates
from recontact_training.selective import Confusion

FEWEST = 20
"""Comments from which a cause or language is called best or weakest; fewer say little."""
CLOSE = 0.03
ROUGH = 0.08


@dataclass(frozen=True)
class Finding:
    """A question, its answer in a word or number, and the sentences that bear it out."""

    question: str
    answer: str
    sentences: tuple[str, ...]


def findings(found: Assessment, taxonomy: Taxonomy) -> tuple[Finding, ...]:
    """The three questions, answered from one section."""
    return _quality(found, taxonomy), _trust(found), _mistakes(found, taxonomy)


def _quality(found: Assessment, taxonomy: Taxonomy) -> Finding:
    macro = found.overall.macro_f1
    causes = {taxonomy.name(cause): (own.support, own.f1.value) for cause, own in found.by_cause.items()}
    languages = {code: (own.rows, own.macro_f1.value) for code, own in found.by_language.items()}
    sentences = (
        f"F1, the balance of finding causes and not inventing any, is {figure(macro.value)} on average; "
        f"other comments of the same kind would give {figure(macro.low)} to {figure(macro.high)}.",
        f"Every cause of a comment is right in {percent(found.overall.exact.value)} of the comments.",
        _extremes("cause", causes),
        _extremes("language", languages),
    )
    return Finding(
        "How good is it for my languages and causes?", f"F1 {figure(macro.value)}", tuple(filter(None, sentences))
    )


def _extremes(what: str, known: Mapping[str, tuple[int, float]]) -> str:
    """Best and weakest of those with enough comments; nothing if there are not two."""
    ranked = sorted((value, name) for name, (rows, value) in known.items() if rows >= FEWEST and value == value)
    if len(ranked) < 2:
        return ""
    (low, weakest), (high, best) = ranked[0], ranked[-1]
    return f"Best {what}: {best} ({figure(high)}); weakest: {weakest} ({figure(low)})."


def _trust(found: Assessment) -> Finding:
    error = found.overall.calibration
    beyond = error.value - error.chance
    answer = "Yes" if beyond <= CLOSE else "Roughly" if beyond <= ROUGH else "Not as it stands"
    calm = 1 - found.overall.reviewed.value
    precision = found.overall.stated_unreviewed
    sentences = (
        f"The confidence beside an answer is off by {100 * error.value:.1f} points on average, where "
        f"{100 * error.chance:.1f} would come from chance alone.",
        f"{percent(calm)} of the answers are not flagged for review, and {percent(precision.value)} of these are right "
        f"({percent(precision.low)} to {percent(precision.high)}).",
        f"Of all answers, {percent(found.overall.stated.value)} are right.",
    )
    return Finding("May I believe the number beside an answer?", answer, sentences)


def _mistakes(found: Assessment, taxonomy: Taxonomy) -> Finding:
    rows, overall = found.overall.rows, found.overall
    wrong = round(rows * (1 - overall.stated.value))
    calm = round(rows * (1 - overall.reviewed.value))
    unseen = round(calm * (1 - overall.stated_unreviewed.value)) if calm else 0
    sentences = (
        f"{wrong:,} of {rows:,} answers name a cause that the comment does not state, or miss that it states one; "
        f"{unseen:,} of them were not flagged for review.",
        _most_missed(found.by_cause, taxonomy),
        _most_confused(found.confusion, taxonomy),
    )
    return Finding("What are its mistakes?", f"{wrong:,} of {rows:,}", tuple(filter(None, sentences)))


def _most_missed(causes: Mapping[str, CauseEstimates], taxonomy: Taxonomy) -> str:
    missed = {cause: own.support * (1 - own.recall.value) for cause, own in causes.items() if own.support}
    if not any(missed.values()):
        return ""
    cause = max(missed, key=lambda name: missed[name])
    return (
        f"Missed most often: {taxonomy.name(cause)}, in {round(missed[cause])} of the {causes[cause].support} comments "
        "that state it."
    )


def _most_confused(found: Confusion, taxonomy: Taxonomy) -> str:
    off = [
        (count, found.causes[i], found.causes[k])
        for i, row in enumerate(found.counts)
        for k, count in enumerate(row)
        if i != k and count
    ]
    if not off:
        return ""
    count, true, said = max(off)
    return f"Most frequent mix-up: {taxonomy.name(true)} answered as {taxonomy.name(said)} ({count})."
