"""An import that is interrupted goes on where it was: nothing lost, nothing twice."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from dataplane.importer.run import Turn
from tests.dataplane.importer.conftest import Yard, numbered, table
from tests.support.waiting import wait_until

_COUNT = 6_000
# The importer's save of that many records waits for whoever holds the gate.
_HOLD = """
    CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.records_imported = TG_ARGV[0]::bigint THEN
            PERFORM pg_advisory_xact_lock(4242);
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER hold BEFORE UPDATE ON indexes_import
        FOR EACH ROW EXECUTE FUNCTION hold('%d')
"""
_IS_HELD = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted"
_IS_WORKED_ON = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = x'5707'::int"


@dataclass
class Held:
    """An importer whose batch is written, and whose save of it waits."""

    yard: Yard
    child: "subprocess.Popen[bytes]"
    gate: "psycopg.Connection[tuple[object, ...]]"

    def release(self) -> None:
        self.gate.rollback()

    def finish(self) -> str:
        output, _ = self.child.communicate(timeout=90)
        assert self.child.returncode == 0, output.decode()
        return output.decode()

    def kill(self) -> None:
        """With -9; its session ends when the database notices."""
        self.child.kill()
        self.child.wait()
        self.release()
        wait_until(
            lambda: not self.yard.plane.rows(_IS_WORKED_ON), timeout_s=30, what="it is let go of"
        )


@contextmanager
def held(yard: Yard, import_id: str, *, at: int) -> Iterator[Held]:
    plane = yard.plane
    plane.change(_HOLD % at)
    try:
        with psycopg.connect(plane.owner_url) as gate:
            gate.execute("SELECT pg_advisory_xact_lock(4242)")
            with plane.importer(import_id) as child:
                wait_until(lambda: bool(plane.rows(_IS_HELD)), timeout_s=60, what="it is held")
                yield Held(yard, child, gate)
                gate.rollback()
    finally:
        plane.change("DROP TRIGGER hold ON indexes_import")


@pytest.fixture
def import_id(yard: Yard) -> str:
    """Of one file of one row group, and a small one."""
    yard.write("films/a.parquet", numbered(_COUNT - 100), row_group_size=_COUNT)
    yard.write("films/b.parquet", numbered(100, start=_COUNT - 100))
    return yard.start()


def imported(yard: Yard, import_id: str) -> int:
    return int(yard.describe(import_id)["recordsImported"])


def finish(yard: Yard, import_id: str) -> None:
    """However often something takes too long on a busy machine."""
    done = (Turn.FINISHED, Turn.GONE)
    wait_until(
        lambda: yard.plane.import_turn(import_id)["turn"] in done, timeout_s=120, what="it is done"
    )


def assert_complete(yard: Yard, import_id: str) -> None:
    found = yard.describe(import_id)
    assert (found["status"], found["recordsImported"]) == ("Completed", _COUNT)
    assert yard.counts() == {"films": _COUNT}
    for number in (0, 999, 1000, 3141, _COUNT - 1):
        assert yard.fetch(f"r{number}")["values"][0] == number


def test_a_killed_importer_is_succeeded(yard: Yard, import_id: str) -> None:
    for at in (1000, 3000, _COUNT):
        with held(yard, import_id, at=at) as importer:
            assert imported(yard, import_id) < at
            assert yard.counts() == {"films": at}
            importer.kill()
        assert yard.describe(import_id)["status"] == "InProgress"
    finish(yard, import_id)
    assert_complete(yard, import_id)


def test_an_import_outlives_the_engine(yard: Yard, import_id: str) -> None:
    with held(yard, import_id, at=2000) as importer:
        yard.plane.kill("engine")
        importer.release()
        yard.plane.start_engine()
        importer.finish()
    finish(yard, import_id)
    assert_complete(yard, import_id)


def test_an_import_that_another_process_works_on_is_passed_over(yard: Yard, import_id: str) -> None:
    mine = "SELECT pg_advisory_xact_lock(x'5707'::int, hashtext(%s))"
    with psycopg.connect(yard.plane.owner_url) as other:
        other.execute(mine, [import_id])
        assert yard.plane.import_turn(import_id)["turn"] == Turn.BUSY
    assert yard.describe(import_id)["status"] == "Pending"
    finish(yard, import_id)
    assert_complete(yard, import_id)


def test_a_running_importer_stops_when_its_import_is_cancelled(yard: Yard, import_id: str) -> None:
    engine = yard.plane.pid("engine")
    with held(yard, import_id, at=2000) as importer:
        os.kill(engine, signal.SIGSTOP)
        try:
            importer.release()
            wait_until(lambda: imported(yard, import_id) == 2000, timeout_s=30, what="it has saved")
            assert yard.client.delete(f"/bulk/imports/{import_id}").json() == {}
        finally:
            os.kill(engine, signal.SIGCONT)
        assert f'"turn":"{Turn.GONE}"' in importer.finish()
    found = yard.describe(import_id)
    assert (found["status"], found["recordsImported"]) == ("Cancelled", 2000)
    assert yard.counts() == {"films": 2500}


def test_imports_take_turns(yard: Yard, import_id: str) -> None:
    """With somebody waiting one stops when its time is over, but never without coming further."""
    short = yard.start(f"{yard.uri}/none")
    for came in (1000, 2000):
        assert yard.plane.import_turn(import_id, turn_s=0)["turn"] == Turn.MORE
        assert imported(yard, import_id) == came
    assert yard.run(short)["status"] == "Failed"
    assert yard.plane.import_turn(import_id, turn_s=0)["turn"] == Turn.FINISHED
    assert_complete(yard, import_id)


def test_a_file_that_changed_meanwhile_is_read_anew(yard: Yard, import_id: str) -> None:
    short = yard.start(f"{yard.uri}/none")
    yard.plane.import_turn(import_id, turn_s=0)
    yard.write("films/a.parquet", table(["r0"], [[5.0, 5.0, 5.0, 5.0]]))
    yard.run(short)
    assert yard.run(import_id)["status"] == "Completed"
    assert yard.fetch("r0")["values"] == [5, 5, 5, 5]
