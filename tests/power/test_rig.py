"""The rig itself: it keeps what was synced, and it does lose what was not."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from cli.embedded.postgres import OWNER, ROLES, EmbeddedPostgres
from tests.support.power import Disk, disk
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]

LINES = 300


def append(path: Path, *, is_synced: bool) -> None:
    """A toy log: every line counts as acknowledged once this returns."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in range(LINES):
        os.write(log, b"%06d\n" % number)
        if is_synced:
            os.fdatasync(log)
    os.close(log)


@pytest.mark.parametrize(("is_synced", "kept"), [(True, LINES), (False, 0)])
def test_a_cut_keeps_what_was_synced_and_only_that(is_synced: bool, kept: int) -> None:
    with disk(size_mb=64) as drive:
        log = drive.folder / "log"
        log.touch()
        os.sync()
        append(log, is_synced=is_synced)
        drive.cut_power()
        drive.power_up()
        assert len(log.read_bytes().splitlines()) == kept


@pytest.mark.parametrize(("is_durable", "kept"), [(True, LINES), (False, 0)])
def test_postgres_keeps_its_commits_only_with_fsync(is_durable: bool, kept: int) -> None:
    with disk(size_mb=768) as drive:
        server = EmbeddedPostgres(
            data_dir=drive.folder / "data",
            socket_dir=drive.image.parent / "s",
            passwords=dict.fromkeys(ROLES, "not-a-secret"),
            is_durable=is_durable,
        )
        with running(server, drive):
            server.ensure_database()
            commit_until_the_cut(server, drive)
        drive.power_up()
        with running(server, drive):
            assert count(server) == kept


@contextmanager
def running(server: EmbeddedPostgres, drive: Disk) -> Iterator[None]:
    identity = server.prepare()
    with (drive.image.parent / "log").open("ab") as log:
        process = subprocess.Popen(
            server.argv(), stdout=log, stderr=log, cwd="/",
            user=identity.uid, group=identity.gid, extra_groups=[],
        )  # fmt: skip
    try:
        wait_until(
            lambda: server.is_accepting() or process.poll() is not None,
            timeout_s=60,
            what="PostgreSQL accepts connections",
        )
        yield
    finally:
        for member in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                member.kill()
        process.kill()
        process.wait(timeout=30)


def commit_until_the_cut(server: EmbeddedPostgres, drive: Disk) -> None:
    with psycopg.connect(server.url(OWNER), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA work CREATE TABLE work.entry (n int)")
        os.sync()
        for number in range(LINES):
            connection.execute("INSERT INTO work.entry VALUES (%s)", [number])
        drive.cut_power()


def count(server: EmbeddedPostgres) -> int:
    """Committed rows; a server that does not come up any more has none."""
    try:
        with psycopg.connect(server.url(OWNER)) as connection:
            row = connection.execute("SELECT count(*) FROM work.entry").fetchone()
            return int(row[0]) if row else 0
    except psycopg.Error:
        return 0
