"""`recontact average`: one model from several that were fine-tuned from the same encoder."""

from pathlib import Path
from typing import Annotated

import typer

from recontact_serving.cli.label_options import Encoding, LabelColumn, SkipBadRows, TextColumn, read_labels


def average(
    models: Annotated[list[Path], typer.Argument(metavar="MODEL MODEL…", help="Model folders.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to make.")],
    share: Annotated[list[float] | None, typer.Option(help="Share of each model, in order. Default: equal.")] = None,
    labels: Annotated[
        list[Path] | None, typer.Option(help="Labelled comments they were trained on. Default: the shipped ones.")
    ] = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    encoding: Encoding = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Average the weights of models fine-tuned from the same encoder.

    Examples:
      recontact average run-1 run-2 --share 0.65 --share 0.35 -o mean
    """
    from recontact.artifact import taxonomy_file_of
    from recontact_data.errors import MissingExtraError
    from recontact_data.labels import load_labelled
    from recontact_data.taxonomy import load_taxonomy
    from recontact_serving.cli.train import quiet_libraries

    try:
        from recontact_training.average import average_models
    except ImportError as error:
        raise MissingExtraError("recontact average", "train") from error
    quiet_libraries()
    causes = load_taxonomy(taxonomy_file_of(models[0]))
    columns = (text_column, label_column, encoding, skip_bad_rows)
    rows = read_labels(labels, causes, *columns) if labels else load_labelled()
    average_models(models, share or [1.0] * len(models), rows, output)
    typer.echo(f"wrote the mean of {len(models)} models to {output}", err=True)
