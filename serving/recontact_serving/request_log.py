"""The log: a line for each request that was answered, for each job and for each model, and nothing of any comment.

Routes are named by their templates: paths and queries hold what people type.
"""

import json
import logging
import re
import time
import uuid
from typing import Any, Literal

log = logging.getLogger("recontact")
QUIET = ("/health/live", "/health/ready", "/metrics")
"""Routes that are asked every few seconds."""
Kind = Literal["text", "json", "off"]
_OWN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def request_id(given: bytes | None) -> str:
    """The id that a client gave a request in `X-Request-ID`, if it is one; else a new one."""
    return given.decode() if given and _OWN_ID.fullmatch(given) else uuid.uuid4().hex


def tell(event: str, **fields: Any) -> None:
    """Writes a line: what happened, and its figures; fields that are None are left out."""
    log.info(event, extra={"fields": {name: value for name, value in fields.items() if value is not None}})


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
        return f"{_moment(record)} {record.levelname} {record.getMessage()}{figures}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"time": _moment(record), "level": record.levelname, "event": record.getMessage()}
        return json.dumps(line | getattr(record, "fields", {}), ensure_ascii=False, default=str)
