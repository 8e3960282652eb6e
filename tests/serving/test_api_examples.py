"""docs/api.md says what is true: each line of its examples is run as it stands there, and gives what it should.

Another port, a key and a job that are there stand in for those of the document. A line that is neither run nor listed
fails.
"""

import io
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from recontact.artifact import BUNDLED
from recontact.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), flags=re.DOTALL)
LINES = [line for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
SECURE = [line for line in LINES if line.startswith("curl ") and "https://" in line]
REQUESTS = [line for line in LINES if line.startswith("curl ") and line not in SECURE]
SERVERS = [line for line in LINES if line.startswith("recontact serve")]
KEYS = [line for line in LINES if line.startswith("recontact keys")]
PROGRAMS = [block for kind, block in BLOCKS if kind == "python"]

pytestmark = pytest.mark.slow

KEY, JOB, KEY_ID, VERSION = "rc_…", "48a6…", "3f9a2c11d0e4", r"recontact@[0-9a-f]{12}"
TOLD = "%{stderr}%{http_code} %{content_type} %{url_effective}"  # beside the body
PATIENCE = 60.0
SURVEY = pl.DataFrame({"id": [1, 2], "comment": ["They never called back", "All good, thanks!"]})

Shell = Callable[[str, Path], "subprocess.CompletedProcess[str]"]
Serve = Callable[..., AbstractContextManager[str]]


@dataclass(frozen=True)
class Place:
    """A server that runs, with what its users have: a folder of surveys, and a key."""

    folder: Path
    address: str
    key: str
    version: str

    def asks(self, path: str, **body: Any) -> httpx.Response:
        """Asks the server, beside the examples."""
        return httpx.request("POST" if body else "GET", f"{self.address}{path}", timeout=PATIENCE, **body)

    def job(self, texts: int = 2, *, done: bool = True) -> str:
        """Sends a job of its own; gives its id, once it is done or at once."""
        id: str = self.asks("/v1/jobs", json={"texts": ["They never called back"] * texts}).json()["id"]
        end = time.monotonic() + PATIENCE
        while done and self.asks(f"/v1/jobs/{id}").json()["state"] != "done":
            assert time.monotonic() < end
            time.sleep(0.05)
        return id

    def there(self, example: str) -> str:
        """An example with what is there in the places of what is not."""
        named = example.replace(KEY, self.key).replace(":8000", f":{httpx.URL(self.address).port}")
        return re.sub(VERSION, self.version, named)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, shell: Shell, serve: Serve) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    SURVEY.write_csv(folder / "survey.csv")
    SURVEY.write_excel(folder / "survey.xlsx")
    openssl = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout server.key -out server.pem"
    assert shell(f"{openssl} -addext subjectAltName=DNS:localhost", folder).returncode == 0
    registry = Registry.create(folder / "registry")
    version = registry.add(BUNDLED)
    registry.promote(version, instead_of=None)
    key = shell("recontact keys create tests", folder).stdout.strip()
    with serve(folder, "--model", "registry") as address:
        yield Place(folder, address, key, version)


def only(kept: dict[str, Any], example: str) -> Any:
    """What is kept for the one fragment that an example holds."""
    found = [value for fragment, value in kept.items() if fragment in example]
    assert len(found) == 1, f"{example!r} is run by {len(found)} tests; name it in one"
    return found[0]


Answer = httpx.Response


def states_no_callback(answer: Answer, _: Place) -> None:
    (prediction,) = answer.json()["predictions"]
    assert prediction["cause"] == "no_callback"
    assert prediction["evidence"]
    assert len(prediction["probabilities"]) == 9


def two_predictions(answer: Answer, _: Place) -> None:
    stated, praise = answer.json()["predictions"]
    assert stated["probabilities"].keys() == praise["probabilities"].keys()
    assert (praise["language"], praise["cause"]) == ("en", "none")


def in_norwegian(answer: Answer, _: Place) -> None:
    assert answer.json()["language"] == "nb"
    assert len(answer.json()["causes"]) == 10


def a_list_of_jobs(answer: Answer, _: Place) -> None:
    assert isinstance(answer.json()["jobs"], list)


def a_new_job(answer: Answer, place: Place) -> None:
    assert (answer.status_code, answer.json()["name"], answer.json()["rows"]) == (202, "survey.xlsx", 2)
    assert place.asks(f"/v1/jobs/{answer.json()['id']}").status_code == 200


def a_job_with_its_summary(answer: Answer, _: Place) -> None:
    assert (answer.json()["state"], answer.json()["rows_done"]) == ("done", answer.json()["rows"])
    assert answer.json()["summary"]


def a_parquet_file(answer: Answer, place: Place) -> None:
    assert not answer.content
    (saved,) = place.folder.glob("*.causes.parquet")
    assert pl.read_parquet(io.BytesIO(saved.read_bytes()))["cause"].to_list() == ["no_callback"] * 2
    saved.unlink()


def a_cancelled_job(answer: Answer, _: Place) -> None:
    assert answer.json()["state"] == "cancelled"


def nothing_left(answer: Answer, place: Place) -> None:
    assert answer.status_code == 204
    assert place.asks(f"/v1/jobs/{answer.request.url.path.rpartition('/')[2]}").status_code == 404


def the_models(answer: Answer, place: Place) -> None:
    assert answer.json()["current"] == place.version


def the_current_model(answer: Answer, place: Place) -> None:
    assert answer.json()["version"] == place.version


def scores_of_two(answer: Answer, _: Place) -> None:
    assert [len(scores) for scores in answer.json()] == [9, 9]
    assert answer.json()[0][0]["score"] >= answer.json()[0][8]["score"]


ANSWERS: dict[str, Callable[[Answer, Place], None]] = {
    "Sent three mails": states_no_callback,
    "/v1/classify -H 'content-type: application/json' -d '{\"texts\"": two_predictions,
    "/v1/taxonomy?lang=nb": in_norwegian,
    "authorization: Bearer": a_list_of_jobs,
    "file=@survey.xlsx": a_new_job,
    "rows_done of rows": a_job_with_its_summary,
    "/result?format=parquet": a_parquet_file,
    "/cancel": a_cancelled_job,
    "-X DELETE": nothing_left,
    "/v1/models  ": the_models,
    "-X PUT localhost:8000/v1/models/current": the_current_model,
    "/predict": scores_of_two,
}


@pytest.mark.parametrize("line", REQUESTS)
def test_a_request_is_answered(line: str, place: Place, shell: Shell) -> None:
    check = only(ANSWERS, line)
    example = place.there(line)
    if JOB in line:
        many = check is a_cancelled_job  # so that it is not done yet
        example = example.replace(JOB, place.job(20_000 if many else 2, done=not many))
    said = shell(example.replace("curl ", f"curl -w '{TOLD}' ", 1), place.folder)
    assert said.returncode == 0, said.stderr
    status, kind, url = said.stderr.split(" ", 2)
    assert status.startswith("2"), said.stdout
    assert kind in ("", "application/json", "application/vnd.apache.parquet")
    check(Answer(int(status), content=said.stdout.encode(), request=httpx.Request("GET", url)), place)


@pytest.mark.parametrize("line", SERVERS)
def test_a_server_starts(line: str, place: Place, model_folder: Path, serve: Serve, shell: Shell) -> None:
    arguments = shlex.split(line, comments=True)[2:]
    if "--port" in arguments:
        del arguments[(at := arguments.index("--port")) : at + 2]  # a free one is given
    shutil.copytree(model_folder, place.folder / "my-model", dirs_exist_ok=True)
    trusted = ssl.create_default_context(cafile=place.folder / "server.pem")
    with serve(place.folder, *arguments) as printed:
        address = printed.replace("0.0.0.0", "localhost")
        with httpx.Client(base_url=address, verify=trusted) as client:
            assert client.get("/docs").status_code == 200
            version = client.get("/health/ready").json()["model_version"]
            assert version.startswith("toy@" if "my-model" in line else "recontact@")
            assert client.get("/v1/taxonomy").status_code == (401 if "0.0.0.0" in line else 200)
            assert client.get("/v1/taxonomy", headers={"x-api-key": place.key}).status_code == 200
        for request in SECURE if "--tls" in line else ():
            said = shell(request.replace("https://localhost:8000", address), place.folder)
            assert '"status":"ready"' in said.stdout, said.stderr


@pytest.mark.parametrize("line", KEYS)
def test_keys_are_made_shown_and_revoked(line: str, tmp_path: Path, shell: Shell) -> None:
    there = shell("recontact keys create there", tmp_path).stdout.split("_")[1]
    said = shell(line.replace(KEY_ID, there), tmp_path)
    assert said.returncode == 0, said.stderr
    listed = shell("recontact keys list", tmp_path).stdout
    if "create" in line:
        assert re.fullmatch(r"rc_[0-9a-f]{12}_[\w-]{43}\n", said.stdout)
        name, rate = line.split()[3], "600" if "--rate 600" in line else ""
        assert re.search(rf"{name} .*classify{'' if rate else ', jobs'} .* {rate} ", listed)
    else:
        assert said.stdout.endswith("the key of there is revoked\n")
        assert there in said.stdout


def a_survey_with_causes(printed: str, folder: Path) -> None:
    assert printed.startswith("no_callback 0.")
    assert "2 2" in printed
    assert pl.read_excel(folder / "survey.causes.xlsx", engine="calamine")["cause"].to_list()[0] == "no_callback"


def a_survey_with_evidence(printed: str, folder: Path) -> None:
    assert "Prediction(cause='no_callback'" in printed
    assert pl.read_parquet(folder / "survey.causes.parquet")["evidence_no_callback"][0]


def three_causes(printed: str, _: Path) -> None:
    assert len(printed.splitlines()) == 3
    assert printed.startswith("no_callback 0.")


PRINTED = {
    "import Client\n": a_survey_with_causes,
    "import AsyncClient\n": a_survey_with_evidence,
    "import InferenceClient\n": three_causes,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs(program: str, place: Place) -> None:
    check = only(PRINTED, program)
    ran = subprocess.run(
        [sys.executable, "-c", place.there(program)], cwd=place.folder, capture_output=True, text=True, timeout=PATIENCE
    )
    assert ran.returncode == 0, ran.stderr
    check(ran.stdout, place.folder)


def test_every_example_is_run() -> None:
    assert {kind for kind, _ in BLOCKS} == {"sh", "python"}
    assert sorted(LINES) == sorted(REQUESTS + SECURE + SERVERS + KEYS)
    assert not SECURE or any("--tls" in line for line in SERVERS)
    for fragment in (*ANSWERS, *PRINTED):
        assert any(fragment in example for example in (*REQUESTS, *PROGRAMS)), f"no example holds {fragment!r} now"
