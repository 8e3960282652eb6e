"""Sends broken files of every format to a server of its own; counts what it answers. No answer may be a 5xx.

    python benchmarks/broken_uploads.py [--files 2000] [--seed 13] [--model DIR]
Each file is a whole one with some bytes changed, cut out, doubled or moved, or cut off, or named like another format;
of every other one, broken rows are to be set aside.
Exits with 1 if an answer was a 5xx, if none came, or if the server does not classify any more at the end.
"""

import argparse
import io
import random
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import polars as pl
from killed_server import Killed

FORMATS = ("csv", "tsv", "xlsx", "parquet", "jsonl")
COMMENTS = [
    "Ringte tre ganger, ingen ringte tilbake",
    'He said "soon";\nnothing came',
    "køen var lang",
    "",
    "很好",
    "ok 😡",
]
CLIENTS = 2


def whole(format: str, rows: int) -> bytes:
    table = pl.DataFrame(
        {"id": range(rows), "comment": [COMMENTS[k % len(COMMENTS)] for k in range(rows)], "score": [0.5] * rows}
    )
    written = io.BytesIO()
    if format == "xlsx":
        table.write_excel(written)
    elif format == "parquet":
        table.write_parquet(written)
    elif format == "jsonl":
        table.write_ndjson(written)
    else:
        table.write_csv(written, separator="\t" if format == "tsv" else ";")
    return written.getvalue()


def changed(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 1, 3, 30))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return content


def cut_off(content: bytearray, chance: random.Random) -> bytearray:
    return content[: chance.randrange(len(content))]


def cut_out(content: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.randrange(1, 200) :]


def doubled(content: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(content))
    part = content[start : start + chance.randrange(1, 500)]
    return content[:start] + part * chance.choice((2, 5, 100)) + content[start:]


def moved(content: bytearray, chance: random.Random) -> bytearray:
    middle = chance.randrange(len(content))
    return content[middle:] + content[:middle]


def odd_bytes(content: bytearray, chance: random.Random) -> bytearray:
    odd = chance.choice(
        (b"\x00", b"\xff\xfe", b'"', b"\r", b"\xef\xbb\xbf", b"{", b"[" * 1000, b"\x00" * 5000, b'"\n' * 50)
    )
    start = chance.randrange(len(content))
    return content[:start] + odd + content[start:]


BREAKS: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (
    changed, cut_off, cut_out, doubled, moved, odd_bytes,
)  # fmt: skip


def broken(number: int, seed: int) -> tuple[str, bytes]:
    """The name and the bytes of one file."""
    chance = random.Random(f"{seed} {number}")
    format = chance.choice(FORMATS)
    content = bytearray(whole(format, chance.choice((1, 7, 60))))
    for _ in range(chance.choice((1, 1, 2))):
        content = chance.choice(BREAKS)(content, chance) or bytearray(b"\x00")
    said = chance.choice(FORMATS) if chance.random() < 0.1 else format
    return f"{number}.{said}", bytes(content)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--files", type=int, default=2_000)
    options.add_argument("--seed", type=int, default=13)
    options.add_argument("--model", type=Path)
    given = options.parse_args()
    statuses, faults = Counter[int](), list[str]()
    with tempfile.TemporaryDirectory(prefix="recontact-broken-") as folder:
        server = Killed(Path(folder), given.model, None, {"RECONTACT_MAX_UNFINISHED_JOBS": str(given.files)})
        server.start()
        numbers = iter(range(given.files))

        def client() -> None:
            with httpx.Client(base_url=server.url, timeout=600) as asks:
                for number in numbers:
                    name, content = broken(number, given.seed)
                    fields = {"text_column": "comment", "skip_bad_rows": str(number % 2 == 1)}
                    try:
                        answer = asks.post("/v1/jobs", files={"file": (name, content)}, data=fields)
                    except httpx.TransportError as error:
                        faults.append(f"{name}: {type(error).__name__}\n")
                        continue
                    statuses[answer.status_code] += 1
                    if answer.status_code >= 500:
                        faults.append(f"{name}: {answer.status_code} {answer.text[:200]}\n")
                    if sum(statuses.values()) % 100 == 0:
                        sys.stdout.write(f"{sum(statuses.values())} files: {dict(sorted(statuses.items()))}\n")
                        sys.stdout.flush()

        clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
        alive = httpx.post(f"{server.url}/v1/classify", json={"text": COMMENTS[0]}, timeout=60)
        if alive.status_code != 200:
            faults.append(f"at the end: {alive.status_code}\n")
        states = Counter(
            job["state"] for job in httpx.get(f"{server.url}/v1/jobs?limit=100", timeout=60).json()["jobs"]
        )
        server.kill()
    sys.stdout.write(
        f"{given.files} files: {dict(sorted(statuses.items()))}; last jobs: {dict(states)}; {len(faults)} faults\n"
    )
    sys.stdout.write("".join(faults))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
