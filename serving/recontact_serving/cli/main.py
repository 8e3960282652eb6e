"""Entry point: the commands, and how errors reach a person."""

import sys
from typing import Annotated

import typer

from recontact_data.errors import RecontactError
from recontact_serving.cli import classify, evaluate, pretrain, serve, train

app = typer.Typer(
    name="recontact",
    help="Why did customers have to contact customer service again? Reads survey comments, finds the causes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("classify")(classify.classify)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("serve")(serve.serve)
app.command("pretrain")(pretrain.pretrain)


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
    try:
        app()
    except RecontactError as error:
        typer.echo(f"recontact: {' '.join(str(error).split())}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("recontact: stopped; nothing was written", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
