"""Redacted jobs: no personal data stays on the server, and the results are those of the masked file."""

import io
import json
import time
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

SECRETS = ["912 34 567", "01019012480", "kari@example.no"]
COMMENTS = [
    "they never called back on 912 34 567; really, never",
    'fødselsnummer 01019012480 "og" så kari@example.no',
    "=1+1 friendly\nand quick!!",
    "",
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


@pytest.fixture
def client(settings: Settings, classifier: CauseClassifier) -> Iterator[TestClient]:
    with TestClient(create_app(settings, classifier), raise_server_exceptions=False) as client:
        yield client


def table(format: str) -> bytes:
    rows = pl.DataFrame({"id": range(4), "comment": COMMENTS, "day": ["2026-01-01"] * 4, "=x": [1.5, 2.5, 3.5, 4.5]})
    rows = rows if format in ("csv", "tsv", "jsonl") else rows.with_columns(pl.col("day").str.to_date())
    written = io.BytesIO()
    if format == "xlsx":
        rows.write_excel(written)
    elif format == "parquet":
        rows.write_parquet(written)
    elif format == "jsonl":
        rows.write_ndjson(written)
    else:
        rows.write_csv(written, separator="\t" if format == "tsv" else ";")
    if format == "csv":
        return written.getvalue().decode().encode("cp1252")
    return written.getvalue()


def send(client: TestClient, name: str, content: bytes, **fields: str) -> Response:
    return client.post("/v1/jobs", files={"file": (name, content)}, data=fields)


def finished(client: TestClient, answer: Response) -> dict[str, Any]:
    """The job of an answer once it has ended."""
    assert answer.status_code == 202, answer.text
    for _ in range(3000):
        job: dict[str, Any] = client.get(answer.headers["location"]).json()
        if job["state"] not in ("queued", "running"):
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def kept(folder: Path) -> str:
    """All that lies in a folder, spreadsheets and Parquet unpacked."""
    texts = []
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            texts.append(str(pl.read_parquet(path).rows()))
        elif path.suffix == ".xlsx":
            texts.append(str(pl.read_excel(path).rows()))
        elif path.is_file():
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    return "".join(texts)


@pytest.mark.parametrize("format", ["csv", "tsv", "xlsx", "parquet", "jsonl"])
def test_a_redacted_job_gives_what_the_command_line_would_and_keeps_no_secret(
    client: TestClient, classifier: CauseClassifier, settings: Settings, tmp_path: Path, format: str
) -> None:
    source = tmp_path / f"survey.{format}"
    source.write_bytes(table(format))
    encoding = "cp1252" if format == "csv" else None
    fields = {"redact": "true", "text_column": "comment"} | ({"encoding": encoding} if encoding else {})
    job = finished(client, send(client, source.name, source.read_bytes(), **fields))
    assert job["state"] == "done", job
    assert (job["format"], job["redacted"]) == (format, {"comments": 2, "phone": 1, "id": 1, "email": 1})
    for wanted in ("csv", "jsonl", "parquet", format):
        answer = client.get(f"/v1/jobs/{job['id']}/result", params={"format": wanted})
        expected = tmp_path / f"expected.{wanted}"
        classify_file(classifier, source, expected, redact=True, text_column="comment", encoding=encoding)
        if wanted in ("csv", "jsonl", "tsv"):
            assert answer.content == expected.read_bytes()
        else:
            read = pl.read_parquet if wanted == "parquet" else pl.read_excel
            assert read(io.BytesIO(answer.content)).equals(read(expected))
    assert [secret for secret in SECRETS if secret in kept(settings.data)] == []


def test_a_file_of_one_column_is_read_as_it_was(
    client: TestClient, classifier: CauseClassifier, tmp_path: Path
) -> None:
    source = tmp_path / "one.csv"
    source.write_text("comment\nring 912 34 567; or not, then\n\nthey never, ever called\n", encoding="utf-8")
    job = finished(client, send(client, source.name, source.read_bytes(), redact="true"))
    classify_file(classifier, source, tmp_path / "expected.csv", redact=True)
    result = client.get(f"/v1/jobs/{job['id']}/result").content
    assert result == (tmp_path / "expected.csv").read_bytes()


def test_broken_rows_of_a_redacted_job_are_counted_and_not_kept(client: TestClient, settings: Settings) -> None:
    content = b"id,comment\n1,fine\n2,ring,912 34 567\n3,good\n"
    job = finished(client, send(client, "a.csv", content, redact="true", skip_bad_rows="true"))
    assert (job["state"], job["rows"], job["bad_rows"]) == ("done", 2, 1)
    assert client.get(f"/v1/jobs/{job['id']}/bad-rows").status_code == 204
    assert "912" not in kept(settings.data)


def test_json_is_redacted_where_it_is_asked_for(client: TestClient) -> None:
    sent = {"texts": COMMENTS, "redact": True}
    job = finished(client, client.post("/v1/jobs", json=sent))
    rows = [json.loads(line) for line in client.get(f"/v1/jobs/{job['id']}/result").text.splitlines()]
    assert rows[1]["text"] == 'fødselsnummer [id] "og" så [email]'


def test_the_setting_redacts_every_job(settings: Settings, classifier: CauseClassifier) -> None:
    always = settings.model_copy(update={"redact": True})
    with TestClient(create_app(always, classifier)) as client:
        job = finished(client, send(client, "a.jsonl", table("jsonl"), redact="false", text_column="comment"))
        assert job["redacted"]["comments"] == 2
        assert "912" not in kept(settings.data)


def test_a_job_is_as_it_was_where_nothing_is_to_be_redacted(client: TestClient, settings: Settings) -> None:
    job = finished(client, send(client, "a.jsonl", table("jsonl"), text_column="comment"))
    assert job["redacted"] is None
    assert all(secret in kept(settings.data) for secret in SECRETS)
