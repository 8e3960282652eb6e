"""`recontact calibrate`: a model fitted to labelled comments without training it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recontact_serving.cli.label_options import LABELS_HELP, Encoding, LabelColumn, SkipBadRows, TextColumn, read_labels

if TYPE_CHECKING:
    from recontact.calibration import Calibration
    from recontact_data.labels import LabelledComment


def calibrate(
    model: Annotated[str, typer.Argument(help="Model folder, or `bundled`.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to make.")],
    labels: Annotated[
        list[Path] | None, typer.Argument(metavar="[LABELS…]", help=f"{LABELS_HELP} Default: the shipped ones.")
    ] = None,
    review_precision: Annotated[
        float, typer.Option(min=0.5, max=0.99, help="Share of the answers without needs_review that must be right.")
    ] = 0.9,
    index: Annotated[
        Path | None, typer.Option(help="Add real comments: `shipped`, or a file of ids and labels. Needs --texts.")
    ] = None,
    texts: Annotated[Path | None, typer.Option(help="JSONL with the id and text of the comments of --index.")] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    encoding: Encoding = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Fit probabilities, cuts and the review bound of a model to labelled comments; what it learnt stays.

    Give comments that the model was not trained on: of rows with a split those of the validation
    split are taken, of others all.

    Examples:
      recontact calibrate bundled labels.csv -o my-model
      recontact calibrate my-model labels.csv --review-precision 0.8 -o my-model-2
    """
    from recontact.artifact import BUNDLED, TAXONOMY, read_manifest
    from recontact.calibration import Calibration
    from recontact.registry import model_folder
    from recontact_data.errors import LabelError, MissingExtraError
    from recontact_data.labels import load_labelled
    from recontact_data.taxonomy import load_taxonomy
    from recontact_serving.cli.compare import progress_bar
    from recontact_serving.cli.evaluate_rows import real_comments
    from recontact_serving.cli.train import quiet_libraries

    if (index is None) != (texts is None):
        raise LabelError("--index and --texts go together: the labels of real comments, and their texts")
    folder = BUNDLED if model == "bundled" else model_folder(Path(model))
    read_manifest(folder)
    causes = load_taxonomy(folder / TAXONOMY)
    columns = (text_column, label_column, encoding, skip_bad_rows)
    rows = _held_out(read_labels(labels, causes, *columns) if labels else load_labelled())
    if index is not None and texts is not None:
        rows += _held_out(real_comments(index, texts, causes))
    try:
        from recontact_training.recalibrate import recalibrate
    except ImportError as error:
        raise MissingExtraError("recontact calibrate", "train") from error
    quiet_libraries()

    def report(message: str) -> None:
        typer.echo(message, err=True)

    with progress_bar("scoring", len(rows)) as advance:
        recalibrate(folder, rows, output, review_precision=review_precision, report=report, advance=advance)
    typer.echo(f"wrote {read_manifest(output).model_version} to {output}", err=True)
    _show(Calibration.load(output), len(rows), causes.ids)


def _held_out(rows: "Sequence[LabelledComment]") -> "list[LabelledComment]":
    return [row for row in rows if row.split in ("", "validation")]


def _show(calibration: "Calibration", count: int, causes: Sequence[str]) -> None:
    """Prints what the calibration can vouch for."""
    if calibration.review_coverage:
        typer.echo(
            f"{calibration.review_coverage:.0%} of the {count} answers need no review; of these "
            f"{calibration.review_precision:.1%} were right; {calibration.review_wanted:.0%} can be vouched for"
        )
    if calibration.curve is not None:
        best = ", ".join(f"{c} {p or 'none'}" for c, p in zip(causes, calibration.curve.best, strict=True))
        typer.echo(f"best --min-precision of each cause: {best}")
