"""The description of the API: the committed one is the server's, and it says what the server does."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from recontact import CauseClassifier
from recontact_serving.app import create_app
from recontact_serving.settings import Settings

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def schema(classifier: CauseClassifier) -> dict[str, Any]:
    found: dict[str, Any] = TestClient(create_app(Settings(), classifier)).get("/openapi.json").json()
    return found


def test_the_committed_description_is_that_of_the_server(schema: dict[str, Any]) -> None:
    cure = "python -m recontact_serving.openapi > docs/openapi.json"
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == schema, cure


def test_every_reference_is_there(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= schema["components"]["schemas"].keys()


def test_every_route_says_what_it_is_for_and_which_problems_there_are(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            guarded = not path.startswith(("/health", "/v2/health"))
            assert ("401" in operation["responses"]) == guarded == bool(operation.get("security"))
            for status, response in operation["responses"].items():
                assert status < "400" or list(response["content"]) == ["application/problem+json"]
