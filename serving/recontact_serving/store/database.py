"""Opens the database of a server and brings its tables to the form that this version knows."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from recontact_data.errors import MissingExtraError, RecontactError
from recontact_serving.settings import Settings

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
PATIENCE = 30  # seconds that a writer waits for another one
UPGRADE_LOCK = 7_264_361  # any number of our own: PostgreSQL's lock while tables change


def open_store(settings: Settings) -> Engine:
    """Opens the database of the settings; makes the folder and the file where they are not there yet.

    Raises:
        RecontactError: it cannot be opened.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        cure = "name a folder in RECONTACT_DATA, or take no jobs with RECONTACT_JOBS=false"
        raise RecontactError(f"cannot write in {settings.data} ({error.strerror}); {cure}") from error
    return open_database(settings.database or f"sqlite:///{settings.data / 'recontact.db'}")


def open_database(url: str) -> Engine:
    """Connects, and upgrades the tables if they are of an earlier version.

    Args:
        url: SQLAlchemy's form: `sqlite:///file` or `postgresql://user:password@host/database`.

    Raises:
        RecontactError: the database cannot be reached, or is of a later version.
        MissingExtraError: PostgreSQL's driver is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise RecontactError("RECONTACT_DATABASE is no database URL; write sqlite:///file or postgresql://…") from error
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise RecontactError(f"RECONTACT_DATABASE names {kind}; known: sqlite, postgresql")
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    where = parsed.render_as_string(hide_password=True)
    try:
        if kind == "sqlite" and parsed.database and parsed.database != ":memory:":
            if parsed.database.startswith("file:"):
                raise RecontactError("RECONTACT_DATABASE names its file as a URI; write sqlite:///file")
            _keep_private(Path(parsed.database).resolve())
        engine = create_engine(parsed, pool_pre_ping=True, connect_args=_connect_args(kind))
        if kind == "sqlite":
            event.listen(engine, "connect", _sqlite_manners)
        with engine.connect() as connection, _alone(connection, kind):
            _upgrade(connection)
    except ModuleNotFoundError as error:
        raise MissingExtraError("PostgreSQL", "postgres") from error
    except CommandError as error:
        raise RecontactError(f"{where} is of a later version of recontact; install that, or name another") from error
    except OSError as error:
        raise RecontactError(f"cannot open {where}: {error.strerror}; check RECONTACT_DATABASE") from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise RecontactError(f"cannot open {where}: {reason}; check RECONTACT_DATABASE") from error
    return engine


def _keep_private(file: Path) -> None:
    """Makes a database file that its owner alone can read; SQLite gives the files beside it the same rights."""
    with contextlib.suppress(FileExistsError):
        # Only a new file: to close one that a connection of this process holds would end that one's locks.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    for part in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # another's file stays as its owner wants it
            part.chmod(0o600)


def _connect_args(kind: str) -> dict[str, Any]:
    return {"timeout": PATIENCE} if kind == "sqlite" else {"connect_timeout": PATIENCE}


def _sqlite_manners(connection: Any, _: object) -> None:
    """Readers do not wait for a writer, and what was committed outlives a crash."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


@contextmanager
def _alone(connection: Connection, kind: str) -> Iterator[None]:
    """One server at a time changes the tables; the others wait, and find them changed."""
    if kind == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
    yield
    connection.commit()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
