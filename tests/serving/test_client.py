"""The client: the same answers as the model's own, patience with a server that comes back, and no half files."""

import asyncio
import gzip
import io
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import uvicorn

from recontact import CauseClassifier
from recontact_data.errors import CommentFileError, RecontactError
from recontact_serving import batch
from recontact_serving.app import create_app
from recontact_serving.client import ApiError, AsyncClient, Client, Job, JobError, UnreachableError
from recontact_serving.keys import Keys, Scope
from recontact_serving.settings import Settings
from recontact_serving.store.database import open_store

TEXTS = ["they never called back", "friendly and quick!!", "", "køen var for lang 😡", " \n", "the repair did not help"]
SECRET = "my card is 4242"
KEY = "rc_0123_abc"
CSV = "id;comment\n" + "".join(f"{n};{text}\n" for n, text in enumerate([TEXTS[0], TEXTS[1], TEXTS[3]] * 5))
JOB = {
    "id": "48a6", "state": "running", "name": "a.csv", "format": "csv", "text_column": "comment", "rows": 2,
    "rows_done": 1, "bad_rows": 0, "evidence": False, "model_version": None, "error": None, "summary": None,
    "created_at": "2025-05-01T12:00:00Z", "started_at": None, "finished_at": None, "expires_at": None, "new": 1,
}  # fmt: skip
PREDICTION = {
    "cause": "none", "causes": [], "evidence": [], "confidence": 1.0, "probabilities": {}, "language": "und",
    "needs_review": False, "truncated": False, "model_version": "toy@1",
}  # fmt: skip

Connect = Callable[..., Client]


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


@contextmanager
def serving(settings: Settings, classifier: CauseClassifier) -> Iterator[str]:
    """A real server on a port of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings, classifier), log_level="error"))
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def address(classifier: CauseClassifier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with small limits."""
    data = tmp_path_factory.mktemp("server")
    settings = Settings(data=data, max_texts=4, max_body_bytes=3000, max_upload_bytes=300_000)
    with serving(settings, classifier) as address:
        yield address


@pytest.fixture
def client(connect: Connect, address: str) -> Client:
    """A client of that server."""
    return connect(address, max_texts=4, max_bytes=3000)


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.pauses = 1000.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)

    async def sleep_awaited(self, seconds: float) -> None:
        self.sleep(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("recontact_serving.client.blocking.sleep", made.sleep)
    monkeypatch.setattr("recontact_serving.client.asynchronous.sleep", made.sleep_awaited)
    for module in ("exchange", "job_steps"):
        monkeypatch.setattr(f"recontact_serving.client.{module}.monotonic", lambda: made.now)
    return made


def answers(*scripted: httpx.Response | Exception, asked: list[httpx.Request] | None = None) -> httpx.MockTransport:
    """A server that gives answers, or fails, one after the other; the last one for ever."""
    left = list(scripted)

    def handle(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        given = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(given, Exception):
            raise given
        return httpx.Response(given.status_code, headers=given.headers, stream=given.stream)

    return httpx.MockTransport(handle)


def problem(status: int, detail: str = "too much waits", **headers: str) -> httpx.Response:
    content = {"type": "about:blank", "title": "A title", "status": status, "detail": detail}
    return httpx.Response(status, json=content, headers={"content-type": "application/problem+json"} | headers)


READY = httpx.Response(200, json={"status": "ready", "model_version": "toy@1"})


def test_comments_get_the_models_own_answers_in_order_however_many(client: Client, classifier: CauseClassifier) -> None:
    texts = TEXTS * 3 + ["x" * 900, "they never called back " * 40] * 3
    assert client.classify(texts) == classifier.classify(texts)
    assert client.classify(iter(TEXTS[:1])) == classifier.classify(TEXTS[:1])


def test_comments_of_spaces_alone_are_answered_as_the_model_would(client: Client, classifier: CauseClassifier) -> None:
    assert client.classify(["", " \n", "\t"]) == classifier.classify(["", " \n", "\t"])
    assert client.classify([]) == []


def test_a_thousand_comments_go_in_one_request_and_more_in_the_next(connect: Connect) -> None:
    sizes = []

    def handle(request: httpx.Request) -> httpx.Response:
        sizes.append(len(json.loads(request.content)["texts"]))
        assert len(request.content) <= 8_000_000
        return httpx.Response(200, json={"model_version": "toy@1", "predictions": []})

    for texts in (["x"] * 1000, ["x" * 20_000] * 500):
        with pytest.raises(ApiError, match="recontact server"):
            connect(transport=httpx.MockTransport(handle)).classify(texts)
    assert sizes == [1000, 399]


def test_what_is_no_list_of_whole_texts_is_not_sent(connect: Connect) -> None:
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


@pytest.mark.parametrize("format", ["csv", "xlsx", "jsonl"])
def test_a_file_comes_back_whole_and_nothing_of_it_stays(
    client: Client, classifier: CauseClassifier, tmp_path: Path, format: str
) -> None:
    source, seen = tmp_path / "survey.csv", list[Job]()
    source.write_text(CSV, encoding="utf-8")
    job = client.classify_file(source, tmp_path / f"out.{format}", evidence=True, progress=seen.append)
    assert (job.state, job.rows, job.rows_done, job.finished) == ("done", 15, 15, True)
    assert job.created_at < cast(datetime, job.finished_at)
    assert seen[-1] == job
    assert client.jobs() == []
    assert {path.name for path in tmp_path.iterdir()} == {"survey.csv", f"out.{format}"}
    if format != "xlsx":
        batch.classify_file(classifier, source, tmp_path / f"expected.{format}", evidence=True)
        assert (tmp_path / f"out.{format}").read_bytes() == (tmp_path / f"expected.{format}").read_bytes()


def test_a_file_is_redacted_where_that_is_asked_for(client: Client, tmp_path: Path) -> None:
    source = b"comment\nring 912 34 567 eller kari@example.no, takk\n"
    job = client.classify_file(source, tmp_path / "out.csv", format="csv", redact=True)
    assert job.redacted == {"comments": 1, "phone": 1, "email": 1}
    assert "ring [phone] eller [email], takk" in (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert client.submit(source, format="csv").redacted is None


def test_a_job_can_be_sent_from_anywhere_and_followed(client: Client, tmp_path: Path) -> None:
    (tmp_path / "survey.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "survey.gz").write_bytes(gzip.compress(CSV.encode()))
    with (tmp_path / "survey.csv").open("rb") as file, gzip.open(tmp_path / "survey.gz") as packed:
        jobs = [
            client.submit(tmp_path / "survey.csv"),
            client.submit(file),
            client.submit(cast(Any, packed), format="csv"),
            client.submit(CSV.encode(), name="øre.csv", text_column="comment", encoding="utf-8"),
        ]
    assert [job.name for job in jobs] == ["survey.csv", "survey.csv", "survey.gz", "øre.csv"]
    assert [job.id for job in client.jobs(limit=3)] == [job.id for job in jobs[:0:-1]]
    for number, job in enumerate(jobs):
        assert client.wait(job.id, timeout=60) == client.job(job.id)
        assert client.download(job, str(tmp_path / f"{number}.out"), format="tsv").read_text().count("\n") == 16
        assert client.cancel(job).state == "done"
        client.delete(job)
    with pytest.raises(ApiError, match="no such job"):
        client.delete(jobs[0])
    with pytest.raises(RecontactError, match=r"name='survey\.csv'"):
        client.submit(b"comment\nfine")


def test_broken_rows_are_kept_beside_the_result(client: Client, tmp_path: Path) -> None:
    broken = b'{"comment": "good"}\n{"comment": \n{"comment": "bad"}\n'
    with pytest.raises(ApiError, match=r"line 2.*skip_bad_rows") as caught:
        client.submit(broken, name="my survey.jsonl")
    assert caught.value.status == 422
    client.classify_file(broken, tmp_path / "out.csv", format="jsonl", skip_bad_rows=True)
    assert (tmp_path / "out.bad-rows.jsonl").read_bytes() == b'{"comment": \n'
    assert (tmp_path / "out.csv").read_text().count("\n") == 3


def test_a_file_that_cannot_be_read_or_written_is_not_sent(connect: Connect, tmp_path: Path) -> None:
    client, source = connect(transport=answers(AssertionError("sent"))), tmp_path / "a.csv"
    source.write_text(CSV, encoding="utf-8")
    for given, target in (
        (tmp_path / "b.csv", "out.csv"),
        (tmp_path, "out.csv"),
        (source, "out.docx"),
        (source, "a.csv"),
        (source, "no/out.csv"),
    ):
        with pytest.raises(CommentFileError):
            client.classify_file(given, tmp_path / target)


def test_a_file_over_the_limit_is_refused_at_once(client: Client, clock: Clock) -> None:
    with pytest.raises(ApiError, match="300,000") as caught:
        client.submit(b"comment\n" + b"good\n" * 4_000_000, format="csv")
    assert (caught.value.status, clock.pauses) == (413, [])


def test_a_key_lets_in_and_is_not_shown(connect: Connect, classifier: CauseClassifier, tmp_path: Path) -> None:
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
def test_a_busy_server_is_asked_again_when_it_says(connect: Connect, clock: Clock, status: int) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    said = [{"retry-after": "3"}, {"retry-after": later}, {"retry-after": "soon"}, {}]
    busy = [problem(status, **headers) for headers in said]
    assert connect(transport=answers(*busy, READY)).health().model_version == "toy@1"
    for pause, asked in zip(clock.pauses, [3, 20, 2, 4], strict=True):
        assert asked * 0.9 <= pause <= asked * 1.25


def test_a_server_that_stays_busy_is_asked_ever_less_often(connect: Connect, clock: Clock) -> None:
    connect(transport=answers(*[problem(503, **{"retry-after": "1"})] * 6, READY)).health()
    for pause, least in zip(clock.pauses, [1, 1, 2, 4, 8, 10], strict=True):
        assert least <= pause <= least * 1.25


def test_many_calls_at_once_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
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
    connect: Connect, clock: Clock, failure: type[httpx.TransportError]
) -> None:
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:8000"):
        connect(transport=answers(failure("refused")), max_wait=60).classify(TEXTS)
    assert 8 <= len(clock.pauses) <= 12
    assert clock.pauses[0] < 1 < 10 <= max(clock.pauses) <= 12.5
    assert 40 < sum(clock.pauses) <= 60
    assert connect(transport=answers(failure("refused"), READY)).health()


def test_there_is_no_waiting_for_longer_than_was_allowed(connect: Connect, clock: Clock) -> None:
    with pytest.raises(ApiError) as caught:
        connect(transport=answers(problem(503, **{"retry-after": "61"})), max_wait=60).health()
    assert (clock.pauses, caught.value.retry_after, caught.value.tries) == ([], 61, 1)
    with pytest.raises(ApiError, match=r"503 A title \(asked \d+ times\): too much waits"):
        connect(transport=answers(problem(503)), max_wait=60).health()
    assert sum(clock.pauses) <= 60


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422, 500])
def test_a_refusal_is_raised_at_once(connect: Connect, clock: Clock, status: int) -> None:
    with pytest.raises(ApiError, match=f"^the server answered {status} A title: texts.1: wrong$") as caught:
        connect(transport=answers(problem(status, "texts.1:\n wrong"), READY)).classify(TEXTS)
    assert (caught.value.status, caught.value.detail, clock.pauses) == (status, "texts.1: wrong", [])


def test_what_time_does_not_cure_is_raised_at_once(connect: Connect, clock: Clock) -> None:
    untrusted = httpx.ConnectError("certificate verify failed")
    untrusted.__cause__ = ssl.SSLCertVerificationError("no")
    for failure, cure in ((httpx.ReadTimeout(""), "longer timeout"), (untrusted, "certificate verify failed")):
        with pytest.raises(UnreachableError, match=cure):
            connect(transport=answers(failure, READY)).health()
    assert clock.pauses == []


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
def test_an_answer_of_something_else_is_not_repeated(connect: Connect, answer: httpx.Response) -> None:
    with pytest.raises(ApiError, match=r"http://127\.0\.0\.1:8000|https://recontact\.example") as caught:
        connect(transport=answers(answer)).classify([SECRET])
    assert SECRET not in repr(caught.value)
    assert caught.value.status == answer.status_code


def test_a_job_that_is_sent_again_keeps_its_key(connect: Connect, clock: Clock, tmp_path: Path) -> None:
    asked: list[httpx.Request] = []
    lost = httpx.ReadError("broken off")
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    for source in (CSV.encode(), io.BytesIO(CSV.encode()), tmp_path / "a.csv"):
        first = len(asked)
        transport = answers(lost, problem(503), httpx.Response(202, json=JOB), asked=asked)
        assert connect(transport=transport).submit(source, format="csv").id == "48a6"
        assert len({request.headers["idempotency-key"] for request in asked[first:]}) == 1
        assert len(asked) == first + 3
    assert len({request.headers["idempotency-key"] for request in asked}) == 3
    assert all(CSV.encode() in request.content and b'name="text_column"' not in request.content for request in asked)


def test_a_job_is_deleted_even_if_the_answer_was_lost(connect: Connect, clock: Clock) -> None:
    connect(transport=answers(httpx.ReadError("broken off"), problem(404))).delete("48a6")
    with pytest.raises(ApiError):
        connect(transport=answers(problem(404))).delete("48a6")


class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that breaks off."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"half a fi"
        raise httpx.ReadError("broken off")

    async def __aiter__(self) -> Any:
        for part in self:
            yield part


def test_a_download_that_breaks_off_begins_anew_and_leaves_no_half_file(
    connect: Connect, clock: Clock, tmp_path: Path
) -> None:
    target, whole = tmp_path / "out.csv", httpx.Response(200, content=b"whole")
    target.write_bytes(b"before")
    for last in (problem(409), httpx.Response(200, stream=Broken())):
        with pytest.raises((ApiError, UnreachableError)):
            connect(transport=answers(httpx.Response(200, stream=Broken()), last)).download("48a6", target)
        assert target.read_bytes() == b"before"
        assert list(tmp_path.iterdir()) == [target]
    assert connect(transport=answers(httpx.Response(200, stream=Broken()), whole)).download("48a6", target) == target
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]


def test_a_disk_that_is_full_is_told(connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *_: Full())
    with pytest.raises(CommentFileError, match="No space left"):
        connect(transport=answers(httpx.Response(200, content=b"whole"))).download("48a6", tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_job_is_looked_at_less_and_less_often(connect: Connect, clock: Clock) -> None:
    running, done = httpx.Response(200, json=JOB), httpx.Response(200, json=JOB | {"state": "done"})
    assert connect(transport=answers(*[running] * 20, done)).wait("48a6").state == "done"
    assert clock.pauses[0] < 0.5
    assert clock.pauses == sorted(clock.pauses)
    assert clock.pauses[-1] == 5
    with pytest.raises(JobError, match=r"1 of 2 rows.*timeout") as caught:
        connect(transport=answers(running)).wait("48a6", timeout=7)
    assert caught.value.job.state == "running"
    assert sum(clock.pauses[20:]) == pytest.approx(7)


@pytest.mark.parametrize(
    ("end", "words"), [({"state": "failed", "error": "line 3 is broken"}, "line 3"), ({"state": "cancelled"}, "again")]
)
def test_a_job_that_comes_to_nothing_is_an_error_and_removed(
    connect: Connect, clock: Clock, tmp_path: Path, end: dict[str, Any], words: str
) -> None:
    asked: list[httpx.Request] = []
    sent, ended = httpx.Response(202, json=JOB), httpx.Response(200, json=JOB | end)
    client = connect(transport=answers(sent, ended, httpx.Response(204), asked=asked))
    with pytest.raises(JobError, match=f"48a6.*{words}"):
        client.classify_file(CSV.encode(), tmp_path / "out.csv", format="csv")
    assert [request.method for request in asked] == ["POST", "GET", "DELETE"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_nobody_waits_for_any_more_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    methods: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return httpx.Response(204 if request.method == "DELETE" else 200, json=JOB)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    async def cancelled() -> None:
        async with AsyncClient(transport=httpx.MockTransport(handle)) as client, asyncio.timeout(0.3):
            await client.classify_file(CSV.encode(), tmp_path / "out.csv", format="csv")

    monkeypatch.setattr("recontact_serving.client.blocking.sleep", interrupt)
    with Client(transport=httpx.MockTransport(handle)) as client, pytest.raises(KeyboardInterrupt):
        client.classify_file(CSV.encode(), tmp_path / "out.csv", format="csv")
    assert methods == ["POST", "GET", "DELETE"]
    with pytest.raises(TimeoutError):
        asyncio.run(cancelled())
    assert methods.count("DELETE") == 2


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://host", "http://", "http://host:port", "http://me:pw@host"]
)
def test_an_address_that_is_none_is_refused_with_the_cure(connect: Connect, url: str) -> None:
    with pytest.raises(RecontactError, match=r"http://127|api_key") as caught:
        connect(url)
    assert "pw" not in str(caught.value)


def test_a_server_may_stand_below_a_path(connect: Connect) -> None:
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
