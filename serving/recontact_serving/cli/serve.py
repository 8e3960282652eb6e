"""`recontact serve`: the HTTP API."""

from pathlib import Path
from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on. Default: 8000.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder, or a registry. Default: the bundled model.")] = None,
    open_to_all: Annotated[
        bool, typer.Option("--open", help="Ask nobody for an API key, whoever can reach it.")
    ] = False,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM file of the server's certificate; for HTTPS, with --tls-key.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of its private key.")] = None,
    tls_key_password_file: Annotated[
        Path | None, typer.Option(help="File that holds the key's password, where it has one.")
    ] = None,
) -> None:
    """Serve a model over HTTP; options can also be set as RECONTACT_HOST, RECONTACT_PORT, RECONTACT_MODEL and so on.

    Examples:
      recontact serve
      recontact serve --port 9000 --model my-model
      recontact keys create crm; recontact serve --host 0.0.0.0
      recontact serve --host 0.0.0.0 --tls-certificate server.pem --tls-key server.key
    """
    import socket

    import uvicorn

    from recontact_data.errors import RecontactError
    from recontact_serving.app import create_app
    from recontact_serving.keys import check_there_is_one
    from recontact_serving.request_log import write_to_stderr
    from recontact_serving.settings import load_settings
    from recontact_serving.tls import tls_options

    given = {
        "host": host, "port": port, "model": model, "keys": "none" if open_to_all else None,
        "tls_certificate": tls_certificate, "tls_key": tls_key, "tls_key_password_file": tls_key_password_file,
    }  # fmt: skip
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    write_to_stderr(settings.log)
    tls = tls_options(settings)
    check_there_is_one(settings, settings.host, "--open")
    app = create_app(settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        reason = f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}"
        raise RecontactError(f"{reason}; choose another --port or --host") from error
    typer.echo(f"recontact: {'https' if tls else 'http'}://{settings.host}:{settings.port}/docs", err=True)
    config = uvicorn.Config(app, log_config=None, log_level="warning", timeout_graceful_shutdown=30, **tls)
    uvicorn.Server(config).run(sockets=[listening])
