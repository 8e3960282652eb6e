"""The description of the API: FastAPI's, with what the door and the limits add to every route.

`python -m recontact_serving.openapi > docs/openapi.json` writes it, for clients that are made from a file.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from recontact_serving.door import OPEN
from recontact_serving.problems import responses
from recontact_serving.schemas import Problem

OF_THE_DOOR = (401, 403, 421, 429)  # of every route that it guards
RETRY_AFTER = {
    "Retry-After": {"description": "Seconds after which to ask again.", "schema": {"type": "integer", "minimum": 1}}
}


def describe(app: FastAPI) -> None:
    """Has an application describe itself in full."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _in_full(
                get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _in_full(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema["components"]["schemas"]
    components["Problem"] = Problem.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        components.pop(unused, None)
    for path, operations in schema["paths"].items():
        guarded = not path.startswith(OPEN)
        for operation in operations.values():
            found = operation["responses"]
            if guarded:
                for status, said in responses(*OF_THE_DOOR).items():
                    found.setdefault(str(status), said)
            else:
                operation.pop("security", None)
            for status in ("429", "503"):
                if status in found:
                    found[status]["headers"] = RETRY_AFTER
            operation["responses"] = dict(sorted(found.items()))
    return schema


def main() -> None:
    """Prints the description."""
    from recontact_serving.app import create_app
    from recontact_serving.settings import Settings

    with tempfile.TemporaryDirectory(prefix="recontact-") as folder:
        app = create_app(Settings(data=Path(folder)))
        sys.stdout.write(json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
