"""`recontact evaluate`: how good a model is on labelled comments."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recontact_serving.cli.label_options import LABELS_HELP, Encoding, LabelColumn, SkipBadRows, TextColumn, read_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from recontact_data.labels import LabelledComment
    from recontact_data.taxonomy import Taxonomy
    from recontact_training.evaluate import CauseFigures, Report


def evaluate(
    model: Annotated[str, typer.Argument(help="Model folder, or `bundled`.")],
    labels: Annotated[
        list[Path] | None, typer.Argument(metavar="[LABELS…]", help=f"{LABELS_HELP} Default: the shipped ones.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split to evaluate on: test, validation, train or all.")] = "test",
    baseline: Annotated[
        bool, typer.Option("--baseline", help="Train TF-IDF + logistic regression on the same rows and compare.")
    ] = False,
    index: Annotated[
        Path | None,
        typer.Option(help="Judge on real comments: `shipped`, or a file of ids and labels. Needs --texts."),
    ] = None,
    texts: Annotated[Path | None, typer.Option(help="JSONL with the id and text of the comments of --index.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the figures as JSON.")] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    encoding: Encoding = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Show the figures of a model, by cause and by language.

    Exact: every cause of a comment is right; beside it, what always answering "no cause" would reach.
    Primary: the named cause is the main one. Stated: it is one of those stated.
    Reviewed: share of answers flagged for review; stated_unreviewed: stated, among the rest.
    A cause's "said" is how many comments the model finds it in, to compare with how many state it.
    Blank: nothing to measure it by.

    Examples:
      recontact evaluate bundled --baseline
      recontact evaluate my-model labels.csv --split validation -o figures.json
      recontact evaluate bundled --index shipped --texts pool.jsonl
    """
    from rich.console import Console

    from recontact import CauseClassifier
    from recontact_data.errors import MissingExtraError
    from recontact_data.labels import SPLITS, load_labelled
    from recontact_data.output_file import check_writable
    from recontact_data.splits import with_splits
    from recontact_data.writers import write_json

    if split not in (*SPLITS, "all"):
        raise typer.BadParameter(f"{split!r} is not one of {', '.join(SPLITS)}, all", param_hint="--split")
    _check_index(index, texts, only_files=bool(labels) and not baseline)
    if output is not None:
        check_writable(output)
    try:
        from recontact_training.evaluate import evaluate as figures_of
    except ImportError as error:
        raise MissingExtraError("recontact evaluate", "train") from error
    classifier = CauseClassifier.load(None if model == "bundled" else model)
    rows: list[LabelledComment] = []
    if (index is None or baseline) and labels:
        read = read_labels(labels, classifier.taxonomy, text_column, label_column, encoding, skip_bad_rows)
        rows = with_splits(read)
    elif index is None or baseline:
        rows = load_labelled()
    judged = rows if index is None or texts is None else real_comments(index, texts, classifier.taxonomy)
    chosen = [row for row in judged if split in ("all", row.split)]
    reports = {classifier.model_version: figures_of(classifier, chosen)}
    if baseline:
        reports["TF-IDF"] = _baseline(rows, chosen, classifier.taxonomy)
    show(Console(), reports, classifier.taxonomy, title=f"{len(chosen)} {'real ' if index else ''}comments")
    if output is not None:
        write_json(output, {name: report.to_dict() for name, report in reports.items()})


def _check_index(index: Path | None, texts: Path | None, *, only_files: bool) -> None:
    """Refuses options that do not go together."""
    from recontact_data.errors import LabelError

    if index is not None and texts is None:
        raise LabelError("the index holds no texts; pass the file that does with --texts")
    if texts is not None and index is None:
        raise LabelError("--texts goes with --index; add --index shipped, or an index of your own")
    if index is not None and only_files:
        raise LabelError(
            "--index judges on real comments alone; leave the files out, or add --baseline to learn from them"
        )


def real_comments(index: Path, texts: Path, taxonomy: "Taxonomy") -> "list[LabelledComment]":
    """The comments of an index of real ones, their texts from a file.

    Raises:
        LabelError: the index is not in order, or texts are missing.
    """
    from recontact_data.errors import LabelError
    from recontact_data.real_index import INDEX, index_problems, join_texts, read_index

    found = read_index(INDEX if str(index) == "shipped" else index)
    if wrong := list(index_problems(found, taxonomy)):
        raise LabelError(f"{index}: {wrong[0][0]}: {wrong[0][1]} ({len(wrong)} such problems); mend the index")
    return join_texts(found, texts)


def _baseline(rows: "Sequence[LabelledComment]", chosen: "Sequence[LabelledComment]", taxonomy: "Taxonomy") -> "Report":
    from recontact_data.ngram_baseline import baseline_predictions
    from recontact_training.evaluate import evaluate_predictions

    train, validation = ([row for row in rows if row.split == split] for split in ("train", "validation"))
    predicted = baseline_predictions(train, validation, chosen, taxonomy)
    return evaluate_predictions(predicted, chosen, taxonomy)


def show(console: "Console", reports: "dict[str, Report]", taxonomy: "Taxonomy", title: str) -> None:
    """Prints reports side by side: overall, by cause, by language."""
    from rich.table import Table

    first = next(iter(reports.values()))
    table = Table("", *reports, title=title, title_justify="left")
    for name in (
        "macro_f1", "main_f1", "micro_f1", "exact", "primary", "reviewed", "stated", "stated_unreviewed", "evidence_f1",
    ):  # fmt: skip
        title = f"exact (always none: {first.none:.3f})" if name == "exact" else name
        table.add_row(title, *(_figure(getattr(report, name)) for report in reports.values()))
    table.add_section()
    for cause in taxonomy.ids:
        table.add_row(
            f"F1 {cause} ({first.causes[cause].support})",
            *(_cause_figure(report.causes[cause]) for report in reports.values()),
        )
    table.add_section()
    for code in first.languages:
        table.add_row(f"macro-F1 {code}", *(_figure(report.languages[code]) for report in reports.values()))
    table.add_section()
    for code in first.languages:
        table.add_row(f"main-cause F1 {code}", *(_figure(report.main_languages[code]) for report in reports.values()))
    console.print(table)


def _cause_figure(figures: "CauseFigures") -> str:
    return f"{figures.f1:.3f}, said {figures.predicted}" if figures.support else f"said {figures.predicted}"


def _figure(value: float) -> str:
    return "" if value != value else f"{value:.3f}"
