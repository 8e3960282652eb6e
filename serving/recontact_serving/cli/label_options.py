"""The options of every command that reads labelled comments, and how it reads them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from recontact_data.labels import LabelledComment
    from recontact_data.taxonomy import Taxonomy

LABELS_HELP = "Labelled comments: CSV, TSV, XLSX, Parquet or JSONL."
TextColumn = Annotated[str | None, typer.Option(help="Column that holds the comments.")]
LabelColumn = Annotated[str | None, typer.Option(help="Column that holds the causes, ; between several.")]
Encoding = Annotated[str | None, typer.Option(help="Encoding of text files, such as cp1252.")]
SkipBadRows = Annotated[
    bool, typer.Option("--skip-bad-rows", help="Set broken rows aside in a file, leave out those without a text.")
]

SplitName = Literal["test", "validation", "train", "all"]
Split = Annotated[SplitName, typer.Option(help="Which comments to measure on.")]


def read_labels(
    paths: "Sequence[Path]",
    taxonomy: "Taxonomy",
    text_column: str | None,
    label_column: str | None,
    encoding: str | None,
    skip_bad_rows: bool,
) -> "list[LabelledComment]":
    """Reads label files with the options given; warnings go to standard error."""
    from recontact_data.label_files import LabelOptions, read_label_files

    options = LabelOptions(text_column, label_column, encoding, skip_bad_rows)
    return read_label_files(paths, taxonomy, options, report=lambda message: typer.echo(message, err=True))


def split_rows(
    paths: "Sequence[Path] | None",
    taxonomy: "Taxonomy",
    text_column: str | None,
    label_column: str | None,
    encoding: str | None,
    skip_bad_rows: bool,
) -> "list[LabelledComment]":
    """The comments of label files, or those that ship; those without a split get one, as in training."""
    from recontact_data.labels import load_labelled
    from recontact_data.splits import with_splits

    if not paths:
        return load_labelled()
    return with_splits(read_labels(paths, taxonomy, text_column, label_column, encoding, skip_bad_rows))


def in_split(rows: "Sequence[LabelledComment]", split: SplitName) -> "list[LabelledComment]":
    """Those of a split."""
    return [row for row in rows if split in ("all", row.split)]
