"""`recontact serve`: the HTTP API."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. Default: 8000.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder. Default: the bundled model.")] = None,
) -> None:
    """Serve a model over HTTP; options can also be set as RECONTACT_HOST, RECONTACT_PORT, RECONTACT_MODEL.

    [bold]Examples[/bold]

      recontact serve
      recontact serve --port 9000 --model my-model
    """
    import uvicorn

    from recontact_serving.app import create_app
    from recontact_serving.settings import load_settings

    given = {"host": host, "port": port, "model": model}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    app = create_app(settings)
    typer.echo(f"recontact: http://{settings.host}:{settings.port}/docs", err=True)
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", timeout_graceful_shutdown=30)
