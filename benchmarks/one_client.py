"""One client at a time: its p95 against the bare call of the runtime and an empty route of the same framework.

    apt-get install wrk
    python benchmarks/one_client.py [--seconds 20] [--model DIR]
One comment a request, of the lengths of the shipped test comments, the same in the same order. The bare call computes
the scores of a comment's pieces, and nothing else. Exits with 1 if p95 is over twice the sum of both.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np
from killed_server import Killed
from peers import COMMENTS, Measured, measured

from recontact.artifact import BUNDLED, read_manifest
from recontact.runtime import load_runtime
from recontact.text import TextEncoder
from recontact_data.labels import load_labelled

MOST = 2.0


def bare(model: Path, texts: list[str], seconds: float) -> float:
    """p95 of the runtime's call alone, in milliseconds."""
    runtime, encoder = load_runtime(model), TextEncoder(model, read_manifest(model).max_length)
    windows = [[window.ids for window in pieces.windows] for pieces in encoder.encode(texts)]
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for own in windows:
            begun = time.perf_counter()
            for ids in own:
                runtime.run(ids)
            taken.append(time.perf_counter() - begun)
    return 1_000 * float(np.quantile(taken, 0.95))


def empty_route(bodies: Path, seconds: int) -> Measured:
    """What a route that does nothing but read the body takes, in FastAPI and uvicorn."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(Path(__file__).parent), "empty_route:app"]
    process = subprocess.Popen([*command, "--port", str(port), "--log-level", "warning", "--no-access-log"])
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(200):
            try:
                httpx.post(url, json={"text": ""})
                break
            except httpx.TransportError:
                time.sleep(0.1)
        return measured(url, bodies, 1, seconds)
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--model", type=Path, default=BUNDLED)
    given = options.parse_args()
    texts = random.Random(13).sample([row.text for row in load_labelled() if row.split == "test"], COMMENTS)
    with tempfile.TemporaryDirectory(prefix="recontact-one-") as folder:
        bodies = Path(folder) / "bodies.jsonl"
        bodies.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
        server = Killed(Path(folder), given.model, None)
        server.start()
        measured(f"{server.url}/v1/classify", bodies, 1, 5)  # warm-up
        own = measured(f"{server.url}/v1/classify", bodies, 1, given.seconds)["p95"]
        server.kill()
        empty = empty_route(bodies, given.seconds)["p95"]
    alone = bare(given.model, texts, given.seconds)
    ratio = own / (alone + empty)
    sys.stdout.write(
        f"p95: {own:.2f} ms; bare runtime {alone:.2f} ms, empty route {empty:.2f} ms; {ratio:.2f} times their sum\n"
    )
    sys.exit(ratio > MOST)


if __name__ == "__main__":
    main()
