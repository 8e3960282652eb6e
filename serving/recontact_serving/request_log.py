"""The log: a line for each request that was answered, for each job, model and failure, and nothing of any comment.

Routes are named by their templates: paths and queries hold what people type.
"""

import json
import logging
import re
import time
import traceback
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Literal

log = logging.getLogger("recontact")
QUIET = ("/health/live", "/health/ready", "/metrics")
"""Routes that are asked every few seconds."""
Kind = Literal["text", "json", "off"]
_OWN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_worked_for: ContextVar[Mapping[str, str]] = ContextVar("worked_for", default=MappingProxyType({}))


def request_id(given: bytes | None) -> str:
    """The id that a client gave a request in `X-Request-ID`, if it is one; else a new one."""
    return given.decode() if given and _OWN_ID.fullmatch(given) else uuid.uuid4().hex


def tell(event: str, **fields: Any) -> None:
    """Writes a line: what happened, and its figures; fields that are None are left out."""
    log.info(event, extra={"fields": {name: value for name, value in fields.items() if value is not None}})


@contextmanager
def working_for(**whom: str) -> Iterator[None]:
    """Names the request or the job that work is for; what fails meanwhile is told with it."""
    token = _worked_for.set(whom)
    try:
        yield
    finally:
        _worked_for.reset(token)


def worked_for() -> Mapping[str, str]:
    """What `working_for` said, to be handed to other threads."""
    return _worked_for.get()


def tell_failure(error: BaseException, whom: Mapping[str, str] | None = None) -> None:
    """Writes kind and place of an error; its message may quote a comment, and is left out.

    Args:
        error: What was caught.
        whom: Request or job that it happened to; None for the one that work is for here.
    """
    places = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    fields = worked_for() if whom is None else whom
    log.error("failed with %s\n%s", type(error).__name__, places, extra={"fields": fields})


def write_to_stderr(kind: Kind) -> None:
    """Sends the package's log, and warnings of the libraries, to standard error.

    Args:
        kind: Lines of text, JSON objects, or warnings and errors alone, as text.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if kind == "json" else _Text())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    log.setLevel(logging.WARNING if kind == "off" else logging.INFO)
    # It quotes what is sent.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


def _moment(record: logging.LogRecord) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{seconds}.{int(record.msecs):03}Z"


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        figures = "".join(f" {name}={value}" for name, value in fields.items())
        event, line, trace = record.getMessage().partition("\n")
        return f"{_moment(record)} {record.levelname} {event}{figures}{line}{trace}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event, _, trace = record.getMessage().partition("\n")
        line = {"time": _moment(record), "level": record.levelname, "event": event, **getattr(record, "fields", {})}
        return json.dumps(line | ({"trace": trace} if trace else {}), ensure_ascii=False, default=str)
