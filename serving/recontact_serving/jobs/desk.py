"""The desk: all that a server needs to take jobs in and work on them."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from recontact_data.errors import RecontactError
from recontact_serving.jobs.inspection import Limits
from recontact_serving.jobs.intake import Intake
from recontact_serving.jobs.records import Records
from recontact_serving.jobs.runner import Runner
from recontact_serving.scheduling import Scheduler
from recontact_serving.settings import Settings

DAY = 86_400.0


@dataclass(frozen=True)
class JobDesk:
    """The jobs of a server.

    Attributes:
        records: What is known of each.
        intake: Takes them in.
        runner: Works on them.
        root: The folder of their files.
    """

    records: Records
    intake: Intake
    runner: Runner
    root: Path


def open_desk(settings: Settings, scheduler: Scheduler, engine: Engine) -> JobDesk:
    """Opens the folder of a server's jobs.

    Raises:
        RecontactError: it cannot be written in.
    """
    root = settings.data / "jobs"
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        (root / ".writable").touch()
        (root / ".writable").unlink()
    except OSError as error:
        cure = "name a folder in RECONTACT_DATA, or take no jobs with RECONTACT_JOBS=false"
        raise RecontactError(f"cannot write in {root} ({error.strerror}); {cure}") from error
    records = Records(engine, settings.job_lease_seconds, settings.job_days * DAY)
    limits = Limits(
        rows=settings.max_rows, characters=settings.max_characters, expanded_bytes=settings.max_expanded_bytes
    )
    runner = Runner(records, root, scheduler, settings.jobs_at_once, settings.job_lease_seconds)
    return JobDesk(records, Intake(records, root, limits, settings.max_unfinished_jobs), runner, root)
