"""Entry point: the commands, and how errors reach a person."""

import inspect
import re
import signal
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from recontact_data.errors import RecontactError
from recontact_serving.cli import (
    average,
    calibrate,
    check_behaviour,
    classify,
    compare,
    evaluate,
    evaluate_encoder,
    keys,
    models,
    pretrain,
    serve,
    train,
)

app = typer.Typer(
    name="recontact",
    help="Why did customers have to contact customer service again? Reads survey comments, finds the causes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich help takes as long to import as everything else together
)


def _help(command: Callable[..., None]) -> str:
    """A command's docstring, its examples kept a line each (a backspace tells click not to wrap them)."""
    return re.sub(r"Examples:\n+", "\b\nExamples:\n", inspect.cleandoc(command.__doc__ or ""))


for command in (
    classify.classify,
    train.train,
    evaluate.evaluate,
    compare.compare,
    evaluate_encoder.evaluate_encoder,
    check_behaviour.check_behaviour,
    serve.serve,
    pretrain.pretrain,
    average.average,
    calibrate.calibrate,
):
    app.command(command.__name__.replace("_", "-"), help=_help(command))(command)

GROUPS = {
    "models": (models.COMMANDS, "Keep models in a registry and put one in service."),
    "keys": (keys.COMMANDS, "Make and revoke the API keys of a server."),
}
for group, (commands, said) in GROUPS.items():
    of_group = typer.Typer(help=said, no_args_is_help=True, rich_markup_mode=None)
    for name, command in commands.items():
        of_group.command(name, help=_help(command))(command)
    app.add_typer(of_group, name=group)


INTERRUPTED = 130  # what typer makes of Ctrl-C


def _show_version(asked: bool) -> None:
    if asked:
        from recontact import __version__

        typer.echo(f"recontact {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that stand before a command."""


def main() -> None:
    """Runs the command line: exit code 0 done, 1 failed, 2 wrong use; an error is one line with its cure."""
    # A polite kill unwinds like any other end, so that no half-written file stays.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        app()
    except RecontactError as error:
        typer.echo(f"recontact: {' '.join(str(error).split())}", err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(f"recontact: {' '.join(str(error).split())}; check the path and the space on its disk", err=True)
        sys.exit(1)
    except SystemExit as stop:
        if stop.code != INTERRUPTED:
            raise
        typer.echo("recontact: stopped", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
