"""The figures of `recontact evaluate` on a terminal: a model and its baselines side by side."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from recontact_training.evaluate import CauseFigures
    from recontact_training.reliability import CalibrationError
    from recontact_training.resampling import Estimate
    from recontact_training.sections import Evaluation, Section

HEADLINE = ("macro_f1", "main_f1", "micro_f1", "exact", "primary", "reviewed", "stated", "stated_unreviewed")


def show(console: "Console", section: "Section", evaluation: "Evaluation") -> None:
    """Prints one section: overall, by cause, by language; intervals in brackets."""
    from rich.table import Table

    kind = "real " if section.name == "real" else ""
    title = f"{section.assessment.report.rows} {kind}comments"
    table = Table("", evaluation.manifest.model_version, *section.baselines, title=title, title_justify="left")
    for part in (_headline, _causes, _languages):
        for name, *figures in part(section):
            table.add_row(name, *figures)
        table.add_section()
    console.print(table)


def _headline(section: "Section") -> Iterator[list[str]]:
    found = section.assessment
    for name in HEADLINE:
        title = f"exact (always none: {found.report.none:.3f})" if name == "exact" else name
        own = getattr(found.overall, name, None)
        shown = with_interval(own) if own is not None else plain(getattr(found.report, name))
        yield [title, shown, *(plain(getattr(b.report, name)) for b in section.baselines.values())]
    blank = [""] * len(section.baselines)
    yield ["calibration (by chance)", _calibration(found.overall.calibration), *blank]
    yield ["evidence_f1", plain(found.report.evidence_f1), *blank]


def _causes(section: "Section") -> Iterator[list[str]]:
    for cause, own in section.assessment.by_cause.items():
        shown = f"{with_interval(own.f1)}, said {own.predicted}" if own.support else f"said {own.predicted}"
        others = (_cause_figure(b.report.causes[cause]) for b in section.baselines.values())
        yield [f"F1 {cause} ({own.support})", shown, *others]


def _languages(section: "Section") -> Iterator[list[str]]:
    for code, own in section.assessment.by_language.items():
        others = (plain(b.report.languages[code]) for b in section.baselines.values())
        yield [f"macro-F1 {code} ({own.rows})", with_interval(own.macro_f1), *others]


def _cause_figure(figures: "CauseFigures") -> str:
    return f"{figures.f1:.3f}, said {figures.predicted}" if figures.support else f"said {figures.predicted}"


def _calibration(error: "CalibrationError") -> str:
    return f"{error.value:.3f} ({error.chance:.3f})"


def with_interval(figure: "Estimate") -> str:
    """A figure and its interval, nothing for NaN."""
    known = plain(figure.value)
    return f"{known} ({figure.low:.2f}–{figure.high:.2f})" if known and figure.low == figure.low else known


def plain(value: float) -> str:
    """A figure with three digits, nothing for NaN."""
    return "" if value != value else f"{value:.3f}"
