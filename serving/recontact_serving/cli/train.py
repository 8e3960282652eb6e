"""`recontact train`: labelled comments in, a model folder out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recontact_serving.cli.keep_option import Keep, old_comments
from recontact_serving.cli.label_options import LABELS_HELP, Encoding, LabelColumn, SkipBadRows, TextColumn, read_labels

if TYPE_CHECKING:
    from rich.console import Console

    from recontact_data.labels import LabelledComment
    from recontact_serving.cli.training_bar import TrainingBar
    from recontact_training.replay import OldRows


def train(
    labels: Annotated[list[Path], typer.Argument(metavar="LABELS…", help=LABELS_HELP)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to make.")],
    base: Annotated[
        str | None,
        typer.Option(help="Recontact model, registry, encoder folder or hub name. Default: the bundled model."),
    ] = None,
    keep: Keep = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="Recipe: a YAML file, or a name that ships. Default: `retrain` for a model of the same causes, "
            "`finetune` otherwise."
        ),
    ] = None,
    taxonomy: Annotated[Path | None, typer.Option(help="Causes of your own (YAML). Default: the bundled ones.")] = None,
    name: Annotated[str, typer.Option(help="Name of the model.")] = "recontact",
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    encoding: Encoding = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Fine-tune a model on labelled comments.

    A model in use learns them beside old ones, so that it does not forget, and is compared with what it was.
    Stopped by Ctrl-C or a crash, the same command goes on where it was.

    Examples:
      recontact train labels.csv -o my-model
      recontact train more.csv --base my-model --keep labels.csv -o my-next-model
      recontact train survey.xlsx --text-column Comment --label-column Reason -o my-model
      recontact train nb.jsonl da.jsonl --base xlm-roberta-base --recipe my.yaml -o my-model
    """
    from rich.console import Console

    from recontact.artifact import read_manifest, taxonomy_file_of
    from recontact_data.errors import LabelError, MissingExtraError
    from recontact_data.taxonomy import load_taxonomy

    console = Console(stderr=True)
    start = _opened(base)
    causes = load_taxonomy(taxonomy_file_of(start, taxonomy))
    columns = (text_column, label_column, encoding, skip_bad_rows)
    rows = read_labels(labels, causes, *columns)
    try:
        from recontact_serving.cli.training_bar import TrainingBar
        from recontact_training.finetune import finetune
        from recontact_training.recipe import FinetuneRecipe, load_recipe
        from recontact_training.replay import OldRows
        from recontact_training.retrain import goes_on
    except ImportError as error:
        raise MissingExtraError("recontact train", "train") from error

    def say(message: str) -> None:
        console.print(message, highlight=False, soft_wrap=True)

    quiet_libraries()
    retrains = goes_on(start, causes)
    if keep and not retrains:
        raise LabelError(f"--keep is for a model that goes on with its causes; give all files as LABELS for {start}")
    dials = load_recipe(recipe or ("retrain" if retrains else "finetune"), FinetuneRecipe)
    old = OldRows()
    if keep or (retrains and dials.replay_rows):
        old = old_comments(start, keep or (), lambda path: read_labels([path], causes, *columns), say)
    bar = TrainingBar(console)
    with _saying_how_to_go_on(bar, say):
        finetune(
            rows, start, output, recipe=dials, taxonomy_file=taxonomy, name=name, old=old, report=say, callbacks=[bar]
        )  # fmt: skip
    say(f"wrote {read_manifest(output).model_version} to {output}")
    if retrains:
        _show_gains(console, output, start, rows, old)
        say(f"see more: recontact compare {output} {base or 'bundled'} {' '.join(map(str, labels))}")
        say(f"put it in service: recontact models add {output} --registry DIR, then recontact models promote")


def _opened(base: str | None) -> str | Path:
    """What a run starts from: the bundled model, the current one of a registry, or what was named."""
    from recontact.artifact import BUNDLED
    from recontact.registry import is_registry, model_folder

    if base is None or base == "bundled":
        return BUNDLED
    return model_folder(Path(base)) if is_registry(Path(base)) else base


@contextmanager
def _saying_how_to_go_on(bar: "TrainingBar", say: Callable[[str], None]) -> Iterator[None]:
    """Ends a run that is stopped with what to do about it."""
    try:
        yield
    except BaseException as error:
        stop = _stop_behind(error)
        if stop is None:
            raise
        bar.bar.stop()
        if bar.saved:
            say(f"stopped at step {bar.step} of {bar.steps}; the same command goes on from step {bar.saved}")
        raise stop from None


def _stop_behind(error: BaseException | None) -> BaseException | None:
    """Ctrl-C or a kill, also where a file that was being written then failed to close; None for an error of its own."""
    while error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
        error = error.__context__
    return error


def _show_gains(console: "Console", new: Path, base: str | Path, rows: "list[LabelledComment]", old: "OldRows") -> None:
    """Prints how the new model does beside its base."""
    from recontact_training.retrain import gains

    with console.status("comparing it with what it started from"):
        found = list(gains(new, Path(base), rows, old))
    for line in found:
        console.print(line, highlight=False, soft_wrap=True)


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
