"""`recontact keys`: the API keys of a server."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recontact_serving.keys import Keys

SCOPES = ("classify", "jobs", "labels", "admin")


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What it may be used for: {', '.join(SCOPES)}. Default: classify and jobs."),
    ] = None,
    rate: Annotated[int | None, typer.Option(min=1, help="Requests a minute. Default: no limit.")] = None,
) -> None:
    """Make an API key and print it, this once; the server of the same RECONTACT_DATA knows it within a second.

    Examples:
      recontact keys create crm
      recontact keys create survey-tool --scope classify --rate 600
    """
    from recontact_serving.keys import Scope

    scopes = scope or ["classify", "jobs"]
    if unknown := [own for own in scopes if own not in SCOPES]:
        raise typer.BadParameter(f"{unknown[0]!r}; known: {', '.join(SCOPES)}", param_hint="--scope")
    key = _keys().create(name, [Scope(own) for own in dict.fromkeys(scopes)], rate)
    typer.echo(f"the key of {name}; it is not shown again:", err=True)
    typer.echo(key)


def list_keys() -> None:
    """List the API keys; never their secrets.

    Examples:
      recontact keys list
    """
    from datetime import UTC, datetime

    from recontact_serving.cli.whole_table import print_whole

    def day(time: float | None) -> str:
        return "" if time is None else datetime.fromtimestamp(time, UTC).date().isoformat()

    rows = [
        [key.id, key.name, ", ".join(key.scopes), str(key.rate or ""), day(key.created), day(key.revoked)]
        for key in _keys().all()
    ]
    print_whole(["id", "name", "for", "a minute", "made", "revoked"], rows)


def revoke(id: Annotated[str, typer.Argument(metavar="ID", help="Id as `keys list` shows it, or name.")]) -> None:
    """Let an API key in no more; servers notice within a second.

    Examples:
      recontact keys revoke 3f9a2c11d0e4
      recontact keys revoke crm
    """
    typer.echo(f"the key of {_keys().revoke(id).name} is revoked")


def _keys() -> "Keys":
    from recontact_serving.keys import Keys
    from recontact_serving.settings import load_settings
    from recontact_serving.store.database import open_store

    return Keys(open_store(load_settings()))


COMMANDS: dict[str, Callable[..., None]] = {"create": create, "list": list_keys, "revoke": revoke}
