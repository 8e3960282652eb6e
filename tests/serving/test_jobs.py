"""Jobs: what becomes of a file that is sent, in good days and bad ones."""

import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient
from httpx import Response

from recontact import CauseClassifier
from recontact_serving.app import create_app
from recontact_serving.batch import classify_file
from recontact_serving.settings import Settings

COMMENTS = ["they never called back", "friendly and quick!!", "", "køen var for lang", "the repair did not help"] * 20
SECRET = "my card is 4242"
PATIENCE = 60.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "data", max_rows=500, max_characters=200, max_upload_bytes=300_000, max_body_bytes=30_000,
        max_expanded_bytes=1_000_000, max_unfinished_jobs=3, job_lease_seconds=1.0,
    )  # fmt: skip


@pytest.fixture
def client(settings: Settings, classifier: CauseClassifier) -> Iterator[TestClient]:
    with TestClient(create_app(settings, classifier), raise_server_exceptions=False) as client:
        yield client


def table(format: str) -> bytes:
    """A survey of a hundred rows in a format."""
    rows = pl.DataFrame({"id": range(len(COMMENTS)), "comment": COMMENTS, "day": ["mon", "tue"] * 50})
    written = io.BytesIO()
    if format == "xlsx":
        rows.write_excel(written)
    elif format == "parquet":
        rows.write_parquet(written)
    elif format == "jsonl":
        rows.write_ndjson(written)
    else:
        rows.write_csv(written, separator="\t" if format == "tsv" else ";")
    return written.getvalue()


def send(client: TestClient, name: str, content: bytes, key: str | None = None, **fields: Any) -> Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/v1/jobs", files={"file": (name, content)}, data=fields, headers=headers)


def finished(client: TestClient, answer: Response) -> dict[str, Any]:
    """The job of an answer once it has ended."""
    assert answer.status_code == 202, answer.text
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        job: dict[str, Any] = client.get(answer.headers["location"]).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def is_problem(answer: Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    detail = answer.json()["detail"]
    assert all(word in detail for word in words), detail
    assert SECRET not in answer.text


@pytest.mark.parametrize("format", ["csv", "tsv", "xlsx", "parquet", "jsonl"])
def test_a_file_comes_back_as_the_command_line_would_write_it(
    client: TestClient, classifier: CauseClassifier, tmp_path: Path, format: str
) -> None:
    (tmp_path / f"survey.{format}").write_bytes(table(format))
    job = finished(client, send(client, f"survey.{format}", table(format)))
    assert (job["state"], job["rows"], job["rows_done"], job["format"]) == ("done", 100, 100, format)
    for wanted in ("csv", "jsonl", format):
        answer = client.get(f"/v1/jobs/{job['id']}/result", params={"format": wanted})
        assert answer.status_code == 200, answer.text
        assert f'filename="survey.causes.{wanted}"' in answer.headers["content-disposition"]
        classify_file(classifier, tmp_path / f"survey.{format}", tmp_path / f"expected.{wanted}")
        if wanted == "xlsx":
            found, expected = pl.read_excel(io.BytesIO(answer.content)), pl.read_excel(tmp_path / "expected.xlsx")
            assert found.equals(expected)
        else:
            assert answer.content == (tmp_path / f"expected.{wanted}").read_bytes()


def test_texts_and_rows_can_be_sent_as_json(client: TestClient, classifier: CauseClassifier) -> None:
    answers = classifier.classify(COMMENTS[:3])
    rows = [{"ref": {"order": 7}, "said": comment} for comment in COMMENTS[:3]]
    for body, column in (({"texts": COMMENTS[:3]}, "text"), ({"rows": rows, "text_column": "said"}, "said")):
        job = finished(client, client.post("/v1/jobs", json=body | {"evidence": True}))
        found = client.get(f"/v1/jobs/{job['id']}/result").text.splitlines()
        assert [json.loads(line)["cause"] for line in found] == [answer.cause for answer in answers]
        assert [json.loads(line)[column] for line in found] == COMMENTS[:3]
        assert all("evidence_no_callback" in json.loads(line) for line in found)
    assert json.loads(found[0])["ref"] == {"order": 7}


def test_fewer_and_surer_causes_can_be_asked_for(
    client: TestClient, classifier: CauseClassifier, tmp_path: Path
) -> None:
    (tmp_path / "survey.csv").write_bytes(table("csv"))
    classify_file(classifier.at_precision(0.95), tmp_path / "survey.csv", tmp_path / "expected.csv")
    classify_file(classifier, tmp_path / "survey.csv", tmp_path / "usual.csv")
    expected = (tmp_path / "expected.csv").read_bytes()
    assert expected != (tmp_path / "usual.csv").read_bytes()
    job = finished(client, send(client, "survey.csv", table("csv"), min_precision=0.95))
    assert job["min_precision"] == 0.95
    assert client.get(f"/v1/jobs/{job['id']}/result").content == expected
    job = finished(client, client.post("/v1/jobs", json={"texts": COMMENTS, "min_precision": 0.95}))
    assert job["summary"] == client.get("/v1/jobs").json()["jobs"][1]["summary"]
    for wrong in (0.2, 1.0, "high", ""):
        is_problem(send(client, "survey.csv", table("csv"), min_precision=wrong), 422, "min_precision: Input should be")
    is_problem(client.post("/v1/jobs", json={"texts": COMMENTS, "min_precision": 0.2}), 422, "min_precision: Input")


def test_a_model_that_was_never_measured_promises_no_precision(
    settings: Settings, classifier: CauseClassifier, unmeasured: CauseClassifier
) -> None:
    """Neither when a job is sent, nor when it takes a measured one's place before the job's turn."""
    with TestClient(create_app(settings, unmeasured)) as client:
        is_problem(send(client, "a.csv", table("csv"), min_precision=0.9), 409, "recontact calibrate")
    sent = send(TestClient(create_app(settings, classifier)), "a.csv", table("csv"), min_precision=0.9)  # not started
    with TestClient(create_app(settings, unmeasured)) as client:
        job = finished(client, sent)
    assert job["state"] == "failed"
    assert "recontact calibrate" in job["error"]


def test_a_job_sums_up_what_was_found(client: TestClient, classifier: CauseClassifier) -> None:
    job = finished(client, send(client, "survey.csv", table("csv")))
    answers = classifier.classify(COMMENTS)
    assert job["model_version"] == classifier.model_version
    assert job["summary"]["needs_review"] == sum(answer.needs_review for answer in answers)
    assert job["summary"]["causes"]["no_callback"] == sum("no_callback" in answer.causes for answer in answers)
    assert sum(job["summary"]["languages"].values()) == len(COMMENTS)
    assert job["created_at"] <= job["started_at"] <= job["finished_at"] < job["expires_at"]


def test_a_result_that_a_format_cannot_hold_is_to_be_had_in_another(client: TestClient, settings: Settings) -> None:
    job = finished(client, client.post("/v1/jobs", json={"texts": ["a\0b"]}))
    for format in ("csv", "tsv"):
        answer = client.get(f"/v1/jobs/{job['id']}/result", params={"format": format})
        is_problem(answer, 409, f"result.{format}: a text holds a NUL character", "ask for .jsonl")
        assert str(settings.data) not in answer.text
    assert json.loads(client.get(f"/v1/jobs/{job['id']}/result", params={"format": "jsonl"}).text)["text"] == "a\0b"


def test_a_full_disk_is_no_fault_of_the_format(
    client: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: object, _line: str) -> None:
        raise OSError(28, "No space left on device")

    job = finished(client, send(client, "a.csv", table("csv")))
    monkeypatch.setattr("recontact_data.writers.TextWriter._line", full)
    answer = client.get(f"/v1/jobs/{job['id']}/result")
    is_problem(answer, 500, "its log says more")
    assert str(settings.data) not in answer.text
    monkeypatch.undo()
    assert client.get(f"/v1/jobs/{job['id']}/result").status_code == 200


def test_jobs_are_listed_newest_first(client: TestClient) -> None:
    ids = [finished(client, send(client, f"{n}.csv", table("csv")))["id"] for n in range(3)]
    assert [job["id"] for job in client.get("/v1/jobs").json()["jobs"]] == ids[::-1]
    assert [job["id"] for job in client.get("/v1/jobs?limit=1&offset=1").json()["jobs"]] == [ids[1]]


def test_a_job_sent_again_with_its_key_is_the_same_job(client: TestClient) -> None:
    first, again, other = (send(client, "a.csv", table("csv"), key) for key in ("k1", "k1", "k2"))
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]
    assert len(client.get("/v1/jobs").json()["jobs"]) == 2
    assert send(client, "a.csv", table("csv"), "").json()["id"] != send(client, "a.csv", table("csv"), "").json()["id"]


def test_broken_rows_stop_a_file_or_are_set_aside(client: TestClient) -> None:
    broken = b'{"comment": "good"}\n{"comment": \n{"comment": "bad"}\n'
    is_problem(send(client, "my survey.jsonl", broken), 422, "my survey.jsonl, line 2", "skip_bad_rows")
    job = finished(client, send(client, "my survey.jsonl", broken, skip_bad_rows=True))
    assert (job["state"], job["rows"], job["bad_rows"]) == ("done", 2, 1)
    assert len(client.get(f"/v1/jobs/{job['id']}/result").text.splitlines()) == 2
    assert client.get(f"/v1/jobs/{job['id']}/bad-rows").content == b'{"comment": \n'
    other = finished(client, send(client, "a.csv", table("csv")))
    assert client.get(f"/v1/jobs/{other['id']}/bad-rows").status_code == 204


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", ("empty",)),
        ("a.xlsx", b"PK\x03\x04 is no workbook", ("XLSX",)),
        ("a.xlsx", table("csv"), ("XLSX",)),
        ("a.parquet", b"PAR1" + b"\x00" * 50 + b"PAR1", ("a.parquet",)),
        ("a.jsonl", b"\xff\xfe\xfa nonsense", ()),
        ("a.csv", table("xlsx"), ("xlsx",)),
        ("a.docx", b"something", (".docx", "csv")),
        ("", b"comment\nx\n", ()),
        ("a.csv", b"a;b\n1;2\n", ("text_column",)),
        ("a.csv", b"comment;cause\nx;y\n", ("cause", "rename")),
        ("a.csv", b"comment\n", ("no rows",)),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_cure(
    client: TestClient, settings: Settings, name: str, content: bytes, words: tuple[str, ...]
) -> None:
    is_problem(send(client, name, content), 422, *words)
    assert client.get("/v1/jobs").json()["jobs"] == []
    assert list((settings.data / "jobs").iterdir()) == []


def test_limits_are_named(client: TestClient) -> None:
    is_problem(send(client, "a.csv", b"comment\n" + b"good\n" * 501), 413, "500")
    is_problem(send(client, "a.csv", b"comment\n" + b"x" * 201), 413, "200", "row 1")
    is_problem(send(client, "a.csv", b"comment\n" + b"x" * 300_000), 413, "300,000")
    is_problem(client.post("/v1/jobs", json={"texts": ["x" * 30_000]}), 413, "30,000")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    is_problem(send(client, "a.xlsx", bomb.getvalue()), 413, "1000000")


def test_a_body_that_hides_its_length_is_cut_off_at_the_limit(client: TestClient) -> None:
    def parts() -> Iterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\ncomment\n'
        for _ in range(100):
            yield b"good\n" * 1000

    headers = {"content-type": "multipart/form-data; boundary=x"}
    is_problem(client.post("/v1/jobs", content=parts(), headers=headers), 413, "300,000")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"{}", "application/json", 422),
        (b'{"texts": []}', "application/json", 422),
        (b'{"texts": ["a"], "rows": [{"text": "a"}]}', "application/json", 422),
        (b'{"rows": [{"text": "a"}, "b"]}', "application/json", 422),
        (b'{"texts": ["\\ud800"]}', "application/json", 400),
        (b'{"rows": [{"text": "\\ud800"}]}', "application/json", 400),
        (b'{"rows": [{"cause": "a", "text": "b"}]}', "application/json", 422),
        (b"comment\nx", "text/csv", 415),
        (b'{"texts": []}', "", 422),
        (b"", "multipart/form-data", 400),
        (b"--x--", "multipart/form-data; boundary=x", 422),
    ],
)
def test_a_request_of_another_form_is_refused(client: TestClient, content: bytes, kind: str, status: int) -> None:
    is_problem(client.post("/v1/jobs", content=content, headers={"content-type": kind}), status)


def test_what_is_wrong_with_a_body_is_said(client: TestClient) -> None:
    json_type = {"content-type": "application/json"}
    is_problem(client.post("/v1/jobs", content=b"x", headers={"content-type": "text/csv"}), 415, "multipart/form-data")
    packed = client.post("/v1/jobs", content=b"x", headers=json_type | {"content-encoding": "gzip"})
    is_problem(packed, 415, "without content-encoding")
    is_problem(client.post("/v1/jobs", content=b'{"texts": ["\xff"]}', headers=json_type), 400, "not UTF-8")
    is_problem(client.post("/v1/jobs", content=b"[" * 20_000, headers=json_type), 400, "too deeply")


def test_an_owner_may_have_so_many_unfinished_jobs(
    settings: Settings, classifier: CauseClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = TestClient(create_app(settings, classifier))  # not started: nobody works on them
    for _ in range(3):
        assert send(client, "a.csv", table("csv")).status_code == 202
    refused = send(client, "a.csv", table("csv"))
    is_problem(refused, 429, "3 jobs")
    assert int(refused.headers["retry-after"]) >= 30
    assert refused.json()["type"] == "urn:recontact:problem:unfinished-jobs"
    id = client.get("/v1/jobs").json()["jobs"][0]["id"]
    is_problem(client.get(f"/v1/jobs/{id}/result"), 409, "queued")
    assert client.post(f"/v1/jobs/{id}/cancel").json()["state"] == "cancelled"
    assert send(client, "a.csv", table("csv")).status_code == 202


def test_a_deleted_job_leaves_nothing(client: TestClient, settings: Settings) -> None:
    job = finished(client, send(client, "a.csv", table("csv")))
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert list((settings.data / "jobs").iterdir()) == []
    for answer in (client.get(f"/v1/jobs/{job['id']}"), client.delete(f"/v1/jobs/{job['id']}")):
        is_problem(answer, 404, "expired")


def test_a_job_may_be_deleted_while_it_runs(
    client: TestClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    for pause in (0.0, 0.02, 0.05, 0.1, 0.2):
        path = send(client, "a.csv", table("csv")).headers["location"]
        time.sleep(pause)
        assert client.delete(path).status_code == 204
    job = finished(client, send(client, "a.csv", table("csv")))
    assert [path.name for path in (settings.data / "jobs").iterdir()] == [job["id"]]
    assert "failed" not in caplog.text


def test_an_expired_job_leaves_nothing(settings: Settings, classifier: CauseClassifier) -> None:
    brief = settings.model_copy(update={"job_days": 1e-9})
    with TestClient(create_app(brief, classifier)) as client:
        finished(client, send(client, "a.csv", table("csv")))
    with TestClient(create_app(brief, classifier)) as client:
        end = time.monotonic() + PATIENCE
        while client.get("/v1/jobs").json()["jobs"] and time.monotonic() < end:
            time.sleep(0.02)
        assert client.get("/v1/jobs").json()["jobs"] == []
        assert list((settings.data / "jobs").iterdir()) == []


def test_a_server_may_take_no_jobs(settings: Settings, classifier: CauseClassifier) -> None:
    client = TestClient(create_app(settings.model_copy(update={"jobs": False}), classifier))
    is_problem(send(client, "a.csv", table("csv")), 404, "RECONTACT_JOBS")
    assert not settings.data.exists()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_servers_lose_and_double_no_job(model_folder: Path) -> None:
    benchmark = Path(__file__).resolve().parents[2] / "benchmarks" / "killed_server.py"
    few = ["--kills", "2", "--jobs", "2", "--rows", "60", "--model", str(model_folder)]
    ended = subprocess.run([sys.executable, str(benchmark), *few], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 kills, 2 jobs of 60 rows: 0 faults" in ended.stdout


def test_a_key_that_comes_with_something_else_is_refused(client: TestClient) -> None:
    assert send(client, "a.csv", table("csv"), "k1").status_code == 202
    is_problem(send(client, "a.csv", table("csv") + b"more\n", "k1"), 422, "Idempotency-Key")
    is_problem(send(client, "a.csv", table("csv"), "k1", redact="true"), 422, "Idempotency-Key")
    rows = {"texts": ["one", "two"]}
    first, same = (client.post("/v1/jobs", json=rows, headers={"Idempotency-Key": "k2"}).json() for _ in range(2))
    assert first["id"] == same["id"]
    other = client.post("/v1/jobs", json={"texts": ["one", "three"]}, headers={"Idempotency-Key": "k2"})
    is_problem(other, 422, "Idempotency-Key")
