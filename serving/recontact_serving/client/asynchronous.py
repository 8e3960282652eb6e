"""The client that is awaited (asyncio)."""

from asyncio import Semaphore, sleep, to_thread
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from recontact import Prediction
from recontact_serving.client import classifying, job_steps
from recontact_serving.client.answers import Health, Job, Taxonomy
from recontact_serving.client.connection import AT_ONCE, CHUNK, MAX_BYTES, MAX_TEXTS, MAX_WAIT, TIMEOUT, URL, options
from recontact_serving.client.exchange import Exchange, Pause, Step, Steps
from recontact_serving.client.job_steps import INTERRUPTED, Progress, Reading
from recontact_serving.client.upload import Sendable

T = TypeVar("T")


class AsyncClient:
    """Asks a recontact server as `Client` does, method by method; many calls may be under way at once.

    >>> async with AsyncClient() as client:
    ...     await client.classify(["Ringte tre ganger, ingen ringte tilbake"])  # doctest: +SKIP
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
        at_once: int = AT_ONCE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepares as `Client` does; `at_once` calls of `classify` are under way, the others wait for their turn."""
        self._http = httpx.AsyncClient(**options(url, api_key, timeout), transport=transport)
        self._exchange = Exchange(str(self._http.base_url).rstrip("/"), timeout, max_wait)
        self._limits = classifying.Limits(max_texts, max_bytes, at_once)
        self._turns = Semaphore(at_once)

    async def classify(
        self,
        texts: Iterable[str],
        *,
        evidence: bool = True,
        probabilities: bool = True,
        min_precision: float | None = None,
    ) -> list[Prediction]:
        """What the model says of each comment; see `Client.classify`."""
        async with self._turns:
            wanted = classifying.Wanted(evidence, probabilities, min_precision)
            steps = classifying.classify(self._exchange, texts, self._limits, wanted)
            return await self._run(steps)

    async def taxonomy(self, lang: str = "en") -> Taxonomy:
        """The causes of the model in service, named in a language."""
        return await self._run(classifying.taxonomy(self._exchange, lang))

    async def health(self) -> Health:
        """Waits until the server can answer, and says which model it has."""
        return await self._run(classifying.health(self._exchange))

    async def submit(
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
        """Sends a file to be classified; see `Client.submit`."""
        reading = Reading(text_column, format, encoding, skip_bad_rows, evidence, redact, min_precision)
        return await self._run(job_steps.submit(self._exchange, source, name, reading))

    async def job(self, id: str) -> Job:
        """A job as it is now."""
        return await self._run(job_steps.status(self._exchange, id))

    async def jobs(self, limit: int = 20, offset: int = 0) -> list[Job]:
        """Your jobs, newest first; see `Client.jobs`."""
        return await self._run(job_steps.listed(self._exchange, limit, offset))

    async def wait(self, job: Job | str, timeout: float | None = None, progress: Progress | None = None) -> Job:
        """Waits until a job is done; see `Client.wait`. `progress` is a plain function here too."""
        return await self._run(job_steps.wait(self._exchange, job, timeout, progress))

    async def cancel(self, job: Job | str) -> Job:
        """Stops a job that is not finished; its files stay until they expire or are deleted."""
        return await self._run(job_steps.cancel(self._exchange, job))

    async def delete(self, job: Job | str) -> None:
        """Removes a job and all its files, finished or not."""
        await self._run(job_steps.delete(self._exchange, job))

    async def download(self, job: Job | str, target: str | PathLike[str], format: str | None = None) -> Path:
        """Writes the result of a job to a file, which appears when it is whole; see `Client.download`."""
        return await self._run(job_steps.download(self._exchange, job, Path(target), format))

    async def download_bad_rows(self, job: Job | str, target: str | PathLike[str]) -> Path | None:
        """Writes the broken rows that were set aside (`skip_bad_rows`) to a file; None if there are none."""
        return await self._run(job_steps.download_bad_rows(self._exchange, job, Path(target)))

    async def classify_file(
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
        """Has a file classified into another file; see `Client.classify_file`."""
        reading = Reading(text_column, format, encoding, skip_bad_rows, evidence, redact, min_precision)
        steps = job_steps.classify_file(self._exchange, source, Path(target), name, reading, timeout, progress)
        return await self._run(steps)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncClient({self._exchange.url!r})"

    async def _run(self, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                try:
                    done = await self._do(step)
                except INTERRUPTED as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Pause):
            return await sleep(step.seconds)
        async with self._http.stream(step.method, step.path, **step.options) as answer:
            if step.target is None or not answer.is_success:
                await answer.aread()
                return answer
            with step.target.open("wb") as file:
                async for chunk in answer.aiter_bytes(CHUNK):
                    await to_thread(file.write, chunk)
        return answer
