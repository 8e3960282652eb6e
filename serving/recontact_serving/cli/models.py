"""`recontact models`: a registry of models, and which of them is in service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
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
    from recontact.registry import Registry
    from recontact_data.labels import LabelledComment
    from recontact_training.gate import Verdict

Folder = Annotated[Path, typer.Option("--registry", metavar="DIR", help="Folder of the registry.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Name and version, as `models list` shows them.")]

UNMEASURED = "it was not measured, nor its graph compared with its weights: that needs the train extra"


def list_models(registry: Folder) -> None:
    """List the models of a registry.

    Examples:
      recontact models list --registry registry
    """
    from recontact.artifact import read_manifest
    from recontact.registry import Registry
    from recontact_data.errors import ModelError
    from recontact_serving.cli.whole_table import print_whole

    opened = Registry(registry)
    with _says_current(opened):
        last = {change.version: change for change in opened.history}
        rows = []
        for version in opened.versions:
            try:
                manifest = read_manifest(opened.folder_of(version))
                made, trained = manifest.created, f"{manifest.data.get('train', '?')} comments"
            except ModelError:
                made, trained = "damaged", ""
            at = last[version].at if version in last else ""
            rows.append([version, made, trained, at, "current" if version == opened.current else ""])
        print_whole(["version", "made", "trained on", "last put in service", "now"], rows)


def add(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Model folder, or `bundled`.")], registry: Folder
) -> None:
    """Copy a model into a registry, which is made where there is none; what is in service stays.

    Examples:
      recontact models add my-model --registry registry
    """
    from recontact.artifact import BUNDLED
    from recontact.registry import Registry, model_folder

    source = BUNDLED if model == "bundled" else model_folder(Path(model))
    opened = Registry.create(registry)
    with _says_current(opened):
        typer.echo(f"{opened.add(source)} is in {registry}")


def promote(
    version: Version,
    registry: Folder,
    labels: Annotated[
        list[Path] | None, typer.Option(help=f"{LABELS_HELP} To measure on; default: the shipped ones.")
    ] = None,
    split: Split = "test",
    margin: Annotated[float, typer.Option(min=0.0, max=1.0, help="By how much macro-F1 may fall.")] = 0.02,
    force: Annotated[bool, typer.Option("--force", help="Promote all the same, and say what that overrides.")] = False,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    encoding: Encoding = None,
    skip_bad_rows: SkipBadRows = False,
) -> None:
    """Put a model in service if its files are whole, its graph is right and it is not worse than the current one.

    Worse: macro-F1 falls by more than --margin over all comments, or in a language with 50 of them or more. Measuring
    needs the train extra; without it the first model of a registry, and any with --force, is put in service after its
    checksums alone.

    Examples:
      recontact models promote recontact@2e641ae1ad8d --registry registry
      recontact models promote recontact@2e641ae1ad8d --registry registry --labels labels.csv --margin 0
    """
    from recontact.artifact import TAXONOMY
    from recontact.registry import Registry
    from recontact_data.taxonomy import load_taxonomy

    opened = Registry(registry)
    with _says_current(opened):
        causes = load_taxonomy(opened.folder_of(version) / TAXONOMY)
        current = opened.current
        if version == current:
            return
        if not _can_judge() and (current is None or force):
            opened.promote(version, instead_of=current, overridden=[UNMEASURED] if current else [])
            typer.echo(f"its files are whole; {UNMEASURED}")
            return
        rows = in_split(split_rows(labels, causes, text_column, label_column, encoding, skip_bad_rows), split)
        verdict = _judge(opened, version, rows, margin)
        objections = [str(objection) for objection in verdict.objections]
        if any(objection.final for objection in verdict.objections) or (objections and not force):
            _refuse(version, verdict)
        damaged = any(objection.check == "checksums" for objection in verdict.objections)
        opened.promote(version, instead_of=current, overridden=objections, damaged=damaged)
        _report(verdict)


def rollback(registry: Folder) -> None:
    """Put the model back in service that the current one took the place of; again, the one before that.

    Examples:
      recontact models rollback --registry registry
    """
    from recontact.registry import Registry

    opened = Registry(registry)
    with _says_current(opened):
        opened.rollback()


def verify(registry: Folder) -> None:
    """Check every file of every model against its checksum.

    Examples:
      recontact models verify --registry registry
    """
    from recontact.registry import Registry

    opened = Registry(registry)
    with _says_current(opened):
        damages = opened.damages()
        for damage in damages.values():
            typer.echo(f"damaged: {damage}", err=True)
        if damages:
            raise typer.Exit(1)
        typer.echo(f"{len(opened.versions)} versions, all whole")


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_models,
    "add": add,
    "promote": promote,
    "rollback": rollback,
    "verify": verify,
}


@contextmanager
def _says_current(registry: "Registry") -> Iterator[None]:
    """Ends a command, also one that fails, with what is in service."""
    try:
        yield
    finally:
        history = registry.history
        if history:
            how = " by rollback" if history[-1].action == "rollback" else ""
            typer.echo(f"current: {history[-1].version}, since {history[-1].at}{how}")
        else:
            typer.echo("current: none; put one in service with `recontact models promote`")


def _can_judge() -> bool:
    """Whether the train extra is installed."""
    return all(find_spec(package) for package in ("sklearn", "torch", "transformers"))


def _judge(registry: "Registry", version: str, rows: "list[LabelledComment]", margin: float) -> "Verdict":
    from recontact.registry import VERSIONS
    from recontact_data.errors import MissingExtraError

    if not _can_judge():
        raise MissingExtraError("recontact models promote", "train")
    from recontact_serving.cli.compare import progress_bar
    from recontact_serving.cli.train import quiet_libraries
    from recontact_training.gate import judge

    quiet_libraries()
    versions = registry.folder / VERSIONS
    # Not `folder_of`: that the current one is missing is for the gate to say.
    current = None if registry.current is None else versions / registry.current
    with progress_bar("comparing", 2 * len(rows)) as advance:
        return judge(versions / version, current, rows, margin=margin, progress=advance)


def _refuse(version: str, verdict: "Verdict") -> None:
    typer.echo(f"refused: {version} is not put in service", err=True)
    for objection in verdict.objections:
        final = " (--force does not override this)" if objection.final else ""
        typer.echo(f"  {objection.check}: {objection}{final}", err=True)
    raise typer.Exit(1)


def _report(verdict: "Verdict") -> None:
    from recontact_training.gate import figures

    if verdict.comparison is not None:
        typer.echo(f"macro-F1 over all: {figures(verdict.comparison.macro_f1)}")
    elif not verdict.objections:
        typer.echo("nothing was in service, so it was compared with nothing; files and graph are right")
    for objection in verdict.objections:
        typer.echo(f"overridden by --force, {objection.check}: {objection}")
