"""What a server counts: requests, waiting, comments, causes; never a word of a comment."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from recontact import CauseClassifier
from recontact_serving import problems, scheduling
from recontact_serving.app import create_app
from recontact_serving.settings import Settings

SECRET = "the xylophone cellar"


@pytest.fixture
def client(classifier: CauseClassifier) -> TestClient:
    """A client of a fresh server."""
    return TestClient(create_app(Settings(max_texts=5), classifier), raise_server_exceptions=False)


def counts(client: TestClient) -> dict[tuple[str, ...], float]:
    """Every value by name and labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {(s.name, *map(str, s.labels.values())): s.value for family in families for s in family.samples}


def test_requests_comments_and_answers_are_counted(client: TestClient, classifier: CauseClassifier) -> None:
    texts = ["they never called back", "friendly and quick!!", "they never called back"]
    client.post("/v1/classify", json={"texts": texts})
    client.post("/v1/classify", json={"texts": []})
    client.get("/nowhere/at/all")
    found, answers = counts(client), classifier.classify(texts)
    assert found["recontact_requests_total", "/v1/classify", "200"] == 1
    assert found["recontact_requests_total", "/v1/classify", "422"] == 1
    assert found["recontact_requests_total", "unknown", "404"] == 1
    assert found["recontact_request_seconds_count", "/v1/classify"] == 2
    assert found["recontact_comments_total",] == found["recontact_turn_comments_sum",] == 3
    assert found["recontact_causes_total", "no_callback"] == sum("no_callback" in answer.causes for answer in answers)
    assert found["recontact_reviews_total",] == sum(answer.needs_review for answer in answers)
    assert found["recontact_requests_waiting",] == 0


def test_no_count_holds_a_word_of_a_comment(client: TestClient) -> None:
    client.post("/v1/classify", json={"text": SECRET})
    client.post("/v1/classify", json={"text": SECRET, SECRET: 1})
    client.get(f"/{SECRET}")
    assert "xylophone" not in client.get("/metrics").text


@pytest.mark.parametrize(("luck", "said"), [(min, "4"), (max, "5")])
def test_too_much_is_refused_with_when_to_come_back(
    classifier: CauseClassifier, monkeypatch: pytest.MonkeyPatch, luck: Callable[..., int], said: str
) -> None:
    monkeypatch.setattr(problems, "randint", luck)
    monkeypatch.setattr(scheduling, "ALWAYS", 0)
    client = TestClient(create_app(Settings(max_wait_ms=0.001), classifier))
    client.app.state.scheduler.wait = lambda cost: 3.2  # type: ignore[attr-defined]
    answer = client.post("/v1/classify", json={"text": SECRET})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, said)
    assert answer.headers["content-type"] == "application/problem+json"
    assert counts(client)["recontact_requests_total", "/v1/classify", "503"] == 1


def test_a_client_that_left_is_counted_and_its_comments_dropped(classifier: CauseClassifier) -> None:
    app = create_app(Settings(workers=1), classifier)
    body = json.dumps({"texts": ["a long story of a call that never came, and " * 20] * 500}).encode()
    sent: list[Any] = []

    async def run() -> None:
        messages = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]

        async def receive() -> Any:
            if len(messages) == 1:
                while not app.state.scheduler.waiting:
                    await asyncio.sleep(0.001)
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/v1/classify", "raw_path": b"", "headers": headers}
        await app({**scope, "query_string": b"", "root_path": "", "server": ("test", 80)}, receive, send)

    asyncio.run(run())
    found = counts(TestClient(app))
    assert found["recontact_requests_total", "/v1/classify", "499"] == 1
    assert found["recontact_turn_comments_sum",] < 500
    assert found["recontact_comments_total",] == found["recontact_requests_waiting",] == 0
