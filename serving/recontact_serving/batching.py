"""Batching: the comments of all requests share the cores, a few of each request in turn; more than can wait is refused.

A request of one comment does not wait for the thousand of another, and no request sees another's failure. How long a
request would take is known before it is taken: by the pieces ahead of it and the pieces a second that were computed so
far. Turns of a fixed size are deficit round robin (Shreedhar and Varghese 1996, "Efficient fair queueing").
"""

import asyncio
import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from recontact import CauseClassifier
from recontact.prediction import Prediction

TURN = 256  # pieces of a request that are computed before the next one has its turn
BYTES_A_PIECE = 4  # of a comment in UTF-8, about, in all languages
SPECIAL = 2  # pieces that every comment has
MEMORY = 0.9  # share of the pace known so far that a new measurement leaves
FIRST_PACE = 2_000.0  # pieces a second of a worker, before any is measured


class OverloadedError(Exception):
    """More waits than can be answered soon.

    Attributes:
        retry_after: Seconds after which it is worth asking again, at least 1.
    """

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(wait))


class ClosedError(Exception):
    """The server is stopping and takes no more."""


@dataclass(eq=False)
class _Request:
    """The comments of one request on their way."""

    classifier: CauseClassifier
    texts: Sequence[str]
    costs: list[int]
    done: "asyncio.Future[list[Prediction]]"
    loop: asyncio.AbstractEventLoop
    answers: list[Prediction | None] = field(default_factory=list)
    begun: int = 0
    finished: int = 0
    left: int = 0
    given_up: bool = False

    def turn(self) -> tuple[int, int]:
        """The next comments to compute: as many as fit a turn, at least one."""
        start, cost = self.begun, 0
        while self.begun < len(self.texts) and (not cost or cost + self.costs[self.begun] <= TURN):
            cost += self.costs[self.begun]
            self.begun += 1
        return start, self.begun

    def settle(self, error: BaseException | None = None) -> None:
        """Hands the answers, or why there are none, to whoever waits."""

        def tell() -> None:
            if self.done.done():
                return
            if error is not None:
                self.done.set_exception(error)
            else:
                self.done.set_result([answer for answer in self.answers if answer is not None])

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(tell)


class Batcher:
    """Computes the comments of requests that come at once.

    Attributes:
        classifier: The model that new requests get; those on their way keep theirs.
    """

    def __init__(
        self,
        classifier: CauseClassifier,
        workers: int,
        max_wait: float,
        max_bytes: int,
        observe: Callable[[int, int, float], None] = lambda comments, pieces, seconds: None,
    ) -> None:
        """Starts the workers.

        Args:
            classifier: The model.
            workers: Threads that compute.
            max_wait: Seconds a request may have to wait for others before it is refused.
            max_bytes: Bytes of comments, in UTF-8, that may wait.
            observe: Called after each turn, from the thread that computed it, with its comments, pieces and seconds.
        """
        self.classifier = classifier
        self._max_wait, self._max_pieces, self._observe = max_wait, max_bytes // BYTES_A_PIECE, observe
        self._waiting: deque[_Request] = deque()
        self._taken: set[_Request] = set()
        self._changed = threading.Condition()
        self._pace, self._closed = FIRST_PACE, False
        self._workers = [
            threading.Thread(target=self._work, name=f"recontact-{k}", daemon=True) for k in range(workers)
        ]
        for worker in self._workers:
            worker.start()

    @property
    def waiting(self) -> int:
        """Requests that were taken and are not answered yet."""
        return len(self._taken)

    async def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """What the model says of each comment, in order. When the caller is cancelled, what is left is dropped.

        Raises:
            OverloadedError: too much waits already.
            ClosedError: the batcher was closed.
        """
        if not texts:
            return []
        loop = asyncio.get_running_loop()
        costs = [len(text.encode()) // BYTES_A_PIECE + SPECIAL for text in texts]
        request = _Request(self.classifier, texts, costs, loop.create_future(), loop, left=sum(costs))
        request.answers = [None] * len(texts)
        with self._changed:
            self._admit(request)
            self._taken.add(request)
            self._waiting.append(request)
            self._changed.notify_all()
        try:
            return await request.done
        finally:
            with self._changed:
                request.given_up = True
                self._taken.discard(request)

    def close(self) -> None:
        """Takes no more, and waits until all that was taken is computed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()

    def wait(self, cost: int) -> float:
        """Seconds that a request of `cost` pieces would wait for others; meanwhile each of them has as many turns."""
        ahead = sum(min(other.left, cost + TURN) for other in self._taken)
        return ahead / (self._pace * len(self._workers))

    def _admit(self, request: _Request) -> None:
        if self._closed:
            raise ClosedError("the server is stopping; ask another one, or again when it is back")
        wait, waiting = self.wait(request.left), sum(other.left for other in self._taken)
        if wait > self._max_wait:
            raise OverloadedError(f"{len(self._taken)} requests wait already; try again later", wait)
        if self._taken and waiting + request.left > self._max_pieces:
            raise OverloadedError(
                "as many comments wait already as may; try again later, or send fewer at once",
                waiting / (self._pace * len(self._workers)),
            )

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            request, start, end = taken
            begun = time.perf_counter()
            try:
                answers = [request.classifier.answer(text) for text in request.texts[start:end]]
            except Exception as error:  # whatever it is, it is this request's alone
                request.given_up = True
                request.settle(error)
            else:
                self._finish(request, start, end, answers, time.perf_counter() - begun)

    def _next(self) -> tuple[_Request, int, int] | None:
        """The next turn of the request that had none for longest; None once all is done after `close`."""
        with self._changed:
            while True:
                while self._waiting:
                    request = self._waiting.popleft()
                    if request.given_up:
                        continue
                    start, end = request.turn()
                    if end < len(request.texts):
                        self._waiting.append(request)
                    return request, start, end
                if self._closed:
                    return None
                self._changed.wait()

    def _finish(self, request: _Request, start: int, end: int, answers: list[Prediction], seconds: float) -> None:
        cost = sum(request.costs[start:end])
        with self._changed:
            self._pace = MEMORY * self._pace + (1 - MEMORY) * cost / max(seconds, 1e-6)
            request.answers[start:end] = answers
            request.finished += end - start
            request.left -= cost
            complete = request.finished == len(request.texts)
        self._observe(end - start, cost, seconds)
        if complete:
            request.settle()
