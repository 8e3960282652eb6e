"""The door: who may come in, how often, from which pages; and what a key may be used for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from recontact import CauseClassifier
from recontact_data.errors import RecontactError
from recontact_serving import door, keys
from recontact_serving.app import create_app
from recontact_serving.door import Bucket
from recontact_serving.keys import Keys, Scope
from recontact_serving.settings import Settings
from recontact_serving.store.database import open_store

TEXT = {"text": "they never called back"}
GUARDED = [
    "/v1/jobs",
    "/v1/taxonomy",
    "/metrics",
    "/v2",
    "/v2/models/toy",
    "/nothing",
    "/v1/models",
    "/v1//jobs",
    "http://testserver//",
]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are read anew for each request."""
    monkeypatch.setattr(keys, "REMEMBERED", 0.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, keys="required")


@pytest.fixture
def store(settings: Settings) -> Keys:
    return Keys(open_store(settings))


@pytest.fixture
def client(settings: Settings, classifier: CauseClassifier) -> Iterator[TestClient]:
    with TestClient(create_app(settings, classifier), raise_server_exceptions=False) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def refused(answer: Response, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(word in answer.json()["detail"] for word in words), answer.text


@pytest.mark.parametrize("path", GUARDED)
def test_without_a_key_nothing_is_said(client: TestClient, path: str) -> None:
    refused(client.get(path), 401, "Bearer")
    assert client.get(path).headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/v2/health/ready", "/docs", "/openapi.json", "/"])
def test_health_and_documentation_are_open(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_a_key_lets_in_either_way_it_is_shown(client: TestClient, store: Keys) -> None:
    key = store.create("crm", [Scope.classify])
    for headers in (bearer(key), {"x-api-key": key}, {"authorization": f"bearer {key} "}):
        assert client.post("/v1/classify", json=TEXT, headers=headers).status_code == 200
        assert client.post("/predict", json={"inputs": "x"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key + "x",
        lambda key: key[:-1],
        lambda key: key.replace("rc_", "rd_", 1),
        lambda key: key.rpartition("_")[0],
        lambda key: "rc__",
        lambda key: "rc_000000000000_",
        lambda key: "\xe9",
    ],
)
def test_a_key_that_is_not_quite_right_is_none(client: TestClient, store: Keys, spoil: Callable[[str], str]) -> None:
    key = spoil(store.create("crm", list(Scope)))
    refused(client.post("/v1/classify", json=TEXT, headers={b"x-api-key": key.encode()}), 401, "not known")


def test_a_key_goes_as_far_as_its_scopes(client: TestClient, store: Keys) -> None:
    paths = {Scope.classify: "/v1/taxonomy", Scope.jobs: "/v1/jobs", Scope.admin: "/metrics"}
    for scope in paths:
        key = store.create(f"only {scope}", [scope])
        for needed, path in paths.items():
            answer = client.get(path, headers=bearer(key))
            assert answer.status_code == (200 if needed == scope else 403), (scope, path, answer.text)


def test_a_revoked_key_lets_in_no_more(client: TestClient, store: Keys) -> None:
    key = store.create("crm", [Scope.classify])
    assert client.get("/v1/taxonomy", headers=bearer(key)).status_code == 200
    (known,) = store.live()
    store.revoke(known.id)
    refused(client.get("/v1/taxonomy", headers=bearer(key)), 401, "revoked")


def test_a_key_may_ask_so_often(client: TestClient, store: Keys) -> None:
    key = store.create("crm", [Scope.classify], rate=3)
    statuses = [client.get("/v1/taxonomy", headers=bearer(key)).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    answer = client.get("/v1/taxonomy", headers=bearer(key))
    refused(answer, 429, "3 times a minute")
    assert 1 <= int(answer.headers["retry-after"]) <= 25
    assert answer.json()["type"] == "urn:recontact:problem:key-rate"
    assert answer.json()["title"] != "Too Many Requests"  # the words of `about:blank` alone


def test_a_bucket_fills_steadily(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(door.time, "monotonic", lambda: now)
    bucket = Bucket(60)
    assert [bucket.take() for _ in range(60)] == [0.0] * 60
    assert bucket.take() == pytest.approx(1.0)
    now += 1.0
    assert bucket.take() == 0.0
    assert bucket.take() > 0.0
    now += 3600.0
    assert [bucket.take() for _ in range(60)] == [0.0] * 60
    assert bucket.take() > 0.0


def test_jobs_are_seen_by_their_owner_alone(client: TestClient, store: Keys) -> None:
    anna, bo = (bearer(store.create(name, [Scope.jobs])) for name in ("anna", "bo"))
    sent = client.post("/v1/jobs", json={"texts": ["they never called back"]}, headers=anna)
    path = sent.headers["location"]
    assert client.get(path, headers=anna).status_code == 200
    for answer in (
        client.get(path, headers=bo),
        client.get(f"{path}/result", headers=bo),
        client.get(f"{path}/bad-rows", headers=bo),
        client.post(f"{path}/cancel", headers=bo),
        client.delete(path, headers=bo),
    ):
        refused(answer, 404)
    assert client.get("/v1/jobs", headers=bo).json() == {"jobs": []}
    assert len(client.get("/v1/jobs", headers=anna).json()["jobs"]) == 1


def test_only_hashes_of_keys_are_stored(store: Keys, settings: Settings) -> None:
    secret = store.create("crm", [Scope.classify]).rpartition("_")[2]
    files = [path for path in settings.data.rglob("*") if path.is_file()]
    assert files
    assert not any(secret.encode() in path.read_bytes() for path in files)


def test_every_answer_has_its_security_headers(client: TestClient, store: Keys) -> None:
    key = bearer(store.create("crm", list(Scope)))
    for answer in (
        client.get("/health/live"),
        client.get("/v1/jobs"),
        client.get("/v1/taxonomy", headers=key),
        client.get("/nothing", headers=key),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "script-src 'self'" in client.get("/docs").headers["content-security-policy"]


@pytest.fixture
def local(tmp_path: Path, classifier: CauseClassifier) -> TestClient:
    """A server that only this machine can ask, and that needs no key."""
    return TestClient(create_app(Settings(data=tmp_path, allowed_hosts=()), classifier), base_url="http://localhost")


def test_on_this_machine_no_key_is_needed(local: TestClient) -> None:
    assert local.post("/v1/classify", json=TEXT).status_code == 200


def test_a_name_that_was_made_to_point_here_is_refused(local: TestClient) -> None:
    for host in ("evil.example", "evil.example:8000", "localhost.evil.example", ""):
        refused(local.get("/v1/jobs", headers={"host": host}), 421, "RECONTACT_KEYS")
    for host in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
        assert local.get("/v1/jobs", headers={"host": host}).status_code == 200


def test_foreign_pages_may_not_send(local: TestClient) -> None:
    files = {"file": ("a.csv", b"comment\nx\n")}
    refused(local.post("/v1/jobs", files=files, headers={"origin": "https://evil.example"}), 403, "CORS")
    for origin in ("null", "http://[", "http://localhost."):
        refused(local.post("/v1/jobs", files=files, headers={"origin": origin}), 403)
    assert local.post("/v1/jobs", files=files, headers={"origin": "http://localhost"}).status_code == 202


def test_pages_that_are_named_may_send(tmp_path: Path, classifier: CauseClassifier) -> None:
    page = "https://crm.example"
    client = TestClient(create_app(Settings(data=tmp_path, cors_origins=(page,)), classifier))
    answer = client.post("/v1/classify", json=TEXT, headers={"origin": page})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == page
    asked = {"origin": page, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    assert client.options("/v1/classify", headers=asked).status_code == 200
    refused(client.post("/v1/classify", json=TEXT, headers={"origin": "https://other.example"}), 403)


@pytest.mark.parametrize(
    ("host", "chosen", "needed"),
    [
        ("127.0.0.1", "auto", False),
        ("::1", "auto", False),
        ("0.0.0.0", "auto", True),
        ("10.0.0.3", "auto", True),
        ("127.0.0.1", "required", True),
        ("0.0.0.0", "none", False),
    ],
)
def test_keys_are_needed_where_others_can_ask(host: str, chosen: str, needed: bool) -> None:
    assert Settings(host=host, keys=chosen).keys_needed is needed  # type: ignore[arg-type]


def test_below_a_prefix_no_key_opens_anything(settings: Settings, store: Keys, classifier: CauseClassifier) -> None:
    key = store.create("crm", [Scope.classify])
    with TestClient(create_app(settings, classifier), root_path="/x") as client:
        refused(client.get("/x/v1/models", headers=bearer(key)), 404, "at the root alone", "/x")


def test_a_server_without_keys_is_not_shown_to_others(
    recontact: Callable[..., tuple[int, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONTACT_DATA", str(tmp_path))
    code, said = recontact("serve", "--host", "0.0.0.0")
    assert code == 1
    assert "recontact keys create" in said
    assert "--open" in said


def test_keys_are_made_listed_and_revoked_by_command(
    recontact: Callable[..., tuple[int, str]], settings: Settings, store: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONTACT_DATA", str(settings.data))
    code, said = recontact("keys", "create", "crm", "--scope", "classify", "--rate", "60")
    assert code == 0
    key = next(line for line in said.splitlines() if line.startswith("rc_"))
    store.read()
    known = store.find(key)
    assert known is not None
    assert (known.name, known.scopes, known.rate) == ("crm", ["classify"], 60)
    code, said = recontact("keys", "create", "crm")
    assert code == 1
    assert "'crm'" in said
    code, said = recontact("keys", "list")
    assert known.id in said
    assert key.split("_", 2)[2] not in said  # which may hold a _ itself
    assert recontact("keys", "revoke", known.id)[0] == 0
    assert recontact("keys", "create", "crm")[0] == 0
    assert recontact("keys", "revoke", "crm")[0] == 0
    code, said = recontact("keys", "revoke", known.id)
    assert code == 1
    assert "keys list" in said
    assert recontact("keys", "create", "x", "--scope", "all")[0] == 2


@pytest.mark.parametrize("shown", [{}, {"FORCE_COLOR": "1", "COLUMNS": "40"}], ids=["piped", "on a narrow terminal"])
def test_ids_of_keys_are_shown_whole(
    recontact: Callable[..., tuple[int, str]],
    settings: Settings,
    store: Keys,
    monkeypatch: pytest.MonkeyPatch,
    shown: dict[str, str],
) -> None:
    for name, value in ({"COLUMNS": "60", "RECONTACT_DATA": str(settings.data)} | shown).items():
        monkeypatch.setenv(name, value)
    id = store.create("survey tool [/test] of the department in Tromsø", list(Scope), rate=600).split("_")[1]
    said = recontact("keys", "list")[1]
    assert f" {id} " in said
    assert "[/test]" in said
    assert "…" not in said


def test_a_name_of_two_live_keys_revokes_neither(store: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """As two commands at once may make them."""
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Keys, "live", lambda _: [])
        ids = [store.create("crm", [Scope.classify]).split("_")[1] for _ in range(2)]
    with pytest.raises(RecontactError, match="2 live keys are named 'crm'") as refusal:
        store.revoke("crm")
    assert all(id in str(refusal.value) for id in ids)
    assert len(store.live()) == 2
    assert store.revoke(ids[0]).id == ids[0]
