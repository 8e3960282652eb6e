"""The client: the same answers as the model's own, and patience with a server that comes back."""

import asyncio
import json
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from recontact import CauseClassifier
from recontact_data.errors import RecontactError
from recontact_serving.client import ApiError, AsyncClient, Client, UnreachableError
from recontact_serving.keys import Keys, Scope
from recontact_serving.settings import Settings
from recontact_serving.store.database import open_store

TEXTS = ["they never called back", "friendly and quick!!", "", "køen var for lang 😡", " \n", "the repair did not help"]
SECRET = "my card is 4242"
KEY = "rc_0123_abc"
PREDICTION = {
    "cause": "none", "causes": [], "evidence": [], "confidence": 1.0, "probabilities": {}, "language": "und",
    "needs_review": False, "truncated": False, "model_version": "toy@1",
}  # fmt: skip
READY = httpx.Response(200, json={"status": "ready", "model_version": "toy@1"})

Connect = Callable[..., Client]
Answers = Callable[..., httpx.MockTransport]
MakeProblem = Callable[..., httpx.Response]
Serving = Callable[..., AbstractContextManager[str]]


def test_comments_get_the_models_own_answers_in_order_however_many(client: Client, classifier: CauseClassifier) -> None:
    texts = TEXTS * 3 + ["x" * 900, "they never called back " * 40] * 3
    assert client.classify(texts) == classifier.classify(texts)
    assert client.classify(iter(TEXTS[:1])) == classifier.classify(TEXTS[:1])


def test_comments_of_spaces_alone_are_answered_as_the_model_would(client: Client, classifier: CauseClassifier) -> None:
    assert client.classify(["", " \n", "\t"]) == classifier.classify(["", " \n", "\t"])
    assert client.classify([]) == []


def test_fewer_and_surer_causes_can_be_asked_for(client: Client, classifier: CauseClassifier) -> None:
    texts = TEXTS * 3
    assert client.classify(texts, min_precision=0.9) == classifier.at_precision(0.9).classify(texts)
    with pytest.raises(ApiError, match="min_precision"):
        client.classify(texts, min_precision=0.2)


def test_what_is_not_asked_for_is_empty(client: Client, classifier: CauseClassifier) -> None:
    whole = classifier.classify(TEXTS)
    bare = [replace(one, evidence=(), probabilities={}) for one in whole]
    assert client.classify(TEXTS, evidence=False, probabilities=False) == bare
    assert client.classify(TEXTS, probabilities=False) == [replace(one, probabilities={}) for one in whole]
    assert [one.evidence for one in whole] != [()] * len(whole)


def test_a_thousand_comments_go_in_one_request_and_more_in_the_next(connect: Connect) -> None:
    sizes = []

    def handle(request: httpx.Request) -> httpx.Response:
        sizes.append(len(json.loads(request.content)["texts"]))
        assert len(request.content) <= 500_000
        return httpx.Response(200, json={"model_version": "toy@1", "predictions": []})

    for texts in (["x"] * 1000, ["x" * 20_000] * 500):
        with pytest.raises(ApiError, match="recontact server"):
            connect(transport=httpx.MockTransport(handle)).classify(texts)
    assert sizes == [1000, 24]


def test_what_is_no_list_of_whole_texts_is_not_sent(connect: Connect, answers: Answers) -> None:
    client = connect(transport=answers(AssertionError("sent")))
    for texts in ("one text", [3]):
        with pytest.raises(TypeError):
            client.classify(cast(Any, texts))
    with pytest.raises(RecontactError, match="text 2 ") as caught:
        client.classify(["fine", f"{SECRET} \ud83d"])
    assert SECRET not in str(caught.value)


def test_causes_and_health_are_told(client: Client, classifier: CauseClassifier) -> None:
    told = client.taxonomy("nb")
    assert [cause.id for cause in told.causes] == [*classifier.taxonomy.ids, "none"]
    assert [cause.name for cause in told.causes][:-1] == [cause.name["nb"] for cause in classifier.taxonomy]
    assert client.health().model_version == classifier.model_version
    with pytest.raises(ApiError, match=r"'xx'.*nb") as caught:
        client.taxonomy("xx")
    assert (caught.value.status, caught.value.title) == (404, "Not Found")


def test_a_key_lets_in_and_is_not_shown(
    connect: Connect, classifier: CauseClassifier, tmp_path: Path, serving: Serving
) -> None:
    settings = Settings(data=tmp_path, keys="required")
    key = Keys(open_store(settings)).create("crm", [Scope.classify])
    with serving(settings, classifier) as address:
        client = connect(address, f"{key}\n")
        assert client.classify(TEXTS) == classifier.classify(TEXTS)
        for other, status in ((client, 403), (connect(address), 401)):
            with pytest.raises(ApiError) as caught:
                other.jobs()
            assert caught.value.status == status
            assert key not in f"{other!r} {caught.value!r}"
    with pytest.raises(RecontactError) as bad:
        connect(api_key=f"{KEY}\nx")
    assert KEY not in str(bad.value)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_when_it_says(
    connect: Connect, pauses: list[float], status: int, answers: Answers, problem: MakeProblem
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    said = [{"retry-after": "3"}, {"retry-after": later}, {"retry-after": "soon"}, {}]
    busy = [problem(status, **headers) for headers in said]
    assert connect(transport=answers(*busy, READY)).health().model_version == "toy@1"
    for pause, asked in zip(pauses, [3, 20, 2, 4], strict=True):
        assert asked * 0.9 <= pause <= asked * 1.25


def test_a_server_that_stays_busy_is_asked_ever_less_often(
    connect: Connect, pauses: list[float], answers: Answers, problem: MakeProblem
) -> None:
    connect(transport=answers(*[problem(503, **{"retry-after": "1"})] * 6, READY)).health()
    for pause, least in zip(pauses, [1, 1, 2, 4, 8, 10], strict=True):
        assert least <= pause <= least * 1.25


def test_many_calls_at_once_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch, problem: MakeProblem) -> None:
    under_way, most = set[str](), 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal most
        (text,) = json.loads(request.content)["texts"]
        again = text in under_way
        under_way.add(text)
        most = max(most, len(under_way))
        if not again:
            return problem(503)
        under_way.remove(text)
        return httpx.Response(200, json={"model_version": "toy@1", "predictions": [PREDICTION | {"language": text}]})

    async def ask() -> list[Any]:
        client = AsyncClient(transport=httpx.MockTransport(handle), at_once=5)
        return await asyncio.gather(*(client.classify([str(n)]) for n in range(50)))

    pause = asyncio.sleep
    monkeypatch.setattr("recontact_serving.client.asynchronous.sleep", lambda _: pause(0))
    assert [found.language for (found,) in asyncio.run(ask())] == [str(n) for n in range(50)]
    assert most == 5


@pytest.mark.parametrize("failure", [httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadError])
def test_a_server_that_is_not_there_is_asked_ever_less_often_and_given_up(
    connect: Connect, pauses: list[float], failure: type[httpx.TransportError], answers: Answers
) -> None:
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:8000"):
        connect(transport=answers(failure("refused")), max_wait=60).classify(TEXTS)
    assert 8 <= len(pauses) <= 12
    assert pauses[0] < 1 < 10 <= max(pauses) <= 12.5
    assert 40 < sum(pauses) <= 60
    assert connect(transport=answers(failure("refused"), READY)).health()


def test_there_is_no_waiting_for_longer_than_was_allowed(
    connect: Connect, pauses: list[float], answers: Answers, problem: MakeProblem
) -> None:
    with pytest.raises(ApiError) as caught:
        connect(transport=answers(problem(503, **{"retry-after": "61"})), max_wait=60).health()
    assert (pauses, caught.value.retry_after, caught.value.tries) == ([], 61, 1)
    with pytest.raises(ApiError, match=r"503 A title \(asked \d+ times\): too much waits"):
        connect(transport=answers(problem(503)), max_wait=60).health()
    assert sum(pauses) <= 60


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422, 500])
def test_a_refusal_is_raised_at_once(
    connect: Connect, pauses: list[float], status: int, answers: Answers, problem: MakeProblem
) -> None:
    with pytest.raises(ApiError, match=f"^the server answered {status} A title: texts.1: wrong$") as caught:
        connect(transport=answers(problem(status, "texts.1:\n wrong"), READY)).classify(TEXTS)
    assert (caught.value.status, caught.value.detail, pauses) == (status, "texts.1: wrong", [])
    assert caught.value.type == "urn:of:it"


def test_what_time_does_not_cure_is_raised_at_once(connect: Connect, pauses: list[float], answers: Answers) -> None:
    untrusted = httpx.ConnectError("certificate verify failed")
    untrusted.__cause__ = ssl.SSLCertVerificationError("no")
    for failure, cure in ((httpx.ReadTimeout(""), "longer timeout"), (untrusted, "certificate verify failed")):
        with pytest.raises(UnreachableError, match=cure):
            connect(transport=answers(failure, READY)).health()
    assert pauses == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(422, json={"detail": [{"input": SECRET}]}),
        httpx.Response(500, html=f"<p>{SECRET}</p>"),
        httpx.Response(200, html=f"<p>{SECRET}</p>"),
        httpx.Response(200, json=[SECRET]),
        httpx.Response(200, json={"predictions": [{"text": SECRET}]}),
        httpx.Response(308, headers={"location": "https://recontact.example/"}),
    ],
)
def test_an_answer_of_something_else_is_not_repeated(
    connect: Connect, answer: httpx.Response, answers: Answers
) -> None:
    with pytest.raises(ApiError, match=r"http://127\.0\.0\.1:8000|https://recontact\.example") as caught:
        connect(transport=answers(answer)).classify([SECRET])
    assert SECRET not in repr(caught.value)
    assert caught.value.status == answer.status_code


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://host", "http://", "http://host:port", "http://me:pw@host"]
)
def test_an_address_that_is_none_is_refused_with_the_cure(connect: Connect, url: str) -> None:
    with pytest.raises(RecontactError, match=r"http://127|api_key") as caught:
        connect(url)
    assert "pw" not in str(caught.value)


def test_a_server_may_stand_below_a_path(connect: Connect, answers: Answers) -> None:
    asked: list[httpx.Request] = []
    client = connect("https://recontact.example/causes/", KEY, transport=answers(READY, asked=asked))
    client.health()
    assert str(asked[0].url) == "https://recontact.example/causes/health/ready"
    assert asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert repr(client).endswith("Client('https://recontact.example/causes')")


def test_a_proxy_is_not_asked_for_a_server_on_this_machine(
    connect: Connect, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert connect(address, max_wait=0).health()
