"""Sends a server three times what it can manage, and compares what it accepts with its answers at half load.

    apt-get install wrk
    python benchmarks/overload.py [--seconds 60] [--times 3] [--max-wait-ms 500] [--model DIR]
One comment a request, of the lengths of the shipped test comments, at random times. Capacity is what 4 clients that
wait for their answers get. The sender shares the machine's cores with the server. Exits with 1 if an answer was a 5xx
other than 503, if a refusal did not say when to come back, or if the accepted p99 is over three times that at half
load.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from killed_server import Killed
from open_loop import Answer, OpenLoop, percentile
from peers import COMMENTS, measured

from recontact_data.labels import load_labelled

MOST = 3.0  # accepted p99 against p99 at half load


def resident(pid: int) -> float:
    """Megabytes of memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def show(name: str, answers: list[Answer], memory: float) -> float:
    """Prints a line of the table; gives the p99 of the accepted ones."""
    accepted = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 503]
    figures = [percentile(accepted, share) for share in (0.5, 0.95, 0.99)] + [percentile(refused, 0.99)]
    shown = " | ".join(f"{figure:.0f}" for figure in figures)
    sys.stdout.write(
        f"| {name} | {len(answers)} | {len(refused) / len(answers):.1%} | {shown} | {memory:.0f} "
        f"| {dict(Counter(answer.status for answer in answers))} |\n"
    )
    sys.stdout.flush()
    return figures[2]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--times", type=float, default=3.0)
    options.add_argument("--max-wait-ms", type=int)
    options.add_argument("--model", type=Path)
    given = options.parse_args()
    texts = random.Random(13).sample([row.text for row in load_labelled() if row.split == "test"], COMMENTS)
    bodies = [json.dumps({"text": text}).encode() for text in texts]
    wait = {"RECONTACT_MAX_WAIT_MS": str(given.max_wait_ms)} if given.max_wait_ms else {}
    with tempfile.TemporaryDirectory(prefix="recontact-overload-") as folder:
        server = Killed(Path(folder), given.model, None, wait)
        server.start()
        assert server.process
        url, pid = f"{server.url}/v1/classify", server.process.pid
        file = Path(folder) / "bodies.jsonl"
        file.write_bytes(b"\n".join(bodies) + b"\n")
        measured(url, file, 4, 5)  # warm-up
        alone = measured(url, file, 4, 15)
        capacity = (alone["requests"] - alone["refused"]) / alone["seconds"]
        sys.stdout.write(f"capacity: {capacity:.1f} requests/s\n")
        columns = ["load", "requests", "refused", "p50 ms", "p95", "p99", "p99 of refusals", "MB", "by status"]
        sys.stdout.write(f"| {' | '.join(columns)} |\n" + "|---" * len(columns) + "|\n")
        loads = {"half": 0.5, f"{given.times:g} times": given.times, "half, afterwards": 0.5}
        found: list[Answer] = []
        tails = []
        for name, load in loads.items():
            answers = asyncio.run(OpenLoop(url, bodies).run(load * capacity, given.seconds))
            tails.append(show(name, answers, resident(pid)))
            found += answers
        server.kill()
    sys.stdout.write(f"accepted p99 under overload: {tails[1] / tails[0]:.2f} times that at half load\n")
    wrong = [a for a in found if a.status not in (200, 503) or (a.status == 503 and not a.retry_after)]
    sys.exit(bool(wrong) or tails[1] > MOST * tails[0])


if __name__ == "__main__":
    main()
