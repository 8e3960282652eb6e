"""The report on an evaluation: one HTML page for the owner of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from recontact import __version__
from recontact_data.taxonomy import NONE, Taxonomy
from recontact_serving.report.charts import Measured, interval_chart, svg
from recontact_serving.report.evaluation_charts import confusion_chart, coverage_chart, reliability_chart
from recontact_serving.report.evaluation_findings import Finding, findings
from recontact_serving.report.page import render
from recontact_training.resampling import RESAMPLES, Estimate
from recontact_training.sections import Evaluation, Section

TITLES = {"written": "Labelled comments", "real": "Real comments"}
SURE = (
    ("macro_f1", "F1, mean over the causes"),
    ("main_f1", "F1, mean over the main causes"),
    ("average_precision", "Average precision, mean over the causes"),
    ("precision", "Precision: causes said that are stated"),
    ("recall", "Recall: causes stated that are said"),
    ("exact", "Every cause of the comment right"),
    ("primary", "The main cause of the comment named"),
    ("stated", "The named cause is stated"),
    ("stated_unreviewed", "The same, among answers not flagged"),
    ("reviewed", "Flagged for review"),
)


@dataclass(frozen=True)
class Part:
    """One section as the page shows it: its title, findings and charts."""

    title: str
    section: Section
    findings: tuple[Finding, ...]
    charts: dict[str, Markup]


def evaluation_page(evaluation: Evaluation) -> str:
    """The whole page, self-contained: figures are SVG, the style is in it, nothing is loaded from elsewhere."""
    taxonomy = evaluation.taxonomy
    return render(
        "evaluation.html",
        evaluation=evaluation,
        manifest=evaluation.manifest,
        parts=[_part(section, taxonomy) for section in evaluation.sections],
        names={cause: taxonomy.name(cause) for cause in (*taxonomy.ids, NONE)},
        headline=SURE,
        resamples=RESAMPLES,
        program=__version__,
    )


def _part(section: Section, taxonomy: Taxonomy) -> Part:
    return Part(TITLES[section.name], section, findings(section.assessment, taxonomy), _charts(section, taxonomy))


def _charts(section: Section, taxonomy: Taxonomy) -> dict[str, Markup]:
    found = section.assessment
    names = [taxonomy.name(cause) for cause in found.confusion.causes]
    causes = {taxonomy.name(cause): own.f1 for cause, own in found.by_cause.items()}
    languages = {code: own.macro_f1 for code, own in found.by_language.items()}
    return {
        "causes": svg(interval_chart(_measured(causes), "F1"), "F1 of each cause with its interval"),
        "languages": svg(interval_chart(_measured(languages), "F1"), "F1 of each language with its interval"),
        "reliability": svg(reliability_chart(found.reliability), "Share of right answers against confidence"),
        "coverage": svg(
            coverage_chart(found.coverage, 1 - found.overall.reviewed.value), "Share of right answers among the surest"
        ),
        "confusion": svg(confusion_chart(found.confusion, names), "Primary causes against answered ones"),
    }


def _measured(figures: Mapping[str, Estimate]) -> Sequence[Measured]:
    """Figures for a chart, the highest first."""
    known = [Measured(name, own.value, own.low, own.high) for name, own in figures.items() if own.value == own.value]
    return sorted(known, key=lambda row: -row.value)
