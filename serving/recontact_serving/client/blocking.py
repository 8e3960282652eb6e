"""The client that waits for each answer."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from time import sleep
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from recontact import Prediction
from recontact_serving.client import classifying, job_steps
from recontact_serving.client.answers import Health, Job, Taxonomy
from recontact_serving.client.connection import CHUNK, MAX_BYTES, MAX_TEXTS, MAX_WAIT, TIMEOUT, URL, options
from recontact_serving.client.exchange import Exchange, Pause, Step, Steps
from recontact_serving.client.job_steps import INTERRUPTED, Progress, Reading
from recontact_serving.client.upload import Sendable

T = TypeVar("T")


class Client:
    """Asks a recontact server; one client serves many threads.

    Every method asks again, for up to `max_wait` seconds, where no connection comes about or the server has too much
    to do (429, 502, 503, 504; `Retry-After` is kept to), and raises `ApiError` if the server refuses, or
    `UnreachableError` if none answers.

    >>> with Client() as client:
    ...     client.classify(["Ringte tre ganger, ingen ringte tilbake"])  # doctest: +SKIP
    """

    def __init__(
        self,
        url: str = URL,
        api_key: str | None = None,
        *,
        timeout: float = TIMEOUT,
        max_wait: float = MAX_WAIT,
        max_texts: int = MAX_TEXTS,
        max_bytes: int = MAX_BYTES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepares; nothing is asked yet.

        Args:
            url: Address of the server.
            api_key: The key to show (`recontact keys create`); None where none is needed.
            timeout: Seconds of silence after which a request is given up.
            max_wait: Seconds after its first try within which a request is tried again; 0 for one try.
            max_texts: Comments a request, where the server takes fewer than usual.
            max_bytes: Bytes a request, likewise.
            transport: What carries requests, for proxies and certificates of your own; None for the usual.

        Raises:
            RecontactError: the url, the key or a limit cannot be one.
        """
        self._http = httpx.Client(**options(url, api_key, timeout), transport=transport)
        self._exchange = Exchange(str(self._http.base_url).rstrip("/"), timeout, max_wait)
        self._limits = classifying.Limits(max_texts, max_bytes)

    def classify(
        self,
        texts: Iterable[str],
        *,
        evidence: bool = True,
        probabilities: bool = True,
        min_precision: float | None = None,
    ) -> list[Prediction]:
        """What the model says of each comment, in order; any number of comments, in requests of at most 1,000.

        Where the server changes models meanwhile, later answers are of another `model_version`.

        Args:
            texts: The comments.
            evidence: Whether to be told the words that state each cause; without, `evidence` is empty.
            probabilities: Whether to be told the probability of each cause; without, `probabilities` is empty.
            min_precision: How often a cause that is stated must be right, 0.5 to 0.99; None to cut as the model does.
        """
        wanted = classifying.Wanted(evidence, probabilities, min_precision)
        return self._run(classifying.classify(self._exchange, texts, self._limits, wanted))

    def taxonomy(self, lang: str = "en") -> Taxonomy:
        """The causes of the model in service, named in a language."""
        return self._run(classifying.taxonomy(self._exchange, lang))

    def health(self) -> Health:
        """Waits until the server can answer, and says which model it has."""
        return self._run(classifying.health(self._exchange))

    def submit(
        self,
        source: Sendable,
        *,
        name: str | None = None,
        text_column: str | None = None,
        format: str | None = None,
        encoding: str | None = None,
        skip_bad_rows: bool = False,
        evidence: bool = False,
        redact: bool = False,
        min_precision: float | None = None,
    ) -> Job:
        """Sends a file to be classified; however often it has to be sent, there is one job.

        Args:
            source: Path of a CSV, TSV, XLSX, Parquet or JSONL file; or its bytes; or a file open in binary mode.
            name: What to call it, with a suffix that tells its format; None for its own name.
            text_column: Column of the comments; None where there is one obvious choice.
            format: Its format; None for what the suffix says.
            encoding: Codec of a text file; None to find it.
            skip_bad_rows: Set broken rows aside rather than refuse the file.
            evidence: Add the words that state each cause.
            redact: Mask personal data in the comments before the server keeps or reads any; broken rows are not kept.
            min_precision: As `classify` takes it.

        Raises:
            RecontactError: it cannot be read here, or has no name.
        """
        reading = Reading(text_column, format, encoding, skip_bad_rows, evidence, redact, min_precision)
        return self._run(job_steps.submit(self._exchange, source, name, reading))

    def job(self, id: str) -> Job:
        """A job as it is now."""
        return self._run(job_steps.status(self._exchange, id))

    def jobs(self, limit: int = 20, offset: int = 0) -> list[Job]:
        """Your jobs, newest first: at most `limit` (up to 100) of them, behind the first `offset`."""
        return self._run(job_steps.listed(self._exchange, limit, offset))

    def wait(self, job: Job | str, timeout: float | None = None, progress: Progress | None = None) -> Job:
        """Waits until a job is done.

        Args:
            job: The job, or its id.
            timeout: Seconds to wait; None for as long as it takes.
            progress: Called with the job whenever it was looked at: at first often, then every five seconds.

        Raises:
            JobError: it failed, was cancelled, or is not finished in time.
        """
        return self._run(job_steps.wait(self._exchange, job, timeout, progress))

    def cancel(self, job: Job | str) -> Job:
        """Stops a job that is not finished; its files stay until they expire or are deleted."""
        return self._run(job_steps.cancel(self._exchange, job))

    def delete(self, job: Job | str) -> None:
        """Removes a job and all its files, finished or not."""
        self._run(job_steps.delete(self._exchange, job))

    def download(self, job: Job | str, target: str | PathLike[str], format: str | None = None) -> Path:
        """Writes the result of a job to a file, which appears when it is whole.

        Args:
            job: The job, or its id.
            target: The file; one that is there is replaced.
            format: csv, tsv, xlsx, parquet or jsonl; None for what the suffix of `target` says.

        Raises:
            CommentFileError: the file cannot be written, or has an unknown suffix.
        """
        return self._run(job_steps.download(self._exchange, job, Path(target), format))

    def download_bad_rows(self, job: Job | str, target: str | PathLike[str]) -> Path | None:
        """Writes the broken rows that were set aside (`skip_bad_rows`) to a file; None if there are none."""
        return self._run(job_steps.download_bad_rows(self._exchange, job, Path(target)))

    def classify_file(
        self,
        source: Sendable,
        target: str | PathLike[str],
        *,
        name: str | None = None,
        text_column: str | None = None,
        format: str | None = None,
        encoding: str | None = None,
        skip_bad_rows: bool = False,
        evidence: bool = False,
        redact: bool = False,
        min_precision: float | None = None,
        timeout: float | None = None,
        progress: Progress | None = None,
    ) -> Job:
        """Has a file classified into another file: `submit`, `wait`, `download`, `delete`.

        The broken rows that were set aside lie beside it as `<target>.bad-rows.<format>`. A job that fails, or is not
        waited for to its end, is removed as well; one that cannot be downloaded stays, to be tried again.

        Args:
            source: As `submit` takes it.
            target: The file to write; its suffix tells the format.
            name: As `submit` takes it.
            text_column: As `submit` takes it.
            format: Format of the source.
            encoding: As `submit` takes it.
            skip_bad_rows: As `submit` takes it.
            evidence: As `submit` takes it.
            redact: As `submit` takes it.
            min_precision: As `submit` takes it.
            timeout: Seconds to wait for the job; None for as long as it takes.
            progress: As `wait` takes it.

        Returns:
            The job as it was when done, with its summary.

        Raises:
            RecontactError: the source cannot be read, or the target not be written.
            JobError: the job failed, was cancelled, or is not finished in time.
        """
        reading = Reading(text_column, format, encoding, skip_bad_rows, evidence, redact, min_precision)
        steps = job_steps.classify_file(self._exchange, source, Path(target), name, reading, timeout, progress)
        return self._run(steps)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._exchange.url!r})"

    def _run(self, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                try:
                    done = self._do(step)
                except INTERRUPTED as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            result: T = end.value
            return result

    def _do(self, step: Step) -> Any:
        if isinstance(step, Pause):
            return sleep(step.seconds)
        with self._http.stream(step.method, step.path, **step.options) as answer:
            if step.target is None or not answer.is_success:
                answer.read()
                return answer
            with step.target.open("wb") as file:
                for chunk in answer.iter_bytes(CHUNK):
                    file.write(chunk)
        return answer
