"""The figures of a model card: written between two markers, the rest of the card left as its owner wrote it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from recontact_data.errors import CommentFileError
from recontact_data.output_file import OutputFile

if TYPE_CHECKING:
    from recontact_training.resampling import Estimate
    from recontact_training.sections import Evaluation, Section

BEGIN = "<!-- figures -->"
END = "<!-- end -->"
HEADLINE = (
    ("macro_f1", "F1, mean over the causes"),
    ("main_f1", "F1, mean over the main causes"),
    ("average_precision", "average precision, mean over the causes"),
    ("exact", "every cause of a comment right"),
    ("primary", "main cause named"),
    ("stated", "named cause stated"),
    ("reviewed", "flagged for review"),
    ("stated_unreviewed", "named cause stated, among answers not flagged"),
)
TITLES = {"written": "labelled comments", "real": "real comments"}


def read_card(path: Path) -> tuple[str, str]:
    """What stands before and after the figures of a card, markers included.

    Raises:
        CommentFileError: the file cannot be read, or has not both markers once, in their order.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommentFileError(f"cannot read the model card {path} ({error}); give a UTF-8 Markdown file") from error
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest:
        raise CommentFileError(
            f"{path} must hold {BEGIN} once and {END} after it; put both, on lines of their own, where the figures go"
        )
    return before + BEGIN, END + after


def write_card(path: Path, evaluation: "Evaluation") -> None:
    """Writes measured figures between the markers of a card.

    Raises:
        CommentFileError: the file cannot be read or written, or has no markers.
    """
    before, after = read_card(path)
    file = OutputFile(path)
    try:
        file.temporary.write_text(f"{before}\n{card_figures(evaluation)}\n{after}", encoding="utf-8")
        file.commit()
    finally:
        file.discard()


def card_figures(evaluation: "Evaluation") -> str:
    """The figures as Markdown: a table of each section, with 95 % intervals, then causes and languages."""
    version = evaluation.manifest.model_version
    lines = [f"{version}, measured by `recontact evaluate`; 95 % bootstrap intervals in brackets."]
    for section in evaluation.sections:
        rows = section.assessment.report.rows
        lines += ["", f"On {rows:,} {TITLES[section.name]} ({_split(evaluation.split)}):", ""]
        lines += [*_headline(section), "", *_causes(section), "", *_languages(section)]
        if section.baselines:
            lines += ["", *_baselines(section, version)]
    return "\n".join(lines)


def _split(split: str) -> str:
    return "all splits" if split == "all" else f"{split} split"


def _headline(section: "Section") -> Iterator[str]:
    overall = section.assessment.overall
    yield from ("| | |", "|---|---|")
    for name, title in HEADLINE:
        yield f"| {title} | {_with_interval(getattr(overall, name))} |"
    error = overall.calibration
    yield f"| calibration error of the confidence (by chance alone) | {error.value:.3f} ({error.chance:.3f}) |"


def _causes(section: "Section") -> Iterator[str]:
    yield from (
        "| cause | comments | precision | recall | F1 | average precision | calibration error |",
        "|---|---|---|---|---|---|---|",
    )
    for cause, own in section.assessment.by_cause.items():
        figures = (own.precision, own.recall, own.f1, own.average_precision)
        shown = " | ".join(_with_interval(figure) for figure in figures)
        yield f"| {cause} | {own.support} | {shown} | {own.calibration.value:.3f} |"


def _languages(section: "Section") -> Iterator[str]:
    yield from ("| comments | number | F1 | every cause right | main cause named |", "|---|---|---|---|---|")
    found = section.assessment
    for name, own in {**found.by_language, **found.by_kind}.items():
        shown = " | ".join(_with_interval(figure) for figure in (own.macro_f1, own.exact, own.primary))
        yield f"| {name} | {own.rows} | {shown} |"


def _baselines(section: "Section", version: str) -> Iterator[str]:
    yield from (f"| beside {version} | its F1 | its main-cause F1 | lead of the model in F1 |", "|---|---|---|---|")
    for name, own in section.baselines.items():
        lead = own.lead.macro_f1
        shown = f"{lead.difference:+.3f} ({lead.low:+.3f} to {lead.high:+.3f})"
        yield f"| {name} | {own.report.macro_f1:.3f} | {own.report.main_f1:.3f} | {shown} |"


def _with_interval(figure: "Estimate") -> str:
    if figure.value != figure.value:
        return "–"
    return f"{figure.value:.3f} ({figure.low:.3f}–{figure.high:.3f})"
