"""Intake: what somebody sends becomes a job, once it is known that it can be read to its end."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from recontact_data.errors import RecontactError
from recontact_data.sources import FORMATS, format_of
from recontact_serving.jobs.files import JobFolder
from recontact_serving.jobs.inspection import Limits, UploadError, Wanted, inspect
from recontact_serving.jobs.records import Records, new_id
from recontact_serving.store.tables import Job

INSPECTIONS = 2  # at once
LONGEST_NAME = 200
PART = 1 << 20  # bytes read at once
TEXT_FORMATS = ("csv", "tsv", "jsonl")
COPY_ENCODING = "utf-8-sig"  # with or without a byte order mark


class TooManyJobsError(Exception):
    """An owner has as many unfinished jobs as may be; the message names the number."""


class ReusedKeyError(Exception):
    """An idempotency key was sent again with something else."""

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key came with another file or other fields before; take a new one")


@dataclass(frozen=True)
class Sent:
    """What somebody sent, and how it is to be read.

    Attributes:
        owner: Whose job it is.
        name: The file's name, for people.
        text_column: Column of the comments; None for the one obvious choice.
        format: One of `FORMATS`; None for what the name's suffix says.
        encoding: Codec of a text file; None to find it.
        skip_bad_rows: Whether broken rows are set aside.
        evidence: Whether results hold the words that state each cause.
        redact: Whether personal data in the comments is masked, and nothing kept that holds it.
        min_precision: How often a cause that is stated must be right; None to cut where the model does.
        idempotency_key: The same for the same job sent again.
    """

    owner: str
    name: str
    text_column: str | None = None
    format: str | None = None
    encoding: str | None = None
    skip_bad_rows: bool = False
    evidence: bool = False
    redact: bool = False
    min_precision: float | None = None
    idempotency_key: str | None = None

    def digest(self, file: BinaryIO | Sequence[dict[str, Any]]) -> str:
        """A hash of the file, or of its rows, and of how it is to be read."""
        found = hashlib.sha256(repr(sorted(asdict(self).items())).encode("utf-8", "surrogatepass"))
        if isinstance(file, Sequence):
            found.update(json.dumps(file).encode())
        else:
            while part := file.read(PART):
                found.update(part)
            file.seek(0)
        return found.hexdigest()


class Intake:
    """Takes jobs in."""

    def __init__(self, records: Records, root: Path, limits: Limits, max_unfinished: int) -> None:
        """Prepares.

        Args:
            records: Where jobs are entered.
            root: The folder of their files.
            limits: What a file may hold.
            max_unfinished: Jobs of an owner that may wait or run.
        """
        self._records, self._root, self._limits, self._most = records, root, limits, max_unfinished
        self._inspecting = asyncio.Semaphore(INSPECTIONS)

    async def take(self, sent: Sent, file: BinaryIO | Sequence[dict[str, Any]], reserved: Collection[str]) -> Job:
        """Makes a job of a file, or of rows.

        Args:
            sent: How it is to be read.
            file: The bytes of a file, or its rows.
            reserved: Columns that the results add and the file must not have.

        Raises:
            UploadError: it cannot be read; the message says why.
            UploadTooLargeError: it holds too much.
            TooManyJobsError: the owner has too many unfinished jobs.
            ReusedKeyError: its idempotency key came with something else before.
        """
        digest = None
        if sent.idempotency_key:
            digest = await asyncio.to_thread(sent.digest, file)
            same = await asyncio.to_thread(self._records.with_key, sent.owner, sent.idempotency_key)
            if same is not None:
                return _same(same, digest)
        if await asyncio.to_thread(self._records.unfinished, sent.owner) >= self._most:
            raise TooManyJobsError(f"{self._most} jobs of yours are unfinished; wait for one, or cancel one")
        format = _format(sent)
        id = new_id()
        folder = JobFolder(self._root, id)
        try:
            # Nothing is kept before its turn has come: what waits for long would look forgotten.
            async with self._inspecting:
                await asyncio.to_thread(_store, folder, _arrival(folder, sent, format), file)
                job = await asyncio.to_thread(self._inspected, sent, id, folder, format, reserved)
            job.digest = digest
            entered = await asyncio.to_thread(self._records.add, job)
        except BaseException:
            await asyncio.shield(asyncio.to_thread(folder.remove))
            raise
        if entered.id != id:  # the same was sent twice at once, and the other one was faster
            await asyncio.to_thread(folder.remove)
            return _same(entered, digest)
        return entered

    def _inspected(self, sent: Sent, id: str, folder: JobFolder, format: str, reserved: Collection[str]) -> Job:
        arrived, aside = _arrival(folder, sent, format), folder.bad_rows(format)
        wanted = Wanted(
            arrived.name, sent.text_column, sent.encoding, sent.skip_bad_rows,
            aside.name if sent.skip_bad_rows else None, reserved,
            copy=folder.source(format).name if sent.redact else None,
        )  # fmt: skip
        name, encoding = sent.name[:LONGEST_NAME], sent.encoding
        try:
            found = inspect(folder.path, wanted, self._limits)
        except UploadError as error:
            said = str(error).replace("--skip-bad-rows", "skip_bad_rows").replace("--text-column", "text_column")
            raise UploadError(said.replace("--encoding", "encoding").replace(arrived.name, name)) from None
        if sent.redact:
            arrived.unlink()
            aside.unlink(missing_ok=True)
            encoding = COPY_ENCODING if format in TEXT_FORMATS else None
        return Job(
            id=id, owner=sent.owner, idempotency_key=sent.idempotency_key, name=name, format=format,
            text_column=found.text_column, encoding=encoding, skip_bad_rows=sent.skip_bad_rows,
            evidence=sent.evidence, redacted=found.redacted, min_precision=sent.min_precision,
            rows=found.rows, bad_rows=found.bad_rows,
        )  # fmt: skip


def _same(job: Job, digest: str | None) -> Job:
    """The job that came with the same key; one of an older version has no digest."""
    if job.digest is not None and job.digest != digest:
        raise ReusedKeyError
    return job


def _format(sent: Sent) -> str:
    if sent.format is None:
        suffix = Path(sent.name).suffix
        try:
            return format_of(Path(f"file{suffix}"))
        except RecontactError:
            known = ", ".join(FORMATS)
            raise UploadError(
                f"the file's name ends in {suffix or 'nothing'!r}; say what it is in the field format: {known}"
            ) from None
    if sent.format not in FORMATS:
        raise UploadError(f"unknown format {sent.format!r}; known: {', '.join(FORMATS)}")
    return sent.format


def _arrival(folder: JobFolder, sent: Sent, format: str) -> Path:
    return folder.upload(format) if sent.redact else folder.source(format)


def _store(folder: JobFolder, path: Path, file: BinaryIO | Sequence[dict[str, Any]]) -> None:
    folder.make()
    with path.open("wb") as target:
        if isinstance(file, Sequence):
            for row in file:
                target.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        else:
            shutil.copyfileobj(file, target)
