"""TLS of the server's own: clients that trust its certificate get in, and files that will not do are named."""

import shutil
import ssl
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from recontact import CauseClassifier
from recontact_serving.app import create_app
from recontact_serving.client import Client, UnreachableError
from recontact_serving.settings import Settings

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
PASSWORD = "a long password"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two self-signed certificates and their keys; one key is there with a password, too."""
    folder = tmp_path_factory.mktemp("tls")
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    for name in ("server", "other"):
        made = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -addext {names}"
        openssl(f"{made} -keyout {name}.key -out {name}.pem", folder)
    (folder / "password").write_text(f"{PASSWORD}\n")
    openssl("pkey -in server.key -aes256 -passout file:password -out locked.key", folder)
    (folder / "wrong").write_text("another password")
    (folder / "endless").write_text("long" * 1000)
    return folder


def openssl(line: str, folder: Path) -> None:
    subprocess.run(["openssl", *line.split()], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("key", [("server.key",), ("locked.key", "--tls-key-password-file", "password")])
def test_a_client_that_trusts_the_certificate_is_answered(
    key: tuple[str, ...],
    files: Path,
    model_folder: Path,
    classifier: CauseClassifier,
    serve: Callable[..., AbstractContextManager[str]],
) -> None:
    options = ("--model", str(model_folder), "--tls-certificate", "server.pem", "--tls-key", *key)
    trusting = ssl.create_default_context(cafile=files / "server.pem")
    with serve(files, *options) as address:
        assert address.startswith("https://")
        with Client(address, transport=httpx.HTTPTransport(verify=trusting)) as client:
            texts = ["they never called back"]
            assert client.classify(texts) == classifier.classify(texts)
        with Client(address) as client, pytest.raises(UnreachableError, match="certificate verify failed"):
            client.health()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--tls-certificate server.pem", ["--tls-certificate", "--tls-key", "both"]),
        ("--tls-key server.key", ["--tls-key", "without --tls-certificate", "both"]),
        ("--tls-key-password-file password", ["--tls-certificate and --tls-key"]),
        ("--tls-certificate no.pem --tls-key server.key", ["cannot read", "no.pem", "No such file"]),
        ("--tls-certificate server.pem --tls-key no.key", ["cannot read", "no.key"]),
        ("--tls-certificate password --tls-key server.key", ["password is no certificate", "BEGIN CERTIFICATE"]),
        ("--tls-certificate server.pem --tls-key other.key", ["other.key does not fit", "server.pem"]),
        ("--tls-certificate server.pem --tls-key password", ["password cannot be opened as a key"]),
        ("--tls-certificate server.pem --tls-key locked.key", ["without a password", "--tls-key-password-file"]),
        (
            "--tls-certificate server.pem --tls-key locked.key --tls-key-password-file endless",
            ["with the password given"],
        ),
        ("--tls-certificate server.pem --tls-key locked.key --tls-key-password-file wrong", ["the password given"]),
    ],
)
def test_files_that_will_not_do_are_named_with_the_cure(
    options: str,
    words: list[str],
    files: Path,
    recontact: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(files)
    code, said = recontact("serve", *options.split())
    assert code == 1
    assert said.count("\n") == 1
    assert all(word in said for word in words), said
    assert PASSWORD not in said


def test_browsers_stay_with_https_where_it_is_the_servers_own(
    files: Path, tmp_path: Path, classifier: CauseClassifier
) -> None:
    def told(host: str, **tls: Path) -> str | None:
        app = create_app(Settings(data=tmp_path, host=host, keys="none", **tls), classifier)
        return TestClient(app).get("/health/live").headers.get("strict-transport-security")

    own = {"tls_certificate": files / "server.pem", "tls_key": files / "server.key"}
    assert told("0.0.0.0", **own) == "max-age=31536000"
    assert told("0.0.0.0") is None
    assert told("127.0.0.1", **own) is None  # or every other server on this machine would be asked by HTTPS
