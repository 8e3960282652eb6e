"""Scheduling: the comments of all requests share the cores in turns; more than can wait is refused at once.

A request of one comment does not wait for the thousand of another, nor for the end of a very long one: a turn ends
when its budget of pieces is spent, between two windows of a comment if need be. No request sees another's failure. How
long a request would have to wait is known before it is taken, by the work ahead of it and the pace so far.
"""

import asyncio
import contextlib
import heapq
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field

from recontact import CauseClassifier
from recontact.prediction import Prediction
from recontact.text import is_blank
from recontact_serving.request_log import tell_failure, worked_for

TURN = 256  # pieces of a request that are computed before the next one has its turn
PATIENT_TURN = 32  # those of a patient request while others wait: a comment or two
ALWAYS = 2  # requests a worker that are taken whatever they have to wait
BYTES_A_PIECE = 4  # of a comment in UTF-8, about, in all languages
EVERY_COMMENT = 8  # pieces whose time goes by for any comment, besides its own
MEMORY = 0.95  # what a turn leaves of the weight of those before it, in the pace
FIRST_PACE = 1_000.0  # pieces a second of a worker, until some turns were measured
FIRST_SECONDS = 0.5  # how long that pace is taken to have been measured


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


class FailedError(Exception):
    """A comment could not be computed. Holds nothing of the comment, nor of an error that may quote it."""


Steps = Generator[int, None, Prediction]


def _cost(text: str) -> int:
    """Pieces that a comment takes the time of, about."""
    return EVERY_COMMENT + (0 if is_blank(text) else len(text.encode()) // BYTES_A_PIECE)


@dataclass(eq=False)
class _Request:
    """The comments of one request on their way."""

    classifier: CauseClassifier
    texts: Sequence[str]
    costs: list[int]
    done: "asyncio.Future[list[Prediction]]"
    loop: asyncio.AbstractEventLoop
    answers: list[Prediction | None]
    left: int  # cost of what is not answered yet
    patient: bool = False
    whom: Mapping[str, str] = field(default_factory=worked_for)  # for the log
    halted: deque[tuple[int, Steps]] = field(default_factory=deque)
    begun: int = 0
    answered: int = 0
    over: bool = False

    @property
    def alone(self) -> bool:
        """Whether it keeps one worker busy at most: a comment is never computed by two."""
        return self.answered >= len(self.texts) - 1

    @property
    def ready(self) -> bool:
        """Whether there is anything that a worker could take."""
        return not self.over and bool(self.halted or self.begun < len(self.texts))

    def take(self) -> tuple[int, Steps] | None:
        """The next comment to begin or to go on with."""
        if self.over:
            return None
        if self.halted:
            return self.halted.popleft()
        if self.begun == len(self.texts):
            return None
        self.begun += 1
        return self.begun - 1, self.classifier.answer_in_steps(self.texts[self.begun - 1])

    def settle(self, error: FailedError | None = None) -> None:
        """Hands the answers, or why there are none, to whoever waits."""

        def tell() -> None:
            if self.done.done():
                return
            if error is not None:
                self.done.set_exception(error)
            else:
                self.done.set_result([answer for answer in self.answers if answer is not None])

        self.over = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(tell)


class Scheduler:
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
        """Prepares; the workers start with the first request.

        Args:
            classifier: The model.
            workers: Threads that compute.
            max_wait: Seconds a request may have to wait for others before it is refused.
            max_bytes: Bytes of comments, in UTF-8, that may wait.
            observe: Called after each turn, from the thread that computed it, with the comments it finished, its
                pieces and its seconds.
        """
        self.classifier = classifier
        self._count, self._max_wait, self._max_cost = workers, max_wait, max_bytes // BYTES_A_PIECE
        self._observe = observe
        self._waiting: deque[_Request] = deque()
        self._taken: set[_Request] = set()
        self._hurried = 0  # those that are not patient
        self._changed = threading.Condition()
        self._cost, self._seconds = FIRST_PACE * FIRST_SECONDS, FIRST_SECONDS
        self._closed = False
        self._workers: list[threading.Thread] = []

    @property
    def waiting(self) -> int:
        """Requests that were taken and are not answered yet."""
        return len(self._taken)

    async def classify(
        self, texts: Sequence[str], classifier: CauseClassifier | None = None, *, patient: bool = False
    ) -> list[Prediction]:
        """What a model says of each comment, in order. When the caller is cancelled, what is left is dropped.

        Args:
            texts: The comments.
            classifier: The model; None for the one in service.
            patient: Whether to wait however long it takes rather than be refused.

        Raises:
            OverloadedError: too much waits already.
            FailedError: a comment could not be computed.
            ClosedError: the scheduler was closed.
        """
        if not texts:
            return []
        loop = asyncio.get_running_loop()
        costs = [_cost(text) for text in texts]
        request = _Request(
            classifier or self.classifier,
            texts,
            costs,
            loop.create_future(),
            loop,
            [None] * len(texts),
            sum(costs),
            patient,
        )
        with self._changed:
            self._begin_work()
            if not patient:
                self._admit(request)
            self._taken.add(request)
            self._hurried += not patient
            self._waiting.append(request)
            self._changed.notify_all()
        try:
            return await request.done
        finally:
            with self._changed:
                request.over = True
                self._taken.discard(request)
                self._hurried -= not patient
                with contextlib.suppress(ValueError):
                    self._waiting.remove(request)

    def open(self) -> None:
        """Takes requests again, after `close`."""
        self._closed = False

    def close(self) -> None:
        """Takes no more, and waits until all that was taken is computed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()
        self._workers.clear()

    def wait(self, cost: int) -> float:
        """Seconds that a request of `cost` would wait for others, about; meanwhile each of them gets as many turns."""
        turns = cost / TURN + 1
        ahead = {other: min(other.left, turns * (PATIENT_TURN if other.patient else TURN)) for other in self._taken}
        longest = heapq.nlargest(self._count - 1, (work for other, work in ahead.items() if other.alone))
        # Single comments that are very long keep as many workers busy as they are, and leave the others free.
        left, free = sum(ahead.values()), self._count
        least = left / free
        for work in longest:
            left, free = left - work, free - 1
            least = min(least, left / free)
        return least * self._seconds / self._cost

    def check_open(self) -> None:
        """Makes sure that requests are taken.

        Raises:
            ClosedError: the scheduler was closed.
        """
        if self._closed:
            raise ClosedError("the server is stopping; ask another one, or again when it is back")

    def _begin_work(self) -> None:
        self.check_open()
        if not self._workers:
            names = [f"recontact-{k}" for k in range(self._count)]
            self._workers = [threading.Thread(target=self._work, name=name, daemon=True) for name in names]
            for worker in self._workers:
                worker.start()

    def _admit(self, request: _Request) -> None:
        if self._hurried >= ALWAYS * self._count and (wait := self.wait(request.left)) > self._max_wait:
            raise OverloadedError(
                f"{self._hurried} requests are before this one, which would wait {wait:.1f} seconds; none may wait "
                f"longer than {self._max_wait:g}: try again later",
                wait,
            )
        left = sum(other.left for other in self._taken)
        if left and left + request.left > self._max_cost:
            raise OverloadedError(
                "as many comments wait already as may; try again later, or send fewer at once",
                left * self._seconds / (self._cost * self._count),
            )

    def _work(self) -> None:
        while (request := self._next()) is not None:
            try:
                self._turn(request)
            except BaseException as error:  # a panic of a library is no Exception; whatever it is, the worker lives
                tell_failure(error, request.whom)
                request.settle(FailedError(type(error).__name__))

    def _next(self) -> _Request | None:
        """The request that had no turn for longest; None once all is done after `close`."""
        with self._changed:
            while True:
                while self._waiting:
                    if (request := self._waiting.popleft()).ready:
                        return request
                if self._closed and not any(request.ready for request in self._taken):
                    return None
                self._changed.wait()

    def _turn(self, request: _Request) -> None:
        """Computes comments of a request until the turn is spent; other workers may be at the same request."""
        begun, pieces, finished = time.perf_counter(), 0, list[tuple[int, Prediction]]()
        while pieces < self._budget(request) and (task := self._begin(request)) is not None:
            index, steps = task
            try:
                while pieces < self._budget(request):
                    pieces += next(steps)
                with self._changed:
                    request.halted.append(task)
            except StopIteration as end:
                pieces += EVERY_COMMENT
                finished.append((index, end.value))
        self._end(request, finished, time.perf_counter() - begun)
        self._observe(len(finished), pieces, time.perf_counter() - begun)

    def _budget(self, request: _Request) -> int:
        """Pieces of a turn; those who come while it lasts shorten it."""
        return PATIENT_TURN if request.patient and self._hurried else TURN

    def _begin(self, request: _Request) -> tuple[int, Steps] | None:
        with self._changed:
            task = request.take()
            if request.ready and request not in self._waiting:
                self._waiting.append(request)  # its next comment may go to another worker
                self._changed.notify()
            return task

    def _end(self, request: _Request, finished: Sequence[tuple[int, Prediction]], seconds: float) -> None:
        cost = sum(request.costs[index] for index, _ in finished)
        with self._changed:
            self._cost, self._seconds = MEMORY * self._cost + cost, MEMORY * self._seconds + seconds
            for index, answer in finished:
                request.answers[index] = answer
            request.answered += len(finished)
            request.left -= cost
            complete = request.answered == len(request.texts)
            if request.ready and request not in self._waiting:
                self._waiting.append(request)
            self._changed.notify_all()
        if complete:
            request.settle()
