"""Serves the same weights by recontact, LitServe and infinity, one after another, and measures them with wrk.

    apt-get install wrk
    python3 -m venv litserve && litserve/bin/pip install litserve transformers torch==2.13.0
    python3 -m venv infinity && infinity/bin/pip install 'infinity-emb[torch,server]' torch==2.13.0
    python benchmarks/peers.py --litserve litserve --infinity infinity [--clients 1 16 64 256] [--seconds 20]
One comment a request, of the lengths of the shipped test comments, the same in the same order for all. No request may
be refused: recontact's limit on waiting is raised. Prints a table; `--out FILE` keeps the figures as JSON.
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from recontact.artifact import BUNDLED
from recontact_data.labels import load_labelled

HERE = Path(__file__).resolve().parent
COMMENTS = 2_000
PATIENCE = 180.0
Measured = dict[str, float]


@dataclass(frozen=True)
class Peer:
    """A server.

    Attributes:
        command: What starts it, given a port.
        route: Where comments are sent.
        body: What is sent of a comment.
        environment: Variables it needs.
    """

    command: Callable[[int], list[str]]
    route: str
    body: Callable[[str], object]
    environment: tuple[tuple[str, str], ...] = ()


def peers(model: Path, litserve: Path | None, infinity: Path | None) -> dict[str, Peer]:
    serve = [sys.executable, "-m", "recontact_serving.cli.main", "serve", "--model", str(model), "--port"]
    patient = (("RECONTACT_MAX_WAIT_MS", "600000"), ("RECONTACT_JOBS", "false"))
    found = {"recontact": Peer(lambda port: [*serve, str(port)], "/v1/classify", lambda text: {"text": text}, patient)}
    if litserve:
        script = [str(litserve / "bin" / "python"), str(HERE / "litserve_server.py"), str(model)]
        found["LitServe"] = Peer(lambda port: [*script, str(port)], "/predict", lambda text: {"text": text})
    if infinity:
        start = [str(infinity / "bin" / "infinity_emb"), "v2", "--model-id", str(model), "--engine", "torch"]
        start += ["--device", "cpu", "--no-bettertransformer", "--served-model-name", "recontact", "--port"]
        found["infinity"] = Peer(
            lambda port: [*start, str(port)], "/classify", lambda text: {"model": "recontact", "input": [text]}
        )
    return found


@contextmanager
def serving(peer: Peer, folder: Path) -> Iterator[str]:
    """Starts a server and waits for its first answer; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"} | dict(peer.environment)
    log = folder / "server.log"
    with log.open("wb") as printed:
        process = subprocess.Popen(
            peer.command(port), stdout=printed, stderr=printed, env=environment, start_new_session=True
        )
    url, end = f"http://127.0.0.1:{port}{peer.route}", time.monotonic() + PATIENCE
    try:
        while True:
            try:
                answer = httpx.post(url, json=peer.body("Ringte tre ganger, ingen ringte tilbake"), timeout=30)
                if answer.status_code == 200:
                    break
                reason = answer.text[:300]
            except httpx.TransportError as error:
                reason = type(error).__name__
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"{peer.command(port)[0]} does not answer ({reason}):\n{log.read_text()[-2000:]}")
            time.sleep(0.5)
        yield url
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def measured(url: str, bodies: Path, clients: int, seconds: int) -> Measured:
    """What wrk says of so many clients at once; latencies in milliseconds."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "120s", "-s", str(HERE / "comments.lua")]
    ended = subprocess.run([*command, url, "--", str(bodies)], capture_output=True, text=True, check=True)
    found: Measured = json.loads(ended.stdout.strip().splitlines()[-1])
    found["rate"] = found["requests"] / found["seconds"]
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, default=BUNDLED)
    options.add_argument("--litserve", type=Path)
    options.add_argument("--infinity", type=Path)
    options.add_argument("--clients", type=int, nargs="+", default=[1, 16, 64, 256])
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    texts = random.Random(13).sample([row.text for row in load_labelled() if row.split == "test"], COMMENTS)
    found: dict[str, dict[int, Measured]] = {}
    sys.stdout.write(
        "| server | clients | requests/s | p50 ms | p95 ms | p99 ms | refused | failed |\n" + "|---" * 8 + "|\n"
    )
    for name, peer in peers(given.model.resolve(), given.litserve, given.infinity).items():
        with tempfile.TemporaryDirectory(prefix="recontact-peers-") as folder:
            bodies = Path(folder) / "bodies.jsonl"
            bodies.write_text("".join(json.dumps(peer.body(text)) + "\n" for text in texts), encoding="utf-8")
            with serving(peer, Path(folder)) as url:
                measured(url, bodies, 4, 5)  # warm-up
                for clients in given.clients:
                    own = found.setdefault(name, {})[clients] = measured(url, bodies, clients, given.seconds)
                    latencies = " | ".join(f"{own[key]:.0f}" for key in ("p50", "p95", "p99"))
                    sys.stdout.write(
                        f"| {name} | {clients} | {own['rate']:.1f} | {latencies} | {own['refused']:.0f} | "
                        f"{own['failed']:.0f} |\n"
                    )
                    sys.stdout.flush()
    if given.out:
        given.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
