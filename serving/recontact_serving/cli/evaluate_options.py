"""The options of `recontact evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from recontact_serving.cli.label_options import LABELS_HELP

Model = Annotated[str, typer.Argument(help="Model folder, registry, or `bundled`.")]
Labels = Annotated[
    list[Path] | None, typer.Argument(metavar="[LABELS…]", help=f"{LABELS_HELP} Default: the shipped ones.")
]
Baseline = Annotated[
    bool, typer.Option("--baseline", help="Train TF-IDF + logistic regression on the same rows and compare.")
]
Frozen = Annotated[
    list[str] | None,
    typer.Option(metavar="ENCODER", help="The same with a logistic regression on an encoder left as it is."),
]
Setfit = Annotated[
    list[str] | None, typer.Option(metavar="ENCODER", help="The same with SetFit on an encoder (setfit extra).")
]
SetfitSteps = Annotated[int, typer.Option(min=1, help="Batches of pairs that SetFit learns from.")]
Index = Annotated[
    Path | None, typer.Option(help="Judge on real comments: `shipped`, or a file of ids and labels. Needs --texts.")
]
Texts = Annotated[Path | None, typer.Option(help="JSONL with the id and text of the comments of --index.")]
Written = Annotated[
    bool, typer.Option("--written", help="With --index: judge on LABELS (or the shipped ones) too, apart.")
]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Write all figures as JSON.")]
ReportFile = Annotated[Path | None, typer.Option(help="Write a report with figures and mistakes, one HTML file.")]
Card = Annotated[Path | None, typer.Option(help="Write the figures into a model card, between its two markers.")]
