"""The records of jobs: one server at a time works on each, whoever is killed, in SQLite and in PostgreSQL."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from recontact_data.errors import RecontactError
from recontact_serving.jobs.records import STALLS, Records, State, new_id
from recontact_serving.store.database import open_database
from recontact_serving.store.tables import Base, Job

LEASE = 0.3
POSTGRES = os.environ.get("RECONTACT_TEST_POSTGRES")  # an empty database that the tests may write in


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        yield open_database(f"sqlite:///{tmp_path / 'jobs.db'}")
        return
    if POSTGRES is None:
        pytest.skip("RECONTACT_TEST_POSTGRES names no database")
    engine = open_database(POSTGRES)
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))
    engine.dispose()


@pytest.fixture
def records(engine: Engine) -> Records:
    return Records(engine, LEASE, 1000.0)


def job(owner: str = "anna", key: str | None = None, rows: int = 100) -> Job:
    return Job(
        id=new_id(), owner=owner, idempotency_key=key, name="ønsker.csv", format="csv", text_column="kommentar",
        skip_bad_rows=False, evidence=False, rows=rows,
    )  # fmt: skip


def claimed(records: Records) -> Job:
    found = records.claim()
    assert found is not None
    return found


def test_the_tables_are_those_that_the_code_knows(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_jobs_are_taken_up_in_their_order_and_once(records: Records) -> None:
    ids = [records.add(job()).id for _ in range(3)]
    assert [claimed(records).id for _ in range(3)] == ids
    assert records.claim() is None


def test_many_servers_take_no_job_twice(records: Records) -> None:
    calm = Records(records._open.kw["bind"], 60.0, 1000.0)
    ids = {calm.add(job()).id for _ in range(30)}

    def work(_: int) -> list[str]:
        found = []
        while (own := calm.claim()) is not None:
            found.append(own.id)
            calm.end(own, State.done)
        return found

    with ThreadPoolExecutor(8) as servers:
        taken = Counter(id for found in servers.map(work, range(8)) for id in found)
    assert taken == Counter(ids)


def test_a_silent_server_loses_its_job_and_may_no_longer_write(records: Records) -> None:
    records.add(job())
    first = claimed(records)
    assert records.renew(first, rows_done=7)
    assert records.claim() is None
    time.sleep(LEASE * 1.5)
    second = claimed(records)
    assert (second.id, second.rows_done, second.attempt) == (first.id, 7, first.attempt + 1)
    assert not records.renew(first, rows_done=50)
    assert not records.end(first, State.done)
    assert records.end(second, State.done, rows_done=100)
    found = records.get(first.id, "anna")
    assert found is not None
    assert (found.state, found.rows_done) == (State.done, 100)


def test_who_says_that_work_goes_on_keeps_the_job(records: Records) -> None:
    records.add(job())
    own = claimed(records)
    for _ in range(4):
        time.sleep(LEASE / 2)
        assert records.renew(own)
        assert records.claim() is None


def test_a_job_that_is_given_back_is_taken_up_at_once(records: Records) -> None:
    records.add(job())
    first = claimed(records)
    records.give_back(first)
    assert claimed(records).id == first.id


def test_a_job_that_stops_every_server_fails_in_the_end(records: Records) -> None:
    records.add(job())
    own = claimed(records)
    for _ in range(STALLS - 1):
        time.sleep(LEASE * 1.1)
        own = claimed(records)
    time.sleep(LEASE * 1.1)
    assert records.claim() is None
    found = records.get(own.id, "anna")
    assert found is not None
    assert found.state == State.failed
    assert "row 1" in (found.error or "")


def test_a_job_that_goes_on_a_little_each_time_does_not_fail(records: Records) -> None:
    records.add(job())
    for row in range(STALLS + 2):
        own = claimed(records)
        assert records.renew(own, rows_done=row + 1)
        time.sleep(LEASE * 1.1)


def test_an_owner_sees_no_others_jobs(records: Records) -> None:
    id = records.add(job("anna")).id
    assert records.get(id, "bo") is None
    assert records.cancel(id, "bo") is None
    assert not records.delete(id, "bo")
    assert records.of("bo", 10) == []
    assert records.unfinished("bo") == 0
    assert records.unfinished("anna") == records.unfinished() == 1


def test_a_cancelled_job_is_nobodys_to_write(records: Records) -> None:
    records.add(job())
    own = claimed(records)
    cancelled = records.cancel(own.id, "anna")
    assert cancelled is not None
    assert cancelled.state == State.cancelled
    assert not records.renew(own)
    assert not records.end(own, State.done)


def test_two_of_one_key_are_one_job_also_at_once(records: Records) -> None:
    with ThreadPoolExecutor(6) as clients:
        ids = {found.id for found in clients.map(lambda _: records.add(job(key="k")), range(6))}
    assert len(ids) == 1
    assert records.add(job("bo", key="k")).id not in ids


def test_what_is_expired_is_forgotten(engine: Engine) -> None:
    records = Records(engine, LEASE, 0.01)
    records.add(job())
    own = claimed(records)
    assert records.forget_expired() == []
    records.end(own, State.done)
    time.sleep(0.05)
    assert records.forget_expired() == [own.id]
    assert records.ids() == set()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:////no/such/folder/x.db", "RECONTACT_DATABASE"),
        ("mysql://root@localhost/x", "postgresql"),
        ("sqlite:///file:x.db?uri=true", "as a URI"),
        ("x", "sqlite:///"),
        ("postgresql://anna:hemmelig@127.0.0.1:1/x", "connection"),
    ],
)
def test_a_database_that_cannot_be_opened_is_named_without_its_password(url: str, words: str) -> None:
    with pytest.raises(RecontactError, match=words) as caught:
        open_database(url)
    assert "hemmelig" not in str(caught.value)


def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    with open_database(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RecontactError, match="later version"):
        open_database(url)


@pytest.mark.parametrize("there_before", [False, True])
def test_a_database_is_its_owners_alone_wherever_it_lies(tmp_path: Path, there_before: bool) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "jobs.db"
    if there_before:
        file.touch()
        file.chmod(0o644)
    with open_database(f"sqlite:///{file}").begin() as connection:
        connection.exec_driver_sql("CREATE TABLE more (id INTEGER)")
        parts = list(tmp_path.iterdir())
        assert len(parts) > 1
        assert {part.stat().st_mode & 0o777 for part in parts} == {0o600}
