"""The log: a line for each request, job and model, with what an operator needs and nothing of a comment."""

import json
import logging
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from recontact import CauseClassifier
from recontact_serving.app import create_app
from recontact_serving.request_log import write_to_stderr
from recontact_serving.settings import Settings

SECRET = "xylophone"


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    root, own = logging.getLogger(), logging.getLogger("recontact")
    before = list(root.handlers), root.level, own.level
    yield
    root.handlers[:], root.level, own.level = before[0], before[1], before[2]


@pytest.fixture
def client(classifier: CauseClassifier) -> TestClient:
    return TestClient(create_app(Settings(jobs=False), classifier), raise_server_exceptions=False)


def logged(client: TestClient, capsys: pytest.CaptureFixture[str], kind: str) -> str:
    write_to_stderr(kind)  # type: ignore[arg-type]
    client.post("/v1/classify", json={"text": f"they never called {SECRET}"}, headers={"x-request-id": "abc-1"})
    client.post(f"/v1/{SECRET}?{SECRET}={SECRET}")
    client.get("/health/live")
    client.get("/metrics")
    return capsys.readouterr().err


@pytest.mark.usefixtures("_logging_as_before")
def test_each_request_is_a_line_of_text_without_what_was_sent(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = logged(client, capsys, "text").splitlines()
    assert " INFO request id=abc-1 method=POST route=/v1/classify status=200 ms=" in first
    assert " route=unknown status=404 " in second
    assert SECRET not in first + second


@pytest.mark.usefixtures("_logging_as_before")
def test_lines_can_be_json(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = map(json.loads, logged(client, capsys, "json").splitlines())
    assert first["time"].endswith("Z")
    told = {name: first[name] for name in ("level", "event", "id", "method", "route", "status")}
    assert told == {
        "level": "INFO", "event": "request", "id": "abc-1", "method": "POST", "route": "/v1/classify", "status": 200
    }  # fmt: skip
    assert first["bytes"] > 20
    assert first["ms"] >= 0


@pytest.mark.usefixtures("_logging_as_before")
def test_the_log_can_be_off(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    assert logged(client, capsys, "off") == ""


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 65, "ø"])
def test_an_id_that_is_none_is_replaced(client: TestClient, given: str | None) -> None:
    headers = {} if given is None else {"x-request-id": given.encode()}
    said = client.get("/health/live", headers=headers).headers["x-request-id"]
    assert len(said) == 32
    assert said != client.get("/health/live").headers["x-request-id"]


def test_what_is_refused_before_its_route_is_counted_by_it(classifier: CauseClassifier) -> None:
    client = TestClient(create_app(Settings(jobs=False, keys="required"), classifier))
    assert client.post("/v1/classify", json={"text": "hello"}).status_code == 401
    assert client.put("/v1/classify", json={"text": "hello"}).status_code == 401
    counts = [line for line in client.app.state.metrics.text().decode().splitlines() if "requests_total{" in line]  # type: ignore[attr-defined]
    assert counts == ['recontact_requests_total{route="/v1/classify",status="401"} 2.0']
