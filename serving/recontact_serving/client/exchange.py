"""An exchange with the server: what is to be sent and how long to pause, decided without sending or sleeping.

Everything the client does is written as steps: a generator that gives out what is to be done next (`Ask`, `Pause`) and
is told what came of it. `Client` and `AsyncClient` only differ in how they do a step.
"""

import ssl
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import uniform
from time import monotonic
from typing import Any, TypeVar

import httpx

from recontact_serving.client.errors import refusal, unintelligible, unreachable

T = TypeVar("T")

PASSING = (429, 502, 503, 504)
PASSING_FAILURES = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError, httpx.ConnectTimeout)
FIRST_PAUSE = 0.5  # seconds
LONGEST_PAUSE = 10.0
SPREAD = 0.25  # by which a pause is stretched at random, so that clients refused together do not come back together
MOST_DIGITS = 9  # of seconds


@dataclass(frozen=True)
class Ask:
    """A request that is to be sent, as often as need be; it means the same each time.

    Attributes:
        method: HTTP method.
        path: Path below the server's url.
        options: What httpx is told besides.
        target: The file that the body of a good answer is written to; None to keep it in memory.
    """

    method: str
    path: str
    options: Mapping[str, Any] = field(default_factory=dict)
    target: Path | None = None


@dataclass(frozen=True)
class Pause:
    """Nothing is to be done for some seconds."""

    seconds: float


Step = Ask | Pause
Steps = Generator[Step, Any, T]


@dataclass(frozen=True)
class Exchange:
    """Sends a request until it is answered or there is no hope.

    Attributes:
        url: The server's, for messages.
        timeout: Seconds of silence after which a request is given up.
        max_wait: Seconds after its first try within which a request is tried again.
    """

    url: str
    timeout: float
    max_wait: float

    def __call__(self, ask: Ask) -> Steps[httpx.Response]:
        """Asks; a server that is not there or has too much to do is asked again.

        Raises:
            ApiError: the server refuses the request.
            UnreachableError: no server answers.
        """
        began, tries = monotonic(), 0
        while True:
            tries, failed, asked = tries + 1, None, None
            try:
                answer: httpx.Response = yield ask
            except httpx.RequestError as error:
                failed, again = error, _is_passing(error)
            else:
                if answer.is_success:
                    return answer
                again, asked = answer.status_code in PASSING, retry_after(answer)
            pause = pause_before(tries, asked)
            if not again or monotonic() - began + pause > self.max_wait:
                if failed is not None:
                    raise unreachable(self.url, failed, self.timeout) from failed
                raise refusal(answer, asked, tries)
            yield Pause(pause)


def pause_before(tries: int, asked: float | None) -> float:
    """Seconds until the next try.

    Args:
        tries: How many there were.
        asked: Seconds the server asks to be left alone, at least; None if it does not.
    """
    # Longer each time even so: a thousand callers who all come back after a second keep a server from its work.
    longer = min(FIRST_PAUSE * 2.0 ** min(tries - 1, 16), LONGEST_PAUSE)
    return max(asked or 0.0, longer) * uniform(1, 1 + SPREAD)


def retry_after(answer: httpx.Response) -> float | None:
    """Seconds in the header Retry-After, be they written as a number or a date; None if it is not there."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isdecimal() and len(said) <= MOST_DIGITS:
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def parsed(answer: httpx.Response, make: Callable[[Any], T]) -> T:
    """What an answer says.

    Args:
        answer: A good answer.
        make: Makes it of the answer's JSON.

    Raises:
        ApiError: it is of another form.
    """
    try:
        return make(answer.json())
    except (ValueError, LookupError, TypeError, AttributeError):
        raise unintelligible(answer) from None


def _is_passing(error: BaseException) -> bool:
    """Whether a failure may be over soon; a certificate that is not trusted stays so."""
    if not isinstance(error, PASSING_FAILURES):
        return False
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__
    return cause is None
