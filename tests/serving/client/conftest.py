"""Clients of both manners, servers for them, real and scripted, and time that passes only while they pause."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

import httpx
import pytest
import uvicorn

from recontact import CauseClassifier
from recontact_serving.app import create_app
from recontact_serving.client import AsyncClient, Client
from recontact_serving.settings import Settings

Connect = Callable[..., Client]
Answers = Callable[..., httpx.MockTransport]
MakeProblem = Callable[..., httpx.Response]
Serving = Callable[..., AbstractContextManager[str]]


class Awaited:
    """An `AsyncClient` whose answers are awaited here, so that both clients can be told the same."""

    def __init__(self, client: AsyncClient, runner: asyncio.Runner) -> None:
        self.client, self.runner = client, runner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)
        return lambda *values, **named: self.runner.run(method(*values, **named))

    def __repr__(self) -> str:
        return repr(self.client)


@pytest.fixture(params=["blocking", "awaited"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes clients of one manner."""
    with asyncio.Runner() as runner:
        made: list[Any] = []

        def make(*values: Any, **named: Any) -> Client:
            if request.param == "blocking":
                made.append(Client(*values, **named))
            else:
                made.append(Awaited(AsyncClient(*values, **named), runner))
            return cast(Client, made[-1])

        yield make
        for client in made:
            client.close() if request.param == "blocking" else client.aclose()


@pytest.fixture(scope="session")
def serving() -> Serving:
    """Runs a real server on a port of its own."""

    @contextmanager
    def make(settings: Settings, classifier: CauseClassifier) -> Iterator[str]:
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(settings, classifier), log_level="error"))
        thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()

    return make


@pytest.fixture(scope="module")
def address(classifier: CauseClassifier, tmp_path_factory: pytest.TempPathFactory, serving: Serving) -> Iterator[str]:
    """A server with small limits."""
    data = tmp_path_factory.mktemp("server")
    settings = Settings(data=data, max_texts=4, max_body_bytes=3000, max_upload_bytes=300_000)
    with serving(settings, classifier) as address:
        yield address


@pytest.fixture
def client(connect: Connect, address: str) -> Client:
    """A client of that server."""
    return connect(address, max_texts=4, max_bytes=3000)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that clients make; time passes only while they do."""
    made, start = list[float](), 1000.0

    async def sleep_awaited(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr("recontact_serving.client.blocking.sleep", made.append)
    monkeypatch.setattr("recontact_serving.client.asynchronous.sleep", sleep_awaited)
    for module in ("exchange", "job_steps"):
        monkeypatch.setattr(f"recontact_serving.client.{module}.monotonic", lambda: start + sum(made))
    return made


@pytest.fixture(scope="session")
def answers() -> Answers:
    """Makes a server that gives answers, or fails, one after the other; the last one for ever."""

    def make(*scripted: httpx.Response | Exception, asked: list[httpx.Request] | None = None) -> httpx.MockTransport:
        left = list(scripted)

        def handle(request: httpx.Request) -> httpx.Response:
            if asked is not None:
                asked.append(request)
            given = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(given, Exception):
                raise given
            return httpx.Response(given.status_code, headers=given.headers, stream=given.stream)

        return httpx.MockTransport(handle)

    return make


@pytest.fixture(scope="session")
def problem() -> MakeProblem:
    """Makes an answer that refuses."""

    def make(status: int, detail: str = "too much waits", **headers: str) -> httpx.Response:
        content = {"type": "urn:of:it", "title": "A title", "status": status, "detail": detail}
        return httpx.Response(status, json=content, headers={"content-type": "application/problem+json"} | headers)

    return make
