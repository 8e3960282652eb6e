"""`recontact evaluate`: how good a model is on labelled comments."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from recontact_serving.cli.evaluate_options import (
    Baseline,
    Card,
    Frozen,
    Index,
    Labels,
    Model,
    Output,
    ReportFile,
    Setfit,
    SetfitSteps,
    Texts,
    Written,
)
from recontact_serving.cli.label_options import Encoding, LabelColumn, SkipBadRows, Split, TextColumn

if TYPE_CHECKING:
    from recontact import CauseClassifier
    from recontact_serving.cli.evaluate_rows import JudgedRows
    from recontact_training.probe import Predict
    from recontact_training.sections import Evaluation


def evaluate(
    model: Model,
    labels: Labels = None,
    split: Split = "test",
    baseline: Baseline = False,
    frozen: Frozen = None,
    setfit: Setfit = None,
    setfit_steps: SetfitSteps = 2_000,
    index: Index = None,
    texts: Texts = None,
    written: Written = False,
    output: Output = None,
    report: ReportFile = None,
    card: Card = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    encoding: Encoding = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Show the figures of a model, by cause and by language, each with its 95 % bootstrap interval.

    Exact: every cause of a comment is right; beside it, what always answering "no cause" would reach.
    Primary: the named cause is the main one. Stated: it is one of those stated.
    Reviewed: share of answers flagged for review; stated_unreviewed: stated, among the rest.
    Calibration: how far confidence is from "stated", in ten bins; beside it, what chance alone would show.
    A cause's "said" is how many comments the model finds it in, to compare with how many state it.
    Blank: nothing to measure it by.

    Examples:
      recontact evaluate bundled --baseline
      recontact evaluate my-model labels.csv --report report.html -o figures.json
      recontact evaluate bundled --index shipped --texts pool.jsonl --written --card model/README.md
      recontact evaluate my-model labels.csv --baseline --frozen training/encoder --setfit training/encoder
    """
    from recontact import CauseClassifier
    from recontact_serving.cli.evaluate_rows import RowOptions, check_options, judged_rows

    options = RowOptions(
        tuple(labels or ()), split, index, texts, written, bool(baseline or frozen or setfit),
        text_column, label_column, encoding, skip_bad_rows,
    )  # fmt: skip
    check_options(options)
    _check_outputs(output, report, card)
    classifier = CauseClassifier.load(None if model == "bundled" else model)
    rows = judged_rows(options, classifier.taxonomy)
    from recontact_training.baselines import baselines

    wanted = baselines(
        classifier.taxonomy, tfidf=baseline, frozen=frozen or [], setfit=setfit or [], setfit_steps=setfit_steps
    )
    found = _evaluated(classifier, rows, split, wanted)
    _show(found)
    _write(found, output, report, card)


def _check_outputs(output: Path | None, report: Path | None, card: Path | None) -> None:
    """Refuses what could not be written, or made for want of packages, before anything is measured."""
    from recontact_data.errors import MissingExtraError
    from recontact_data.output_file import check_writable

    for path in (output, report, card):
        if path is not None:
            check_writable(path)
    if card is not None:
        from recontact_serving.report.card import read_card

        read_card(card)
    try:
        import recontact_training.sections  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("recontact evaluate", "train") from error
    if report is not None:
        try:
            import recontact_serving.report.evaluation  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("--report", "report") from error


def _evaluated(
    classifier: "CauseClassifier", rows: "JudgedRows", split: str, wanted: "dict[str, Predict]"
) -> "Evaluation":
    from recontact_serving.cli.compare import progress_bar
    from recontact_training.baselines import run_baselines
    from recontact_training.evaluate import check_rows
    from recontact_training.sections import evaluate_sections

    for judged in rows.judged.values():
        check_rows(judged, classifier.taxonomy)
    predicted = run_baselines(wanted, rows.learnt, rows.judged, lambda name: typer.echo(f"training {name}", err=True))
    with progress_bar("classifying", sum(map(len, rows.judged.values()))) as advance:
        return evaluate_sections(classifier, rows.judged, split, predicted, advance)


def _show(found: "Evaluation") -> None:
    from rich.console import Console

    from recontact_serving.cli.evaluate_table import show

    console = Console()
    for section in found.sections:
        show(console, section, found)


def _write(found: "Evaluation", output: Path | None, report: Path | None, card: Path | None) -> None:
    from recontact_data.writers import write_json

    if output is not None:
        write_json(output, found.to_dict())
    if report is not None:
        from recontact_serving.report.evaluation import evaluation_page
        from recontact_serving.report.page import write_page

        write_page(report, evaluation_page(found))
        typer.echo(f"report: {report}", err=True)
    if card is not None:
        from recontact_serving.report.card import write_card

        write_card(card, found)
        typer.echo(f"card: {card}", err=True)
