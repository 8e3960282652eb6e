"""Switches the model of a server 20 times while it is asked; counts failed requests.

    python benchmarks/switched_models.py [--switches 20] [--rate 20] [--model DIR]
Two versions of one model lie in a registry; they are put in service in turns, twice by a promotion, then twice by the
API. Exits with 1 if a request failed, or if a version that was put in service never answered.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import httpx
from killed_server import Killed
from open_loop import OpenLoop, percentile
from peers import COMMENTS

from recontact.artifact import BUNDLED, read_manifest, write_manifest
from recontact.registry import Registry
from recontact_data.labels import load_labelled

PAUSE = 3.0  # seconds from one switch to the next
PATIENCE = 30.0


def two_versions(model: Path, folder: Path) -> Registry:
    """A registry of a model and of the same under another name; the first one is in service."""
    registry = Registry.create(folder / "registry")
    registry.promote(registry.add(model), instead_of=None)
    shutil.copytree(model, folder / "other")
    write_manifest(folder / "other", replace(read_manifest(model), name="other"))
    registry.add(folder / "other")
    return registry


def switched(server: Killed, version: str) -> float:
    """Seconds until the server answers with a version."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < PATIENCE:
        answer = httpx.post(f"{server.url}/v1/classify", json={"text": "Ringte tre ganger"}, timeout=PATIENCE)
        if answer.status_code == 200 and answer.json()["model_version"] == version:
            return time.perf_counter() - begun
        time.sleep(0.05)
    raise SystemExit(f"{version} was put in service and does not answer")


async def switch_under_load(server: Killed, registry: Registry, switches: int, load: OpenLoop, rate: float) -> bool:
    """Switches while requests come; prints what came of them, and says whether none failed."""
    versions = registry.versions
    asking = asyncio.create_task(load.run(rate, switches * (PAUSE + 1)))
    taken = []
    for number in range(switches):
        version = versions[(number + 1) % 2]
        if number % 4 < 2:
            registry.promote(version, instead_of=registry.current)
        else:
            url = f"{server.url}/v1/models/current"
            (await asyncio.to_thread(httpx.put, url, json={"version": version}, timeout=PATIENCE)).raise_for_status()
        taken.append(await asyncio.to_thread(switched, server, version))
        await asyncio.sleep(PAUSE)
    answers = await asking
    tail = percentile(answers, 0.99)
    sys.stdout.write(
        f"{switches} switches, each in service within {max(taken):.1f} s; {len(answers)} requests, p99 {tail:.0f} ms, "
        f"by status {dict(Counter(answer.status for answer in answers))}\n"
    )
    return all(answer.status == 200 for answer in answers)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--switches", type=int, default=20)
    options.add_argument("--rate", type=float, default=20.0)
    options.add_argument("--model", type=Path, default=BUNDLED)
    given = options.parse_args()
    texts = random.Random(13).sample([row.text for row in load_labelled() if row.split == "test"], COMMENTS)
    with tempfile.TemporaryDirectory(prefix="recontact-switched-") as folder:
        registry = two_versions(given.model, Path(folder))
        server = Killed(Path(folder), registry.folder, None, {"RECONTACT_MAX_WAIT_MS": "60000"})
        server.start()
        load = OpenLoop(f"{server.url}/v1/classify", [json.dumps({"text": text}).encode() for text in texts])
        fine = asyncio.run(switch_under_load(server, registry, given.switches, load, given.rate))
        server.kill()
    sys.exit(not fine)


if __name__ == "__main__":
    main()
