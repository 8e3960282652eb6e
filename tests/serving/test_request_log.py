"""The log: a line for each request, job and model, with what an operator needs and nothing of a comment."""

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from fastapi.testclient import TestClient

from recontact import CauseClassifier
from recontact_serving.app import create_app
from recontact_serving.request_log import Kind, worked_for, working_for, write_to_stderr
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


def logged(client: TestClient, capsys: pytest.CaptureFixture[str], kind: Kind) -> str:
    write_to_stderr(kind)
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


@pytest.mark.usefixtures("_logging_as_before")
@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_failure_names_its_place_and_its_request_or_job(
    classifier: CauseClassifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: Kind,
) -> None:
    def fail(_: CauseClassifier, text: str) -> NoReturn:
        raise KeyError(f"cannot read {text}")

    monkeypatch.setattr(CauseClassifier, "answer_in_steps", fail)
    write_to_stderr(kind)
    with TestClient(create_app(Settings(data=tmp_path), classifier), raise_server_exceptions=False) as client:
        asked = client.post("/v1/classify", json={"text": SECRET}, headers={"x-request-id": "abc-1"})
        assert asked.status_code == 500
        job = client.post("/v1/jobs", json={"texts": [SECRET]}).json()["id"]
        end = time.monotonic() + 60
        while client.get(f"/v1/jobs/{job}").json()["state"] != "failed" and time.monotonic() < end:
            time.sleep(0.02)
    said = capsys.readouterr().err
    assert SECRET not in said
    if kind == "json":
        first, second = (line for line in map(json.loads, said.splitlines()) if line["level"] == "ERROR")
        assert (first["event"], first["request"]) == ("failed with KeyError", "abc-1")
        assert (second["event"], second["job"]) == ("failed with KeyError", job)
        assert "in fail" in first["trace"]
    else:
        assert ' ERROR failed with KeyError request=abc-1\n  File "' in said
        assert f' ERROR failed with KeyError job={job}\n  File "' in said


def test_work_is_for_nobody_once_it_is_done() -> None:
    with working_for(job="1"):
        assert worked_for() == {"job": "1"}
    assert worked_for() == {}


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
