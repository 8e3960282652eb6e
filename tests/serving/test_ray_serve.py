"""Ray Serve: the same server behind Ray's proxy, on a Ray of this machine."""

import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import polars as pl
import pytest

from recontact import CauseClassifier
from recontact_data.errors import MissingExtraError, RecontactError
from recontact_serving.keys import Keys, Scope
from recontact_serving.ray_serve import Arguments, build, settings_for
from recontact_serving.settings import Settings
from recontact_serving.store.database import open_store

TEXTS = ["they never called back", "friendly and quick!!"]
SECRET = "chrysanthemum: still broken after the repair"
FILLING = "x" * 1000
PATIENCE = 60.0


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """What is set where the application is built, and a Ray that keeps to itself."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RECONTACT_DATA", str(tmp_path_factory.mktemp("ray-data")))
        environment.setenv("RECONTACT_MODEL", str(model_folder))
        environment.setenv("RECONTACT_MAX_TEXTS", "5")
        environment.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))  # else Ray writes one into the home folder
        environment.setenv("RAY_USAGE_STATS_ENABLED", "0")
        environment.setenv("RAY_worker_niceness", "0")  # Ray's own 15 starves beside other work
        yield environment


@pytest.fixture(scope="module")
def keys(environment: pytest.MonkeyPatch) -> Keys:
    return Keys(open_store(Settings()))


@pytest.fixture(scope="module")
def key(keys: Keys) -> str:
    return keys.create("crm", [Scope.classify, Scope.jobs])


@pytest.fixture(scope="module")
def running(key: str) -> Iterator[tuple[str, Path]]:
    """The address of two replicas behind Ray's proxy, and the folder of Ray's logs."""
    ray = pytest.importorskip("ray")
    from ray import serve

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="ray", dir="/tmp", ignore_cleanup_errors=True) as folder:
        ray.init(
            num_cpus=2, include_dashboard=False, object_store_memory=100_000_000, _temp_dir=folder, log_to_driver=False
        )
        try:
            serve.start(http_options={"host": "127.0.0.1", "port": port})
            serve.run(build(Arguments(replicas=2)))
            yield f"http://127.0.0.1:{port}", Path(folder)
        finally:
            serve.shutdown()
            ray.shutdown()


@pytest.fixture
def client(running: tuple[str, Path], key: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running[0], headers={"x-api-key": key}, timeout=PATIENCE) as client:
        yield client


def is_problem(answer: httpx.Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(word in answer.json()["detail"] for word in words), answer.text


def processes() -> set[int]:
    """The processes of the replicas that Ray knows."""
    import ray

    found = set()
    for actor in ray.util.list_named_actors(all_namespaces=True):
        if actor["name"].startswith("SERVE_REPLICA"):
            replica = ray.get_actor(actor["name"], actor["namespace"])
            try:
                found.add(ray.get(replica.__ray_call__.remote(lambda _: os.getpid()), timeout=PATIENCE))
            except ray.exceptions.RayActorError:
                continue
    return found


@pytest.mark.slow
def test_behind_ray_the_answer_is_the_classifiers_own(client: httpx.Client, classifier: CauseClassifier) -> None:
    answer = client.post("/v1/classify", json={"texts": TEXTS})
    assert answer.status_code == 200, answer.text
    assert answer.json()["model_version"] == classifier.model_version
    assert answer.json()["predictions"] == [prediction.to_dict() for prediction in classifier.classify(TEXTS)]
    assert client.get("/health/ready").json()["model_version"] == classifier.model_version


@pytest.mark.slow
def test_behind_ray_a_key_is_needed_though_every_request_comes_from_this_machine(running: tuple[str, Path]) -> None:
    is_problem(httpx.post(f"{running[0]}/v1/classify", json={"text": TEXTS[0]}), 401, "API key")
    assert httpx.get(f"{running[0]}/health/live").status_code == 200


@pytest.mark.slow
def test_errors_and_their_headers_pass_rays_proxy(client: httpx.Client, keys: Keys) -> None:
    is_problem(client.post("/v1/classify", json={"texts": TEXTS * 3}), 413, "5 texts")
    is_problem(client.post("/v1/classify", content=b"{" + b" " * 9_000_000), 413, "8,000,000 bytes")
    is_problem(client.get("/metrics"), 403, "crm")
    slow = {"x-api-key": keys.create("slow", [Scope.classify], rate=1)}
    time.sleep(1.1)  # until replicas look for new keys
    answers = [client.get("/v1/taxonomy", headers=slow) for _ in range(3)]
    refused = [answer for answer in answers[1:] if answer.status_code != 200]  # each of two replicas counts its own
    assert answers[0].status_code == 200
    assert refused
    is_problem(refused[0], 429, "1 times a minute")
    assert int(refused[0].headers["retry-after"]) > 30


@pytest.mark.slow
def test_a_file_is_sent_classified_and_fetched_through_ray(
    client: httpx.Client, classifier: CauseClassifier, tmp_path: Path
) -> None:
    comments = [f"{TEXTS[k % 2]} {k}" for k in range(3000)]
    survey = pl.DataFrame({"comment": comments, "note": [f"{k} {FILLING}" for k in range(3000)]})
    survey.write_csv(tmp_path / "survey.csv")
    with (tmp_path / "survey.csv").open("rb") as file:
        sent = client.post("/v1/jobs", files={"file": ("survey.csv", file)}, data={"text_column": "comment"})
    assert sent.status_code == 202, sent.text
    end = time.monotonic() + PATIENCE
    while (job := client.get(sent.headers["location"]).json())["state"] in ("queued", "running"):
        assert time.monotonic() < end, job
        time.sleep(0.2)
    assert job["state"] == "done", job
    (tmp_path / "result.csv").write_bytes(client.get(f"{sent.headers['location']}/result").content)
    result = pl.read_csv(tmp_path / "result.csv")
    assert result.select("comment", "note").equals(survey)
    assert result["cause"].to_list()[::300] == [p.cause for p in classifier.classify(comments[::300])]


@pytest.mark.slow
def test_a_killed_replica_is_replaced_and_requests_go_on(client: httpx.Client) -> None:
    before = processes()
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    end, answered = time.monotonic() + PATIENCE, 0
    while len(now := processes()) < 2 or min(before) in now:
        assert time.monotonic() < end, now
        answered += client.post("/v1/classify", json={"text": TEXTS[0]}).status_code == 200
    assert answered
    assert {client.post("/v1/classify", json={"text": TEXTS[0]}).status_code for _ in range(20)} == {200}


@pytest.mark.slow
def test_rays_logs_hold_no_comment(client: httpx.Client, running: tuple[str, Path]) -> None:
    for body in ({"text": SECRET}, {"text": SECRET, "texts": [SECRET]}):
        client.post("/v1/classify", json=body)
    logs = [path for path in running[1].rglob("*") if path.suffix in (".log", ".out", ".err")]
    assert any("POST /v1/classify" in path.read_text(errors="replace") for path in logs)
    assert not [path for path in logs if "chrysanthemum" in path.read_text(errors="replace")]


@pytest.mark.parametrize(("chosen", "kept"), [("auto", "required"), ("required", "required"), ("none", "none")])
def test_on_ray_keys_are_needed_unless_none_is_said(monkeypatch: pytest.MonkeyPatch, chosen: str, kept: str) -> None:
    monkeypatch.setenv("RECONTACT_KEYS", chosen)
    monkeypatch.setenv("RECONTACT_HOST", "127.0.0.1")
    assert settings_for(Arguments()).keys == kept


def test_replicas_find_the_same_files_wherever_they_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RECONTACT_MODEL", raising=False)
    monkeypatch.setenv("RECONTACT_DATA", "data")
    settings = settings_for(Arguments(model=Path("registry")))
    assert (settings.data, settings.model) == (tmp_path / "data", tmp_path / "registry")
    assert settings_for(Arguments()).model is None


def test_a_replica_computes_on_the_cores_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_for(Arguments(cpus=3)).workers == 3
    monkeypatch.setenv("RECONTACT_WORKERS", "2")
    assert settings_for(Arguments(cpus=3)).workers == 2


def test_without_ray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"recontact\[ray\]"):
        build(Arguments())


def test_on_ray_nothing_is_served_while_there_is_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RECONTACT_DATA", str(tmp_path))
    with pytest.raises(RecontactError, match=r"keys create.*RECONTACT_KEYS=none"):
        build(Arguments())
