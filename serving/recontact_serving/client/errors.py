"""What a client raises: refused, nobody there, or a job that came to nothing. No message holds a comment or a key."""

import httpx

from recontact_data.errors import RecontactError
from recontact_serving.client.answers import Job

PROBLEM = "application/problem+json"
ABOUT_STATUS = "about:blank"
LONGEST = 500  # characters of a detail
MOVED = (301, 302, 303, 307, 308)


class ApiError(RecontactError):
    """The server refused a request, or failed on it.

    Attributes:
        status: HTTP status.
        title: What the status means.
        type: What a program tells refusals of one status apart by (RFC 9457); `about:blank` where the status says all.
        detail: What is wrong, and the cure.
        retry_after: Seconds after which the server wants to be asked again; None if it did not say.
        tries: How often it was asked.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        retry_after: float | None = None,
        tries: int = 1,
        type: str = ABOUT_STATUS,
    ) -> None:
        again = f" (asked {tries} times)" if tries > 1 else ""
        super().__init__(f"the server answered {status} {title}{again}: {detail}")
        self.status, self.title, self.detail, self.type = status, title, detail, type
        self.retry_after, self.tries = retry_after, tries


class UnreachableError(RecontactError):
    """No server answers, or none in time."""


class JobError(RecontactError):
    """A job failed, was cancelled, or is not finished in time.

    Attributes:
        job: The job as it was last seen.
    """

    def __init__(self, job: Job, message: str) -> None:
        super().__init__(f"job {job.id} ({job.name}) {message}")
        self.job = job


def refusal(answer: httpx.Response, retry_after: float | None, tries: int) -> ApiError:
    """The error that an answer stands for."""
    status, title, detail, type = answer.status_code, answer.reason_phrase, "", ABOUT_STATUS
    # Only problem details are repeated: what others write about a request may quote it.
    if answer.headers.get("content-type", "").startswith(PROBLEM):
        title, detail = _told(answer, "title") or title, _told(answer, "detail")
        type = _told(answer, "type") or type
    elif status in MOVED:
        detail = f"it has moved to {_line(answer.headers.get('location', '?'))}; give the client that url"
    detail = detail or f"without saying why; is {origin(answer.request.url)} a recontact server?"
    return ApiError(status, title, detail, retry_after, tries, type)


def unintelligible(answer: httpx.Response) -> ApiError:
    """The error of an answer that is of another form than a recontact server's."""
    detail = f"this is no answer of a recontact server; check the url {origin(answer.request.url)}"
    return ApiError(answer.status_code, answer.reason_phrase, detail)


def unreachable(url: str, error: httpx.RequestError, timeout: float) -> UnreachableError:
    """What a failed exchange means."""
    cure = "start one with `recontact serve`, or check the url"
    if isinstance(error, httpx.ConnectError):  # nothing was sent yet, its text holds no comment
        return UnreachableError(f"no server answers at {url} ({_line(str(error))}); {cure}")
    if isinstance(error, httpx.ConnectTimeout):
        return UnreachableError(f"no server answers at {url} in time; {cure}")
    if isinstance(error, httpx.TimeoutException):
        return UnreachableError(f"{url} was silent for {timeout:g} s; give the client a longer timeout")
    return UnreachableError(f"{url} broke off ({type(error).__name__}); look at the server's log, and try again")


def origin(url: httpx.URL) -> str:
    """Where a request went, without what it asked."""
    return str(url.copy_with(raw_path=b"/")).rstrip("/")


def _told(answer: httpx.Response, name: str) -> str:
    try:
        content = answer.json()
    except ValueError:
        return ""
    told = content.get(name) if isinstance(content, dict) else None
    return _line(told) if isinstance(told, str) else ""


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
