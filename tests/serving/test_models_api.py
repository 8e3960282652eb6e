"""Models over HTTP: another one is put in service, by request or by the registry, and no request fails meanwhile."""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from recontact import CauseClassifier
from recontact.artifact import read_manifest, write_manifest
from recontact.registry import Registry
from recontact_serving import model_switch
from recontact_serving.app import create_app
from recontact_serving.settings import Settings

SWITCHES = 20
PATIENCE = 30.0


@pytest.fixture
def registry(model_folder: Path, tmp_path: Path) -> Registry:
    """A registry of two models that differ in their names, the first one in service."""
    made = Registry.create(tmp_path / "registry")
    made.promote(made.add(model_folder), instead_of=None)
    shutil.copytree(model_folder, tmp_path / "other")
    write_manifest(tmp_path / "other", replace(read_manifest(model_folder), name="other"))
    made.add(tmp_path / "other")
    return made


@pytest.fixture
def client(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(model_switch, "LOOK", 0.05)
    settings = Settings(data=tmp_path / "data", model=registry.folder, max_wait_ms=60_000)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def put(client: TestClient, version: str) -> int:
    return client.put("/v1/models/current", json={"version": version}).status_code


def test_all_models_of_the_registry_are_listed(client: TestClient, registry: Registry) -> None:
    found = client.get("/v1/models").json()
    assert [model["version"] for model in found["models"]] == list(registry.versions)
    assert [model["version"] for model in found["models"] if model["current"]] == [registry.current]
    assert found["current"] == registry.current == client.get("/v1/models/current").json()["version"]


def test_a_model_that_is_not_there_leaves_the_current_one(client: TestClient, registry: Registry) -> None:
    for version in ("no@such", "../other", ""):
        answer = client.put("/v1/models/current", json={"version": version})
        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/v1/models").json()["current"] == registry.current


def test_a_damaged_model_leaves_the_current_one(client: TestClient, registry: Registry) -> None:
    other = next(version for version in registry.versions if version != registry.current)
    (registry.folder_of(other) / "model.onnx").write_bytes(b"nothing")
    assert put(client, other) == 409
    assert client.post("/v1/classify", json={"text": "x"}).json()["model_version"] == registry.current


def test_what_the_registry_puts_in_service_answers_soon(client: TestClient, registry: Registry) -> None:
    other = next(version for version in registry.versions if version != registry.current)
    registry.promote(other, instead_of=registry.current)
    end = time.monotonic() + PATIENCE
    while client.get("/v1/models").json()["current"] != other and time.monotonic() < end:
        time.sleep(0.02)
    assert client.post("/v1/classify", json={"text": "x"}).json()["model_version"] == other


def test_a_server_of_one_model_has_no_other(classifier: CauseClassifier, tmp_path: Path) -> None:
    client = TestClient(create_app(Settings(data=tmp_path), classifier))
    answer = client.put("/v1/models/current", json={"version": "other@1"})
    assert answer.status_code == 409
    assert "--model DIR" in answer.json()["detail"]


def test_no_request_fails_while_models_are_switched(client: TestClient, registry: Registry) -> None:
    texts = ["they never called back and the boiler is old"] * 20
    statuses, mixed, over = Counter[int](), list[set[str]](), threading.Event()

    def ask() -> None:
        while not over.is_set():
            answer = client.post("/v1/classify", json={"texts": texts})
            statuses[answer.status_code] += 1
            mixed.append({prediction["model_version"] for prediction in answer.json()["predictions"]})

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for each in clients:
        each.start()
    versions = registry.versions
    switched = [put(client, versions[k % 2]) for k in range(SWITCHES)]
    over.set()
    for each in clients:
        each.join()
    assert switched == [200] * SWITCHES
    assert set(statuses) == {200}
    assert all(len(one) == 1 for one in mixed)
    assert set.union(*mixed) == set(versions)
