"""Jobs, step by step: a file is sent, waited for, fetched whole, and removed."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from math import inf
from os import PathLike
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from recontact_data.comments import check_target
from recontact_data.errors import CommentFileError, RecontactError
from recontact_data.output_file import OutputFile, check_writable
from recontact_data.sources import format_of
from recontact_serving.client.answers import DONE, Job
from recontact_serving.client.errors import ApiError, JobError
from recontact_serving.client.exchange import Ask, Exchange, Pause, Steps, parsed
from recontact_serving.client.upload import Sendable, opened

FIRST_LOOK = 0.2  # seconds until a job is looked at again
LATER = 1.5  # times as long until the next look
LONGEST_LOOK = 5.0
GONE = 404
EMPTY = 204

Progress = Callable[[Job], object]
INTERRUPTED = (Exception, KeyboardInterrupt, asyncio.CancelledError)


@dataclass(frozen=True)
class Reading:
    """How a file is to be read; None for what the server finds out by itself.

    Attributes:
        text_column: Column of the comments.
        format: Its format.
        encoding: Codec of a text file.
        skip_bad_rows: Whether broken rows are set aside.
        evidence: Whether the result holds the words that state each cause.
        redact: Whether personal data in the comments is masked.
        min_precision: How often a cause that is stated must be right; None to cut where the model does.
    """

    text_column: str | None = None
    format: str | None = None
    encoding: str | None = None
    skip_bad_rows: bool = False
    evidence: bool = False
    redact: bool = False
    min_precision: float | None = None


def submit(exchange: Exchange, source: Sendable, name: str | None, reading: Reading) -> Steps[Job]:
    """The steps to a new job; a try whose answer got lost is no second job."""
    fields = {name: value for name, value in asdict(reading).items() if value is not None and value is not False}
    headers = {"Idempotency-Key": uuid4().hex}
    with opened(source, name, reading.format) as (called, file):
        options = {"data": fields, "files": {"file": (called, file)}, "headers": headers}
        answer = yield from exchange(Ask("POST", "/v1/jobs", options))
    return parsed(answer, Job.of)


def status(exchange: Exchange, job: Job | str) -> Steps[Job]:
    """The steps to a job as it is now."""
    answer = yield from exchange(Ask("GET", _path(job)))
    return parsed(answer, Job.of)


def listed(exchange: Exchange, limit: int, offset: int) -> Steps[list[Job]]:
    """The steps to the jobs there are."""
    answer = yield from exchange(Ask("GET", "/v1/jobs", {"params": {"limit": limit, "offset": offset}}))
    return parsed(answer, lambda content: [Job.of(job) for job in content["jobs"]])


def cancel(exchange: Exchange, job: Job | str) -> Steps[Job]:
    """The steps to stop a job."""
    answer = yield from exchange(Ask("POST", _path(job, "/cancel")))
    return parsed(answer, Job.of)


def delete(exchange: Exchange, job: Job | str) -> Steps[None]:
    """The steps to remove a job."""
    try:
        yield from exchange(Ask("DELETE", _path(job)))
    except ApiError as error:
        if error.status != GONE or error.tries == 1:  # else an earlier try had removed it, and its answer got lost
            raise


def wait(exchange: Exchange, job: Job | str, timeout: float | None, progress: Progress | None) -> Steps[Job]:
    """The steps to a job that is done: looks at it, less and less often."""
    end, pause = inf if timeout is None else monotonic() + timeout, FIRST_LOOK
    while True:
        now = yield from status(exchange, job)
        if progress is not None:
            progress(now)
        if now.state == DONE:
            return now
        if now.finished:
            raise JobError(now, f"failed: {now.error}" if now.error else f"was {now.state}; send the file again")
        if (left := end - monotonic()) <= 0:
            done = f"{now.rows_done:,} of {now.rows:,} rows"
            raise JobError(now, f"is not finished after {timeout:g} s ({done}); give it a longer timeout")
        yield Pause(min(pause, left))
        pause = min(pause * LATER, LONGEST_LOOK)


def download(exchange: Exchange, job: Job | str, target: Path, format: str | None) -> Steps[Path]:
    """The steps to the result of a job, in a file."""
    yield from _saved(exchange, _path(job, "/result"), target, {"format": format or format_of(target)})
    return target


def download_bad_rows(exchange: Exchange, job: Job | str, target: Path) -> Steps[Path | None]:
    """The steps to the broken rows of a job, in a file; None if there are none."""
    there = yield from _saved(exchange, _path(job, "/bad-rows"), target, {})
    return target if there else None


def classify_file(
    exchange: Exchange,
    source: Sendable,
    target: Path,
    name: str | None,
    reading: Reading,
    timeout: float | None,
    progress: Progress | None,
) -> Steps[Job]:
    """The steps from a file to the same file with answers beside its rows; nothing of it stays on the server."""
    wanted = format_of(target)
    check_writable(target)
    if isinstance(source, (str, PathLike)):
        check_target(Path(source), target)
    job = yield from submit(exchange, source, name, reading)
    try:
        job = yield from wait(exchange, job, timeout, progress)
    except INTERRUPTED:
        yield from _dropped(exchange, job)
        raise
    if job.bad_rows:
        yield from download_bad_rows(exchange, job, target.with_name(f"{target.stem}.bad-rows.{job.format}"))
    yield from download(exchange, job, target, wanted)
    yield from delete(exchange, job)
    return job


def _dropped(exchange: Exchange, job: Job) -> Steps[None]:
    """Removes a job that nobody waits for any more, if that can be done at once."""
    with suppress(RecontactError):  # it expires in some days
        yield from delete(replace(exchange, max_wait=0), job)


def _saved(exchange: Exchange, path: str, target: Path, params: Mapping[str, Any]) -> Steps[bool]:
    """Writes an answer to a file, which appears when it is whole; whether there was anything to write."""
    output = OutputFile(target)
    try:
        answer = yield from exchange(Ask("GET", path, {"params": params}, output.temporary))
    except OSError as error:
        output.discard()
        raise CommentFileError(f"cannot write {target}: {error.strerror}; write to another file") from error
    except BaseException:
        output.discard()
        raise
    if answer.status_code == EMPTY:
        output.discard()
        return False
    output.commit()
    return True


def _path(job: Job | str, tail: str = "") -> str:
    return f"/v1/jobs/{quote(job if isinstance(job, str) else job.id, safe='')}{tail}"
