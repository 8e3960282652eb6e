"""Kills a server with SIGKILL again and again while jobs are sent and worked on; counts jobs and rows lost or doubled.

    python benchmarks/killed_server.py [--kills 20] [--jobs 10] [--rows 400] [--model DIR] [--database URL]
Clients send a job again, with its idempotency key, until they have an answer. Exits with 1 if a job is lost, doubled,
failed, or has a result that differs from what the model says of its comments.
"""

import argparse
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from recontact import CauseClassifier
from recontact_data.labels import load_labelled

LEASE = 1.0  # seconds
PAUSE = (0.5, 6.0)  # seconds that a server lives, once it answers
PATIENCE = 1_200.0


class Killed:
    """A server that is started again whenever it was killed."""

    def __init__(
        self, folder: Path, model: Path | None, database: str | None, environment: Mapping[str, str] | None = None
    ) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-m", "recontact_serving.cli.main", "serve", "--port", str(self.port)]
        self._command += ["--model", str(model)] if model else []
        self._environment = os.environ | {"RECONTACT_DATA": str(folder), "RECONTACT_JOB_LEASE_SECONDS": str(LEASE)}
        self._environment |= environment or {}
        if database:
            self._environment["RECONTACT_DATABASE"] = database
        self._folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        with (self._folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self._command, env=self._environment, stderr=log, stdout=log)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise SystemExit("the server does not start:\n" + (self._folder / "server.log").read_text()[-2000:])

    def kill(self) -> None:
        """Ends it without a warning."""
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def persistent(method: str, url: str, **given: object) -> httpx.Response:
    """Asks until there is an answer."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            answer = httpx.request(method, url, timeout=30, **given)  # type: ignore[arg-type]
            if answer.status_code not in (429, 503):
                answer.raise_for_status()
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"no answer from {url}")


def send(server: Killed, number: int, content: bytes) -> str:
    file = {"file": (f"{number}.jsonl", io.BytesIO(content))}
    answer = persistent("POST", f"{server.url}/v1/jobs", files=file, headers={"Idempotency-Key": f"job-{number}"})
    return str(answer.json()["id"])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--jobs", type=int, default=10)
    options.add_argument("--rows", type=int, default=400)
    options.add_argument("--model", type=Path)
    options.add_argument("--database")
    given = options.parse_args()
    chance = random.Random(13)
    comments = [row.text for row in load_labelled()]
    sent = [[{"comment": text} for text in chance.sample(comments, given.rows)] for _ in range(given.jobs)]
    contents = ["".join(json.dumps(row) + "\n" for row in rows).encode() for rows in sent]
    ids: dict[int, str] = {}
    with tempfile.TemporaryDirectory(prefix="recontact-killed-") as folder:
        server = Killed(Path(folder), given.model, given.database)
        server.start()
        first = ids[0] = send(server, 0, contents[0])

        def client() -> None:
            for number, content in enumerate(contents):
                ids[number] = send(server, number, content)

        clients = [threading.Thread(target=client) for _ in range(2)]  # both send the same jobs
        for each in clients:
            each.start()
        kills = 0
        while kills < given.kills:
            time.sleep(chance.uniform(*PAUSE))
            server.kill()
            kills += 1
            server.start()
            jobs = persistent("GET", f"{server.url}/v1/jobs?limit=100").json()["jobs"]
            rows = sum(job["rows_done"] for job in jobs)
            sys.stdout.write(f"kill {kills}: {len(jobs)} jobs, {rows:,} rows done\n")
            sys.stdout.flush()
        for each in clients:
            each.join()
        faults = check(server, ids, sent, CauseClassifier.load(given.model))
        server.kill()
    assert ids[0] == first
    sys.stdout.write(f"{kills} kills, {given.jobs} jobs of {given.rows} rows: {len(faults)} faults\n" + "".join(faults))
    sys.exit(bool(faults))


def check(server: Killed, ids: dict[int, str], sent: list[list[dict[str, str]]], model: CauseClassifier) -> list[str]:
    """What is wrong once every job has ended."""
    faults = []
    end = time.monotonic() + PATIENCE
    while any(job["state"] in ("queued", "running") for job in listed(server)) and time.monotonic() < end:
        time.sleep(0.5)
    jobs = listed(server)
    if sorted(job["id"] for job in jobs) != sorted(ids.values()):
        faults.append(f"{len(ids)} jobs were sent, {len(jobs)} are there\n")
    faults += [f"{job['name']} is {job['state']}: {job['error']}\n" for job in jobs if job["state"] != "done"]
    if faults:
        return faults
    for number, rows in enumerate(sent):
        lines = persistent("GET", f"{server.url}/v1/jobs/{ids[number]}/result").text.splitlines()
        found = [(line["comment"], line["cause"], line["confidence"]) for line in map(json.loads, lines)]
        answers = model.classify([row["comment"] for row in rows])
        expected = [(r["comment"], a.cause, round(a.confidence, 4)) for r, a in zip(rows, answers, strict=True)]
        if found != expected:
            faults.append(f"job {number} has another result than the model gives\n")
    return faults


def listed(server: Killed) -> list[dict[str, str]]:
    jobs: list[dict[str, str]] = persistent("GET", f"{server.url}/v1/jobs?limit=100").json()["jobs"]
    return jobs


if __name__ == "__main__":
    main()
