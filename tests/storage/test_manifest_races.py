"""Writers of one manifest against each other, and the collection of objects against all of them.

STONEPINE_RACES sets how many races of each kind (100; 10,000 in `make nightly`, where an
interrupted run is gone on with), STONEPINE_SEED repeats a run's choices.
"""

import os
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from keyring.envelope import DataKey
from kit import clock
from kit.errors import Aborted
from kit.ids import new_id
from storage.database import Connection, connect
from storage.garbage import Sweep
from storage.local_objects import LocalObjectStore
from storage.manifests import (
    Manifest,
    SegmentEntry,
    commit_manifest,
    put_manifest,
    read_manifest,
)
from storage.pins import Pin, pin, unpin
from storage.write_log import log
from storage.write_log.names import new_namespace
from tests.support.campaign import Campaign, chosen_seed

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
RACES = int(os.environ.get("STONEPINE_RACES", "10000" if IS_NIGHTLY else "100"))
MOST_SEGMENTS = 4

pytestmark = pytest.mark.timeout(240 + RACES)


@dataclass
class Course:
    """One namespace in a real log and a real object store, and who races on it: each has a
    connection of its own and begins when all others do."""

    store: LocalObjectStore
    key: DataKey
    connections: list[Connection]
    pool: ThreadPoolExecutor
    index_id: UUID = field(default_factory=new_id)
    namespace_id: UUID = field(default_factory=new_id)

    @property
    def place(self) -> dict[str, UUID]:
        return {"index_id": self.index_id, "namespace_id": self.namespace_id}

    def open(self) -> None:
        epoch = log.take_lease(self.connections[0], self.index_id, "test")
        row = new_namespace(self.key, self.index_id, self.namespace_id, "ns")
        log.create_namespace(self.connections[0], self.index_id, row, epoch=epoch)

    def race(self, runners: list[Callable[[Connection], object]]) -> list[object]:
        """What came of each."""
        start = threading.Barrier(len(runners))

        def run(runner: Callable[[Connection], object], connection: Connection) -> object:
            start.wait(timeout=60)
            return runner(connection)

        running = [
            self.pool.submit(run, runner, connection)
            for runner, connection in zip(runners, self.connections, strict=False)
        ]
        return [one.result(timeout=60) for one in running]

    def current(self, connection: Connection) -> Manifest:
        row = log.get_namespace(connection, self.index_id, self.namespace_id)
        assert row is not None
        return read_manifest(self.store, self.key, row.manifest_version, **self.place)

    def new_segment(self) -> SegmentEntry:
        """Stored, and named by nothing yet."""
        entry = SegmentEntry(new_id(), 1, b"", 1)
        self.store.put(self.path(entry), [entry.segment_id.bytes])
        return entry

    def path(self, entry: SegmentEntry) -> str:
        return f"indexes/{self.index_id}/{self.namespace_id}/segments/{entry.segment_id}"

    def commit(self, connection: Connection, base: Manifest, manifest: Manifest) -> Manifest | None:
        """None where somebody else was faster."""
        try:
            return commit_manifest(
                connection, self.store, self.key, manifest, expected_version=base.version,
                **self.place,
            )  # fmt: skip
        except Aborted:
            return None

    def assert_whole(self, manifest: Manifest) -> None:
        for entry in manifest.segments:
            assert self.store.get(self.path(entry)) == entry.segment_id.bytes


@pytest.fixture
def course(log_url: str, key: DataKey, tmp_path: Path) -> Iterator[Course]:
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(log_url, name="test")) for _ in range(4)]
        pool = stack.enter_context(ThreadPoolExecutor(len(connections)))
        course = Course(LocalObjectStore(tmp_path / "objects"), key, connections, pool)
        course.open()
        yield course


def campaign(name: str, folder: Path) -> Campaign:
    if IS_NIGHTLY:
        return Campaign.resume(name, RACES)
    return Campaign(name, RACES, chosen_seed(), folder=folder)


def test_of_two_writers_one_wins(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    races = campaign("manifest-races", tmp_path)
    winners: Counter[int] = Counter()
    for number in races.rest():
        told = f"{races}, race {number}"
        base = course.current(course.connections[0])
        wishes = [
            Manifest(lsn=base.lsn + 1, segments=(SegmentEntry(new_id(), 1, b"", 1),))
            for _ in range(2)
        ]
        came = course.race([partial(course.commit, base=base, manifest=wish) for wish in wishes])
        won = [place for place, one in enumerate(came) if one is not None]
        assert len(won) == 1, told
        winners[won[0]] += 1
        now = course.current(course.connections[0])
        assert now == came[won[0]], told
        assert now.segments == wishes[won[0]].segments, told
        assert now.previous == base.version < now.version, told
    report(capsys, f"{races}; the first won {winners[0]:,}, the second {winners[1]:,}")


@dataclass
class Build:
    """A writer: it stores a segment, and a manifest that names it in place of the oldest one. Some
    die on the way. `base` is what it began with."""

    course: Course
    base: Manifest
    dies_after: str

    def __call__(self, connection: Connection) -> None:
        entry = self.course.new_segment()
        if self.dies_after == "segment":
            return
        segments = (*self.base.segments[-MOST_SEGMENTS + 1 :], entry)
        manifest = Manifest(lsn=self.base.lsn + 1, segments=segments)
        if self.dies_after == "manifest":
            numbered = replace(
                manifest, version=self.base.version + 1, previous=self.base.version,
                made_at_s=clock.now().timestamp(),
            )  # fmt: skip
            place = (self.course.index_id, self.course.namespace_id)
            put_manifest(self.course.store, self.course.key, numbered, place)
            return
        committed = self.course.commit(connection, self.base, manifest)
        assert committed is not None


def test_nothing_that_lives_is_collected(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A builder, a reader and a backup that begin together with a sweep whose grace is the
    shortest there can be: it ends where they begin."""
    races = campaign("collection-races", tmp_path)
    collected = 0
    for number in races.rest():
        choose = random.Random(f"{races.seed} {number}")
        base = course.current(course.connections[0])
        before_s = int(clock.now().timestamp() * 1_000) / 1_000  # ids carry milliseconds
        backup_id = new_id()
        runners = [
            partial(sweep, course, before_s=before_s),
            Build(course, base, choose.choice(["", "", "", "", "segment", "manifest"])),
            lambda own: course.assert_whole(course.current(own)),
            partial(backed_up, course, backup_id=backup_id),
        ]
        order = choose.sample(range(len(runners)), len(runners))
        came = dict(zip(order, course.race([runners[place] for place in order]), strict=True))
        collected += int(str(came[0]))
        pinned = came[3]
        assert isinstance(pinned, Manifest)
        # The next race begins later: only its pin keeps what the backup needs.
        sweep(course, course.connections[0], before_s=clock.now().timestamp() + 1)
        course.assert_whole(course.current(course.connections[0]))
        again = read_manifest(course.store, course.key, pinned.version, **course.place)
        course.assert_whole(again)
        unpin(course.connections[0], backup_id)
    assert collected > 0, "nothing was collected: the races show nothing"
    # Manifests after the current one are let alone; now none is, however the last builders died.
    connection = course.connections[0]
    Build(course, course.current(connection), dies_after="")(connection)
    collected += sweep(course, connection, before_s=clock.now().timestamp() + 1)
    left = list(course.store.list("indexes/"))
    needed = 1 + len(course.current(connection).segments)
    assert len(left) == needed, "what nobody needs is gone"
    report(capsys, f"{races}; {collected:,} objects collected, none that lived")


def backed_up(course: Course, connection: Connection, backup_id: UUID) -> Manifest:
    manifest = course.current(connection)
    pins = [Pin(course.namespace_id, manifest.version)]
    pin(connection, backup_id, course.index_id, pins)
    return manifest


def sweep(course: Course, connection: Connection, before_s: float) -> int:
    key_of = {course.index_id: course.key}.get
    return Sweep(connection, course.store, key_of, before_s).collect()


def report(capsys: pytest.CaptureFixture[str], told: str) -> None:
    if IS_NIGHTLY:
        with capsys.disabled():
            sys.stdout.write(f"\n{told}\n")
