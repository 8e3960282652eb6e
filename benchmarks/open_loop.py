"""Asks a server at times of its own, however slowly it answers; what the other benchmarks need of an open loop.

A closed loop, whose clients wait for an answer before they ask again, cannot overload a server.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """When a request was due, and what came of it.

    Attributes:
        due: Seconds after the start.
        status: HTTP status; 0 if the connection broke.
        seconds: From when it was due to the end of the answer.
        retry_after: Whether the answer says when to ask again.
    """

    due: float
    status: int
    seconds: float
    retry_after: bool


class OpenLoop:
    """Sends JSON bodies over connections that stay open; opens another one whenever all are busy.

    Args:
        url: Where to.
        bodies: What to send, one after another, then from the start.
        seed: Of the times between requests.
    """

    def __init__(self, url: str, bodies: Sequence[bytes], seed: int = 13) -> None:
        self._address, self._bodies = urlsplit(url), bodies
        self._random = random.Random(seed)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._sent = 0

    async def run(self, rate: float, seconds: float) -> list[Answer]:
        """So many requests a second on average, at random times (Poisson); waits for the last answer."""
        start = time.perf_counter()
        under_way, due = [], 0.0
        while (due := due + self._random.expovariate(rate)) < seconds:
            await asyncio.sleep(max(0.0, start + due - time.perf_counter()))
            under_way.append(asyncio.create_task(self._ask(start, due)))
        answers = list(await asyncio.gather(*under_way))
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()
        return answers

    async def _ask(self, start: float, due: float) -> Answer:
        body = self._bodies[self._sent % len(self._bodies)]
        self._sent += 1
        try:
            status, retry_after = await self._exchange(body)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            status, retry_after = 0, False
        return Answer(due, status, time.perf_counter() - start - due, retry_after)

    async def _exchange(self, body: bytes) -> tuple[int, bool]:
        if self._idle:
            try:
                return await self._over(*self._idle.pop(), body)
            except (OSError, asyncio.IncompleteReadError):
                pass  # the server had closed it meanwhile; clients open another one then
        return await self._over(*await asyncio.open_connection(self._address.hostname, self._address.port), body)

    async def _over(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> tuple[int, bool]:
        host, port = self._address.hostname, self._address.port
        head = f"POST {self._address.path} HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        status, *fields = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().splitlines()
        named = dict(field.split(": ", 1) for field in fields if field)
        await reader.readexactly(int(named["content-length"]))
        if named.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(status.split()[1]), "retry-after" in named


def percentile(answers: Sequence[Answer], share: float) -> float:
    """Milliseconds within which that share of the answers came."""
    ordered = sorted(answer.seconds for answer in answers)
    return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
