"""The client and jobs: a file comes back whole or not at all, and nothing of it stays on the server."""

import asyncio
import gzip
import io
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from recontact import CauseClassifier
from recontact_data.errors import CommentFileError, RecontactError
from recontact_serving import batch
from recontact_serving.client import ApiError, AsyncClient, Client, Job, JobError, UnreachableError

TEXTS = ["they never called back", "friendly and quick!!", "køen var for lang 😡"]
SECRET = "my card is 4242"
CSV = "id;comment\n" + "".join(f"{n};{text}\n" for n, text in enumerate(TEXTS * 5))
JOB = {
    "id": "48a6", "state": "running", "name": "a.csv", "format": "csv", "text_column": "comment", "rows": 2,
    "rows_done": 1, "bad_rows": 0, "evidence": False, "model_version": None, "error": None, "summary": None,
    "created_at": "2025-05-01T12:00:00Z", "started_at": None, "finished_at": None, "expires_at": None, "new": 1,
}  # fmt: skip

Connect = Callable[..., Client]
Answers = Callable[..., httpx.MockTransport]
MakeProblem = Callable[..., httpx.Response]


class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that breaks off."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"half a fi"
        raise httpx.ReadError("broken off")

    async def __aiter__(self) -> Any:
        for part in self:
            yield part


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


def test_fewer_and_surer_causes_can_be_asked_for(client: Client, tmp_path: Path) -> None:
    job = client.classify_file(CSV.encode(), tmp_path / "out.csv", name="survey.csv", min_precision=0.95)
    assert job.min_precision == 0.95
    for wrong in (0.0, 1.0):
        with pytest.raises(ApiError, match="min_precision"):
            client.submit(CSV.encode(), name="survey.csv", min_precision=wrong)


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


def test_a_file_that_cannot_be_read_or_written_is_not_sent(connect: Connect, tmp_path: Path, answers: Answers) -> None:
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


def test_a_file_over_the_limit_is_refused_at_once(client: Client, pauses: list[float]) -> None:
    with pytest.raises(ApiError, match="300,000") as caught:
        client.submit(b"comment\n" + b"good\n" * 4_000_000, format="csv")
    assert (caught.value.status, pauses) == (413, [])


def test_a_job_that_is_sent_again_keeps_its_key(
    connect: Connect, pauses: list[float], tmp_path: Path, answers: Answers, problem: MakeProblem
) -> None:
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


def test_a_job_is_deleted_even_if_the_answer_was_lost(
    connect: Connect, pauses: list[float], answers: Answers, problem: MakeProblem
) -> None:
    connect(transport=answers(httpx.ReadError("broken off"), problem(404))).delete("48a6")
    with pytest.raises(ApiError):
        connect(transport=answers(problem(404))).delete("48a6")


def test_a_download_that_breaks_off_begins_anew_and_leaves_no_half_file(
    connect: Connect, pauses: list[float], tmp_path: Path, answers: Answers, problem: MakeProblem
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


def test_a_disk_that_is_full_is_told(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: Answers
) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *_: Full())
    with pytest.raises(CommentFileError, match="No space left"):
        connect(transport=answers(httpx.Response(200, content=b"whole"))).download("48a6", tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_job_is_looked_at_less_and_less_often(connect: Connect, pauses: list[float], answers: Answers) -> None:
    running, done = httpx.Response(200, json=JOB), httpx.Response(200, json=JOB | {"state": "done"})
    assert connect(transport=answers(*[running] * 20, done)).wait("48a6").state == "done"
    assert pauses[0] < 0.5
    assert pauses == sorted(pauses)
    assert pauses[-1] == 5
    with pytest.raises(JobError, match=r"1 of 2 rows.*timeout") as caught:
        connect(transport=answers(running)).wait("48a6", timeout=7)
    assert caught.value.job.state == "running"
    assert sum(pauses[20:]) == pytest.approx(7)


@pytest.mark.parametrize(
    ("end", "words"), [({"state": "failed", "error": "line 3 is broken"}, "line 3"), ({"state": "cancelled"}, "again")]
)
def test_a_job_that_comes_to_nothing_is_an_error_and_removed(
    connect: Connect, pauses: list[float], tmp_path: Path, end: dict[str, Any], words: str, answers: Answers
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
