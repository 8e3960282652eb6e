"""Records: the jobs of all servers that share a database, and who works on which.

A job is taken up by one server at a time, for as long as it says now and then that it goes on. When it falls silent,
another one (or the same, restarted) takes the job up, and whatever the first one still writes is refused.
"""

import secrets
import time
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from recontact_serving.store.tables import Job

STALLS = 10  # times a job may stop its server without a row of progress


class State(StrEnum):
    """Where a job is."""

    queued = "queued"
    running = "running"
    done = "done"
    failed = "failed"
    cancelled = "cancelled"


UNFINISHED = (State.queued, State.running)


class Records:
    """The jobs in a database."""

    def __init__(self, engine: Engine, lease: float, keep: float) -> None:
        """Prepares.

        Args:
            engine: The database.
            lease: Seconds of silence after which a job may be taken up anew.
            keep: Seconds that a job is kept after its end.
        """
        self._open: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=False)
        self._lease, self._keep = lease, keep

    def add(self, job: Job) -> Job:
        """Enters a job; where its owner has one with the same idempotency key already, gives that one."""
        job.state, job.created = State.queued, time.time()
        try:
            with self._open.begin() as session:
                session.add(job)
        except IntegrityError:
            if job.idempotency_key and (same := self.with_key(job.owner, job.idempotency_key)):
                return same
            raise
        return job

    def with_key(self, owner: str, idempotency_key: str) -> Job | None:
        """The job that an owner sent with an idempotency key."""
        with self._open() as session:
            return session.scalar(select(Job).where(Job.owner == owner, Job.idempotency_key == idempotency_key))

    def get(self, id: str, owner: str) -> Job | None:
        """A job of an owner; another's is none."""
        with self._open() as session:
            return session.scalar(select(Job).where(Job.id == id, Job.owner == owner))

    def of(self, owner: str, limit: int, offset: int = 0) -> Sequence[Job]:
        """The jobs of an owner, newest first."""
        with self._open() as session:
            newest = select(Job).where(Job.owner == owner).order_by(Job.created.desc(), Job.id)
            return session.scalars(newest.limit(limit).offset(offset)).all()

    def unfinished(self, owner: str | None = None) -> int:
        """How many jobs wait or run, of an owner or of all."""
        whose = () if owner is None else (Job.owner == owner,)
        with self._open() as session:
            return session.scalar(select(func.count()).where(Job.state.in_(UNFINISHED), *whose)) or 0

    def by_state(self) -> dict[str, int]:
        """How many jobs there are in each state."""
        with self._open() as session:
            counted = session.execute(select(Job.state, func.count()).group_by(Job.state))
            found = {row[0]: row[1] for row in counted}
        return {str(state): found.get(state, 0) for state in State}

    def ids(self) -> set[str]:
        """All jobs there are."""
        with self._open() as session:
            return set(session.scalars(select(Job.id)))

    def claim(self) -> Job | None:
        """Takes up the job that waited longest, or one whose server fell silent; None where there is nothing to do."""
        while True:
            with self._open.begin() as session:
                now = time.time()
                free = or_(Job.state == State.queued, and_(Job.state == State.running, Job.lease_until < now))
                job = session.scalar(select(Job).where(free).order_by(Job.created).limit(1))
                if job is None:
                    return None
                again = job.state == State.running
                stalls = job.stalls + 1 if again and job.rows_done == job.taken_at_row else 0
                taken = session.execute(
                    update(Job)
                    .where(Job.id == job.id, Job.attempt == job.attempt, free)
                    .values(
                        state=State.running, attempt=job.attempt + 1, started=func.coalesce(Job.started, now),
                        lease_until=now + self._lease, taken_at_row=job.rows_done, stalls=stalls,
                    )
                )  # fmt: skip
                if not _rows(taken):
                    continue  # somebody else was faster
                session.refresh(job)
            if stalls < STALLS:
                return job
            row = job.rows_done + 1
            self.end(job, State.failed, error=f"the server stopped {stalls} times near row {row}; take that row out")

    def renew(self, job: Job, **values: Any) -> bool:
        """Says that work on a job goes on.

        Args:
            job: As it was claimed.
            values: Columns to set as well.

        Returns:
            Whether it is still this claim's to work on: not cancelled, deleted or taken up by another one.
        """
        with self._open.begin() as session:
            going = update(Job).where(*_held(job)).values(lease_until=time.time() + self._lease, **values)
            return bool(_rows(session.execute(going)))

    def give_back(self, job: Job) -> None:
        """Lets another server take a job up at once."""
        with self._open.begin() as session:
            session.execute(update(Job).where(*_held(job)).values(lease_until=0.0, stalls=0, taken_at_row=-1))

    def end(self, job: Job, state: State, **values: Any) -> bool:
        """Ends a claimed job; false if it was no longer this claim's."""
        with self._open.begin() as session:
            ended = update(Job).where(*_held(job)).values(state=state, **self._at_the_end(), **values)
            return bool(_rows(session.execute(ended)))

    def cancel(self, id: str, owner: str) -> Job | None:
        """Ends a job of an owner if it is not finished; gives it as it is then, or None if there is none."""
        with self._open.begin() as session:
            mine = (Job.id == id, Job.owner == owner, Job.state.in_(UNFINISHED))
            session.execute(update(Job).where(*mine).values(state=State.cancelled, **self._at_the_end()))
        return self.get(id, owner)

    def delete(self, id: str, owner: str) -> bool:
        """Forgets a job of an owner; whether there was one."""
        with self._open.begin() as session:
            return bool(_rows(session.execute(delete(Job).where(Job.id == id, Job.owner == owner))))

    def forget_expired(self) -> Sequence[str]:
        """Forgets the jobs whose time is over; gives their ids."""
        with self._open.begin() as session:
            over = session.scalars(select(Job.id).where(Job.expires < time.time())).all()
            session.execute(delete(Job).where(Job.id.in_(over)))
        return over

    def _at_the_end(self) -> dict[str, float]:
        now = time.time()
        return {"finished": now, "expires": now + self._keep}


def new_id() -> str:
    """An id that nobody guesses."""
    return secrets.token_hex(16)


def _held(job: Job) -> tuple[ColumnElement[bool], ...]:
    return Job.id == job.id, Job.attempt == job.attempt, Job.state == State.running


def _rows(result: Any) -> int:
    return int(result.rowcount)
