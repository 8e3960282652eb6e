"""The runner: takes up one job after another and has the scheduler compute it, beside the requests that come."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from recontact import CauseClassifier
from recontact.prediction import Prediction
from recontact_data.comments import Row, text_of
from recontact_data.errors import RecontactError
from recontact_serving.answer_columns import AnswerColumns
from recontact_serving.jobs.files import Answers, Cells, JobFolder
from recontact_serving.jobs.records import Records, State
from recontact_serving.request_log import tell, tell_failure, working_for
from recontact_serving.scheduling import FailedError, Scheduler
from recontact_serving.store.tables import Job

POLL = 1.0  # seconds between looks for jobs that another server took or left
TELL = 0.5  # seconds between notes of how far a job is
SWEEP = 60.0  # seconds between looks for jobs whose time is over
ORPHAN = 7200.0  # seconds after which files without a job are removed; longer than any inspection


class LostError(Exception):
    """The job is no longer this server's: cancelled, deleted, or taken up by another one."""


class Runner:
    """Works on the jobs of a database, some at once."""

    def __init__(self, records: Records, root: Path, scheduler: Scheduler, at_once: int, lease: float) -> None:
        """Prepares.

        Args:
            records: The jobs.
            root: The folder of their files.
            scheduler: What computes.
            at_once: Jobs that are worked on at once.
            lease: Seconds within which a job says that it goes on.
        """
        self.records, self.root = records, root
        self._scheduler, self._at_once, self._lease = scheduler, at_once, lease
        self._tasks: list[asyncio.Task[None]] = []
        self._new = asyncio.Event()

    def open(self) -> None:
        """Begins; to be called in the event loop."""
        self._new = asyncio.Event()
        works: list[Coroutine[Any, Any, None]] = [self._work() for _ in range(self._at_once)]
        self._tasks = [asyncio.create_task(work) for work in (*works, self._sweep())]

    async def close(self) -> None:
        """Stops; jobs under way are given back as far as they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def wake(self) -> None:
        """Says that there is a new job."""
        self._new.set()

    async def _work(self) -> None:
        while True:
            try:
                self._new.clear()
                job = await asyncio.to_thread(self.records.claim)
                if job is not None:
                    with working_for(job=job.id):
                        await self._take(job)
                    continue
            except Exception as error:  # the database is away, or a disk is full: later may be better
                tell_failure(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._new.wait(), POLL)

    async def _take(self, job: Job) -> None:
        beating = asyncio.create_task(self._beat(job))
        try:
            await self._run(job)
        except asyncio.CancelledError:
            await asyncio.shield(asyncio.to_thread(self.records.give_back, job))
            raise
        except LostError:
            pass
        except Exception as error:
            await asyncio.to_thread(self._fail, job, error)
        finally:
            beating.cancel()

    def _fail(self, job: Job, error: Exception) -> None:
        if not self.records.renew(job):
            return  # its files were taken from under it
        if isinstance(error, RecontactError):
            said = JobFolder(self.root, job.id).told(error)
        else:
            if not isinstance(error, FailedError):  # whose cause was told where it was met
                tell_failure(error)
            said = f"failed after row {job.rows_done}; the server's log says where"
        self.records.end(job, State.failed, error=said)
        tell("job failed", id=job.id, rows_done=job.rows_done)

    async def _beat(self, job: Job) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            await asyncio.to_thread(self.records.renew, job)

    async def _run(self, job: Job) -> None:
        classifier, begun = self._scheduler.classifier, time.monotonic()
        if job.min_precision is not None:
            classifier = classifier.at_precision(job.min_precision)
        tell("job begun", id=job.id, attempt=job.attempt, rows=job.rows, model=classifier.model_version)
        columns = AnswerColumns(classifier.taxonomy, job.evidence)
        head = {"model_version": classifier.model_version, "columns": list(columns.names)}
        folder = JobFolder(self.root, job.id)
        with folder.answers(job.attempt, head) as answers, folder.reader(job) as reader:
            await self._say(job, answers, model_version=classifier.model_version)
            chunks, passed, told = iter(reader), 0, time.monotonic()
            while (rows := await asyncio.to_thread(next, chunks, None)) is not None:
                left = rows[max(0, answers.rows - passed) :]
                passed += len(rows)
                if left:
                    cells = await self._answer(classifier, columns, left, job.text_column)
                    await asyncio.to_thread(answers.add, cells)
                if time.monotonic() - told >= TELL:
                    await self._say(job, answers)
                    told = time.monotonic()
            await asyncio.to_thread(answers.keep)
        summary = await asyncio.to_thread(folder.summary)
        await asyncio.to_thread(self.records.end, job, State.done, summary=summary, rows_done=job.rows)
        tell("job done", id=job.id, rows=job.rows, seconds=round(time.monotonic() - begun, 1))

    async def _answer(
        self, classifier: CauseClassifier, columns: AnswerColumns, rows: list[Row], column: str
    ) -> list[Cells]:
        texts = [text_of(row, column) for row in rows]
        found: list[Prediction] = await self._scheduler.classify(texts, classifier, patient=True)
        return [columns.cells(text, prediction) for text, prediction in zip(texts, found, strict=True)]

    async def _say(self, job: Job, answers: Answers, **values: Any) -> None:
        job.rows_done = answers.rows
        if not await asyncio.to_thread(self.records.renew, job, rows_done=answers.rows, **values):
            raise LostError

    async def _sweep(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._remove_old)
            except Exception as error:
                tell_failure(error)
            await asyncio.sleep(SWEEP)

    def _remove_old(self) -> None:
        for id in self.records.forget_expired():
            JobFolder(self.root, id).remove()
        folders = [path for path in self.root.iterdir() if time.time() - path.stat().st_mtime > ORPHAN]
        known = self.records.ids() if folders else set()
        for path in folders:
            if path.name not in known:
                JobFolder(self.root, path.name).remove()
