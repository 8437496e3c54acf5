"""Power cuts under the whole stack: nothing acknowledged is lost; without fsync most of it is.

STONEPINE_CUTS sets how many (20), STONEPINE_SEED repeats a run's choices.
"""

import os
import random
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.support.load import DIMENSION, Load, Refused
from tests.support.power import Disk, disk
from tests.support.stack import Stack, reserved_port
from tests.support.waiting import wait_until
from tests.support.wire import Broken, NotSent, control, dense_index, ready_index

CUTS = int(os.environ.get("STONEPINE_CUTS", "20"))
SEED = int(os.environ.get("STONEPINE_SEED", str(random.randrange(10**6))))
CONTROL_CUTS = 3
IMAGE_MB = 1_536
SMALL_SEGMENTS = {"STONEPINE_SEGMENT_THRESHOLD": "150", "STONEPINE_SEGMENT_MAX_RECORDS": "400"}

pytestmark = [pytest.mark.nightly, pytest.mark.stack, pytest.mark.timeout(240 + 60 * CUTS)]


@contextmanager
def stack_on(drive: Disk) -> Iterator[Stack]:
    with reserved_port() as port:
        stack = Stack(drive.folder / "home", port, dict(SMALL_SEGMENTS))
        try:
            stack.start()
            stack.bootstrap()
            yield stack
        finally:
            stack.kill_everything()


def loaded(stack: Stack) -> Load:
    """A fresh index and its load; what set-up wrote is on the disk."""
    with control(stack.api_url, stack.api_key) as api:
        host = ready_index(api, dense_index("power", dimension=DIMENSION))
    os.sync()
    return Load(host, stack.api_key, SEED)


def cut_under_load(stack: Stack, drive: Disk, load: Load, *, after_s: float) -> None:
    with load.running():
        started = time.monotonic()
        wait_until(
            lambda: load.last_started_s > started + after_s, timeout_s=60, what="writes flow"
        )
        drive.cut_power()
        stack.kill_everything()
    drive.power_up()


def test_no_cut_loses_an_acknowledged_write(capsys: pytest.CaptureFixture[str]) -> None:
    choose = random.Random(SEED)
    with disk(size_mb=IMAGE_MB) as drive, stack_on(drive) as stack:
        load = loaded(stack)
        for cut in range(CUTS):
            cut_under_load(stack, drive, load, after_s=choose.uniform(0.2, 2))
            stack.start()
            assert load.journal.verify(load.stored()) == [], f"seed {SEED}, cut {cut}"
    counts = load.journal.counts
    with capsys.disabled():
        sys.stdout.write(
            f"\nseed {SEED}: {CUTS} power cuts, {counts.acknowledged:,} writes acknowledged, "
            f"0 lost; at most {3 / CUTS:.2%} of cuts lose one (95 %)\n"
        )


def test_without_fsync_the_same_cuts_lose_most(capsys: pytest.CaptureFixture[str]) -> None:
    """The control arm: a rig that shows no loss here would prove nothing above."""
    written = lost = 0
    for _ in range(CONTROL_CUTS):
        with disk(size_mb=IMAGE_MB) as drive, stack_on(drive) as stack:
            load = loaded(stack)
            switch_off_fsync(stack)
            cut_under_load(stack, drive, load, after_s=1.5)
            certain = load.journal.certain()
            written += len(certain)
            lost += len(certain - kept(stack, load))
    with capsys.disabled():
        sys.stdout.write(f"\nwithout fsync: {lost} of {written} acknowledged records lost\n")
    assert lost > written / 2


def switch_off_fsync(stack: Stack) -> None:
    """In the running PostgreSQL, past what the product configures."""
    (password,) = stack.home.rglob("*.superuser")
    (settings,) = stack.home.rglob("postgresql.conf")
    folder = re.search(r"unix_socket_directories = '(.*)'", settings.read_text())
    assert folder is not None
    with psycopg.connect(
        host=folder[1], user="postgres", password=password.read_text().strip(),
        dbname="postgres", autocommit=True,
    ) as superuser:  # fmt: skip
        for setting in ("fsync", "full_page_writes"):
            superuser.execute(f"ALTER SYSTEM SET {setting} = off")
        superuser.execute("SELECT pg_reload_conf()")


def kept(stack: Stack, load: Load) -> set[str]:
    """The records that are still there; none where the installation does not come up again."""
    try:
        stack.start(timeout_s=40)
        return set(load.stored())
    except (AssertionError, OSError, NotSent, Broken, Refused):
        return set()
