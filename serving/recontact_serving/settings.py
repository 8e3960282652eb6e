"""Settings of the server, read once from the environment (RECONTACT_…) or the command line."""

import logging
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from recontact_data.errors import RecontactError

log = logging.getLogger("recontact")
PREFIX = "RECONTACT_"
_OF_OTHERS = re.compile("TEST_|.*SERVICE_|PORT_")  # Kubernetes names the services of a namespace so
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Settings(BaseSettings):
    """What a server needs to know.

    Attributes:
        host: Address to listen on.
        port: Port to listen on.
        model: Model folder; None for the bundled model.
        max_texts: Comments a request may hold.
        max_characters: Characters a comment may have.
        max_request_characters: Characters that the comments of a request may have together.
        max_body_bytes: Bytes a request's body may have.
        workers: Threads that compute; None for one a core.
        max_wait_ms: Milliseconds a request may have to wait for others; one that would wait longer is refused at once.
        max_waiting_bytes: Bytes of comments that may wait.
        jobs: Whether jobs are taken.
        data: Folder of what the server keeps: its database and the files of jobs.
        database: SQLAlchemy URL, sqlite:/// or postgresql://; None for a file in `data`.
        job_days: Days that a finished job is kept.
        jobs_at_once: Jobs that are worked on at once.
        job_lease_seconds: Seconds of silence after which another server takes a job up.
        max_unfinished_jobs: Jobs of one owner that may wait or run.
        max_upload_bytes: Bytes a file may have.
        max_expanded_bytes: Bytes a spreadsheet may have once unpacked.
        max_rows: Rows a job may have.
        redact: Whether personal data in the comments of every job is masked before anything is kept.
        keys: Whether API keys are needed: `required`, `none`, or `auto`: where others than this machine can ask.
        allowed_hosts: Names under which a server without keys may be asked, besides those of this machine.
        cors_origins: Foreign web pages whose scripts may ask, such as `https://crm.example`.
        tls_certificate: PEM file of the server's certificate and those that it follows from; None for plain HTTP.
        tls_key: PEM file of its private key.
        tls_key_password_file: File that holds the key's password; None where it has none.
        log: How requests, jobs and models are logged on standard error: lines of text, JSON objects, or not at all.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    model: Path | None = None
    max_texts: int = Field(default=1000, ge=1)
    max_characters: int = Field(default=20_000, ge=1)
    max_request_characters: int = Field(default=500_000, ge=1)
    max_body_bytes: int = Field(default=8_000_000, ge=1)
    workers: int | None = Field(default=None, ge=1)
    max_wait_ms: float = Field(default=200, gt=0)
    max_waiting_bytes: int = Field(default=64_000_000, ge=1)
    jobs: bool = True
    data: Path = Field(default_factory=lambda: user_data_path("recontact"))
    database: str | None = None
    job_days: float = Field(default=7, gt=0)
    jobs_at_once: int = Field(default=2, ge=1)
    job_lease_seconds: float = Field(default=30, gt=0)
    max_unfinished_jobs: int = Field(default=20, ge=1)
    max_upload_bytes: int = Field(default=200_000_000, ge=1)
    max_expanded_bytes: int = Field(default=500_000_000, ge=1)
    max_rows: int = Field(default=1_000_000, ge=1)
    redact: bool = False
    keys: Literal["auto", "required", "none"] = "auto"
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_key_password_file: Path | None = None
    log: Literal["text", "json", "off"] = "text"

    @property
    def local(self) -> bool:
        """Whether only this machine can ask."""
        return self.host in LOOPBACK

    @property
    def keys_needed(self) -> bool:
        """Whether who asks must show a key."""
        return self.keys == "required" or (self.keys == "auto" and not self.local)


def _warn_of_unknown() -> None:
    """Says which variables are read by nobody; a slip in a name would go unnoticed."""
    known = {name.upper() for name in Settings.model_fields}
    for variable in sorted(os.environ):
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper().startswith(PREFIX) and name not in known and not _OF_OTHERS.match(name):
            near = get_close_matches(name, known, 1)
            log.warning("%s is no setting%s", variable, f"; meant {PREFIX}{near[0]}?" if near else "")


def load_settings(**given: Any) -> Settings:
    """Settings from the environment; `given` ones win.

    Raises:
        RecontactError: a setting is not valid; the message names it.
    """
    _warn_of_unknown()
    try:
        return Settings(**given)
    except SettingsError as error:  # a list that is no JSON
        field = re.search(r'field "(\w+)"', str(error))
        which = PREFIX + (field[1].upper() if field else "…")
        raise RecontactError(f'setting {which} is no list; write it as JSON, like ["https://crm.example"]') from error
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(part for part in first["loc"] if isinstance(part, str)).upper()  # not a place in a list
        raise RecontactError(f"setting RECONTACT_{name}: {first['msg']}, not {first['input']!r}") from error
