"""`recontact train`: labelled comments in, a model folder out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recontact_serving.cli.label_options import LABELS_HELP, Encoding, LabelColumn, SkipBadRows, TextColumn, read_labels

if TYPE_CHECKING:
    from rich.console import Console
    from transformers import TrainerCallback


def train(
    labels: Annotated[list[Path], typer.Argument(metavar="LABELS…", help=LABELS_HELP)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to make.")],
    base: Annotated[
        str | None, typer.Option(help="Encoder folder, hub name or recontact model. Default: the bundled model.")
    ] = None,
    recipe: Annotated[str, typer.Option(help="Recipe: a YAML file, or a name that ships.")] = "finetune",
    taxonomy: Annotated[Path | None, typer.Option(help="Causes of your own (YAML). Default: the bundled ones.")] = None,
    name: Annotated[str, typer.Option(help="Name of the model.")] = "recontact",
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    encoding: Encoding = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Fine-tune a model on labelled comments.

    Examples:
      recontact train labels.csv -o my-model
      recontact train survey.xlsx --text-column Comment --label-column Reason -o my-model
      recontact train nb.jsonl da.jsonl --base xlm-roberta-base --recipe my.yaml -o my-model
    """
    from rich.console import Console

    from recontact.artifact import BUNDLED, read_manifest, taxonomy_file_of
    from recontact_data.errors import MissingExtraError
    from recontact_data.taxonomy import load_taxonomy

    console = Console(stderr=True)
    causes = load_taxonomy(taxonomy_file_of(base or BUNDLED, taxonomy))
    rows = read_labels(labels, causes, text_column, label_column, encoding, skip_bad_rows)
    try:
        from recontact_training.finetune import finetune
        from recontact_training.recipe import FinetuneRecipe, load_recipe
    except ImportError as error:
        raise MissingExtraError("recontact train", "train") from error

    quiet_libraries()
    dials = load_recipe(recipe, FinetuneRecipe)
    finetune(
        rows,
        base or BUNDLED,
        output,
        recipe=dials,
        taxonomy_file=taxonomy,
        name=name,
        report=lambda message: console.print(message, highlight=False),
        callbacks=[_progress_bar(console)],
    )
    console.print(f"wrote {read_manifest(output).model_version} to {output}", highlight=False)


def quiet_libraries() -> None:
    """Keeps the chatter of the training libraries off the terminal; their errors still come through."""
    import logging
    import warnings

    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    for module in ("torch", "copyreg"):
        warnings.filterwarnings("ignore", module=module)


def _progress_bar(console: "Console") -> "TrainerCallback":
    from rich.progress import Progress
    from transformers import TrainerCallback

    class Bar(TrainerCallback):
        """Shows the steps of a training run, and its loss."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.progress = Progress(console=console, transient=True, disable=not console.is_terminal)
            self.task = self.progress.add_task("training", total=state.max_steps)
            self.progress.start()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.progress.update(self.task, completed=state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                loss = float(logs["loss"])
                if console.is_terminal:
                    self.progress.update(self.task, description=f"training, loss {loss:.3f}")
                else:
                    console.print(f"step {state.global_step}/{state.max_steps}: loss {loss:.3f}", highlight=False)

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.progress.stop()

    return Bar()
