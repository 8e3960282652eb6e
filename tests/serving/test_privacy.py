"""Privacy: a planted sentence is sent in every way there is, good and bad, and then looked for everywhere."""

import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import polars as pl
import pytest

PLANTED = "mormor heter Ragnfrid Skaldebrekke"
PERSONAL = ("ragnfrid@skaldebrekke.example", "912 34 567", "01019012480")
SEEN = "mormor", "ragnfrid", "skaldebrekke"  # no word of it either
LIMITS = {"RECONTACT_MAX_CHARACTERS": "300", "RECONTACT_MAX_TEXTS": "3", "RECONTACT_MAX_BODY_BYTES": "5000"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(model_folder: Path, data: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    with running(model_folder, data, tmp_path) as client:
        yield client


@pytest.fixture
def redacting(model_folder: Path, data: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    with running(model_folder, data, tmp_path, RECONTACT_REDACT="true") as client:
        yield client


@contextmanager
def running(model_folder: Path, data: Path, tmp_path: Path, **settings: str) -> Iterator[httpx.Client]:
    """A server in a process of its own, what it prints in server.log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "recontact_serving.cli.main", "serve", "--port", str(port)]
    environment = os.environ | LIMITS | settings | {"RECONTACT_DATA": str(data), "PYTHONUNBUFFERED": "1"}
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--model", str(model_folder)], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            for _ in range(600):
                try:
                    client.get("/health/ready").raise_for_status()
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield client
        process.terminate()
        process.wait(timeout=40)


def answers(server: httpx.Client) -> Iterator[httpx.Response]:
    """Every answer that has no business to repeat a comment."""
    long, half = PLANTED * 20, json.dumps({"text": PLANTED}).encode()[:-2]
    for path, key in (("/v1/classify", "text"), ("/predict", "inputs")):
        yield server.post(path, json={key: PLANTED})
        yield server.post(path, json={key: long})
        yield server.post(path, json={key: {PLANTED: PLANTED}})
        yield server.post(path, json={PLANTED: 1, key: [[PLANTED]]})
        yield server.post(path, json=PLANTED)
        yield server.post(path, json={key: PLANTED * 500})
        yield server.post(path, content=half, headers={"content-type": "application/json"})
        yield server.post(path, content=PLANTED.encode("utf-16"), headers={"content-type": "application/json"})
        yield server.post(path, content=PLANTED, headers={"content-type": "text/plain"})
    yield server.post("/v1/classify", json={"texts": [PLANTED] * 4})
    yield server.post("/v1/classify", json={"texts": [PLANTED, 3]})
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "data": [PLANTED]}
    for spoiled in ({}, {"data": [PLANTED, PLANTED]}, {"data": PLANTED}, {"data": [long]}, {"parameters": PLANTED}):
        yield server.post("/v2/models/toy/infer", json={"inputs": [tensor | spoiled]})
    yield server.post("/v1/jobs", json={"rows": [{"a": 1, "b": PLANTED}], "text_column": "c"})
    yield server.post("/v1/jobs", json={"rows": [PLANTED]})
    for name, content in (
        ("a.csv", f"comment\n{PLANTED}\n"),
        ("a.csv", f'comment;b\n"{PLANTED}\n{PLANTED};1;2;3\n'),
        ("a.csv", f"comment\n{long}\n"),
        ("a.jsonl", f'{{"comment": "{PLANTED}}}\n{PLANTED}'),
        ("a.parquet", PLANTED),
        ("a.xlsx", PLANTED),
    ):
        yield server.post("/v1/jobs", files={"file": (name, io.BytesIO(content.encode()))})


def test_a_planted_sentence_is_found_nowhere(server: httpx.Client, data: Path, tmp_path: Path) -> None:
    sent = list(answers(server))
    assert {answer.status_code for answer in sent} >= {200, 202, 400, 413, 422}
    assert all(answer.status_code < 500 for answer in sent)
    places = {f"{answer.request.url.path} {answer.status_code}": answer.content for answer in sent}
    places["metrics"] = server.get("/metrics").content
    places["jobs"] = server.get("/v1/jobs").content
    for _ in range(300):
        jobs = server.get("/v1/jobs").json()["jobs"]
        if all(job["state"] == "done" for job in jobs):
            break
        time.sleep(0.1)
    assert [job["state"] for job in jobs] == ["done"]
    assert PLANTED in server.get(f"/v1/jobs/{jobs[0]['id']}/result").text
    assert any(PLANTED.encode() in path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert server.delete(f"/v1/jobs/{jobs[0]['id']}").status_code == 204
    places |= {str(path): path.read_bytes() for path in data.rglob("*") if path.is_file()}
    places["log"] = (tmp_path / "server.log").read_bytes()
    for place, content in places.items():
        assert not [word for word in SEEN if word in content.decode("utf-8", "replace").lower()], place


def test_personal_data_in_comments_is_found_nowhere_on_a_server_that_redacts(
    redacting: httpx.Client, data: Path, tmp_path: Path
) -> None:
    comment = f"ring {PERSONAL[1]} om {PERSONAL[2]}, {PERSONAL[0]}"
    written = io.BytesIO()
    pl.DataFrame({"comment": [comment] * 3}).write_parquet(written)
    broken = f'id;comment\n1;"{comment}"\n2;x;{comment};"\n'
    files = {
        "a.csv": broken.encode(),
        "b.jsonl": (json.dumps({"comment": comment}) + '\n{"comment": "' + comment).encode(),
        "c.parquet": written.getvalue(),
    }
    sent = [
        redacting.post("/v1/jobs", files={"file": (name, content)}, data={"skip_bad_rows": "true"})
        for name, content in files.items()
    ]
    sent.append(redacting.post("/v1/jobs", json={"texts": [comment] * 2}))
    sent.append(redacting.post("/v1/jobs", files={"file": ("d.csv", broken.encode())}))  # refused: a broken row
    assert [answer.status_code for answer in sent] == [202, 202, 202, 202, 422]
    for _ in range(300):
        jobs = redacting.get("/v1/jobs").json()["jobs"]
        if all(job["state"] not in ("queued", "running") for job in jobs):
            break
        time.sleep(0.1)
    assert [(job["state"], job["redacted"]["id"]) for job in reversed(jobs)] == [
        ("done", 1), ("done", 1), ("done", 3), ("done", 2),
    ]  # fmt: skip
    places = {f"{answer.request.url.path} {number}": answer.text for number, answer in enumerate(sent)}
    for job in jobs:
        for path in ("", "/bad-rows", *(f"/result?format={format}" for format in ("csv", "jsonl", "tsv"))):
            places[f"{job['name']}{path}"] = redacting.get(f"/v1/jobs/{job['id']}{path}").text
        redacting.get(f"/v1/jobs/{job['id']}/result?format=parquet").raise_for_status()
    assert "ring [phone] om [id], [email]" in places["a.csv/result?format=jsonl"]
    places |= {str(path): str(pl.read_parquet(path).rows()) for path in data.rglob("*.parquet")}
    places |= {str(path) + " as it is": path.read_bytes().decode("utf-8", "replace") for path in data.rglob("*.*")}
    places["log"] = (tmp_path / "server.log").read_text(encoding="utf-8")
    for place, content in places.items():
        assert not [word for word in PERSONAL if word in content], place
