"""`recontact compare`: a new model against the current one on labelled comments."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recontact_serving.cli.label_options import (
    LABELS_HELP,
    Encoding,
    LabelColumn,
    SkipBadRows,
    Split,
    TextColumn,
    in_split,
    split_rows,
)

if TYPE_CHECKING:
    from rich.console import Console

    from recontact_training.compare import Comparison, Difference


def compare(
    new: Annotated[str, typer.Argument(metavar="NEW", help="Model folder, registry, or `bundled`.")],
    current: Annotated[str, typer.Argument(metavar="CURRENT", help="What it would take the place of.")],
    labels: Annotated[
        list[Path] | None, typer.Argument(metavar="[LABELS…]", help=f"{LABELS_HELP} Default: the shipped ones.")
    ] = None,
    split: Split = "test",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write the figures as JSON.")] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    encoding: Encoding = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Show whether a new model is better than the current one, and how sure that is.

    The comments are drawn anew 1,000 times; 95 %: where the difference lies in most of these draws.
    Better: share of the draws in which the new model is better.
    Blank: nothing to measure it by.

    Examples:
      recontact compare my-model bundled
      recontact compare my-model registry labels.csv --split validation -o difference.json
    """
    from rich.console import Console

    from recontact import CauseClassifier
    from recontact_data.errors import MissingExtraError
    from recontact_data.output_file import check_writable
    from recontact_data.writers import write_json

    if output is not None:
        check_writable(output)
    try:
        from recontact_training.compare import compare as difference_of
    except ImportError as error:
        raise MissingExtraError("recontact compare", "train") from error
    newer, older = (CauseClassifier.load(None if model == "bundled" else model) for model in (new, current))
    rows = split_rows(labels, older.taxonomy, text_column, label_column, encoding, skip_bad_rows)
    chosen = in_split(rows, split)
    with progress_bar("comparing", 2 * len(chosen)) as advance:
        comparison = difference_of(newer, older, chosen, advance)
    show(Console(), comparison)
    if output is not None:
        write_json(output, comparison.to_dict())


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar over `total` comments; yields what moves it by some."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda comments: bar.advance(task, comments)


def show(console: "Console", comparison: "Comparison") -> None:
    """Prints the figures of both models and their differences: overall, by cause, by language."""
    from rich import box
    from rich.table import Table

    title = f"new: {comparison.new}, current: {comparison.current}, {comparison.rows} comments"
    columns = ("", "current", "new", "change", "95 %", "better")
    table = Table(*columns, title=title, title_justify="left", box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for name in ("macro_f1", "main_f1", "exact"):
        table.add_row(name, *_cells(getattr(comparison, name)))
    table.add_section()
    for cause, found in comparison.causes.items():
        table.add_row(f"F1 {cause} ({found.comments})", *_cells(found))
    table.add_section()
    for code, found in comparison.languages.items():
        table.add_row(f"macro-F1 {code} ({found.comments})", *_cells(found))
    console.print(table)


def _cells(found: "Difference") -> list[str]:
    if found.difference != found.difference:  # NaN
        return [""] * 5
    figures = [f"{found.current:.3f}", f"{found.new:.3f}", f"{found.difference:+.3f}"]
    return [*figures, f"{found.low:+.3f} to {found.high:+.3f}", f"{found.better:.1%}"]
