"""The database comes back as of some time ago, without its log: the object store knows better."""

import contextlib
import os
import random
from datetime import timedelta

import pytest

from access.actor import OPERATOR
from dataplane.engine.opening import Storage
from indexes.deployment.archive import archive_log
from indexes.deployment.recovery import Recovery, recover_index, recover_indexes
from indexes.deployment.restores import carry_out_restore
from indexes.lifecycle import configure_index
from indexes.models import Index, IndexState
from indexes.moments import create_index_from_moment
from indexes.restores import create_index_from_backup
from keyring.local import LocalKeyring
from kit import clock
from kit.environment import environment
from kit.errors import DataLoss, FailedPrecondition, NotFound
from orgs.secrets import installation_keyring
from storage.archive import rows
from storage.database import Connection, LastingConnection
from storage.objects import ObjectStore, open_object_store
from storage.write_log import log
from storage.write_log.errors import Fenced
from tests.indexes.busy_hour import BusyHour
from tests.indexes.test_backups import (
    backed_up,
    build_segment,
    forget_index,
    index_of,
    job_of,
    sweep,
    system_url,
)
from tests.indexes.test_fsck import found
from tests.indexes.test_segments import write_batches
from tests.support.campaign import Campaign, chosen_seed
from tests.support.digests import namespaces_of
from tests.support.world import World

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
COUNT = 50 if IS_NIGHTLY else 2
STEPS = 400 if IS_NIGHTLY else 120
TABLES = ("log_namespace", "log_dropped", "log_base", "log_pin")


def store() -> ObjectStore:
    return open_object_store(environment().object_store_url)


class Kept:
    """The log's tables as a dump has them: without batches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.take()

    def take(self) -> None:
        self._rows = {table: self._read(table) for table in TABLES}

    def put_back(self) -> None:
        for table in (*TABLES, "log_batch", "log_lease"):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant
        for table, content in self._rows.items():
            statement = f"COPY {table} FROM STDIN (FORMAT binary)"
            with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
                copy.write(content)

    def knows_one_of(self, hour: BusyHour) -> bool:
        """Whether, now that it was put back, it tells of a namespace that lived to the end."""
        told = {row.namespace_id for row in log.namespaces(self._connection, hour.index.pk)}
        return not told.isdisjoint(hour.living)

    def _read(self, table: str) -> bytes:
        statement = f"COPY {table} TO STDOUT (FORMAT binary)"
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            return b"".join(bytes(chunk) for chunk in copy)


@pytest.fixture
def kept(control: Connection) -> Kept:
    return Kept(control)


class DumpedHour(BusyHour):
    """A busy hour in which a dump is taken after so many steps."""

    def __init__(self, index: Index, seed: int, *, steps: int, kept: Kept, after: int) -> None:
        self._kept, self._left = kept, after
        super().__init__(index, seed, steps=steps)

    def _step(self, connection: Connection) -> None:
        if self._left == 0:
            self._kept.take()
        self._left -= 1
        super()._step(connection)


def recovered() -> Recovery:
    recovery = recover_indexes(OPERATOR)
    assert recovery.damages == []
    return recovery


def digests(index: Index) -> dict[str, str]:
    return {name: one.digest for name, one in namespaces_of(index).items()}


@pytest.fixture
def campaign(tmp_path: object) -> Campaign:
    if IS_NIGHTLY:
        return Campaign.resume("recoveries", COUNT)
    return Campaign("recoveries", COUNT, chosen_seed(), folder=tmp_path)  # type: ignore[arg-type]


def test_a_dump_of_any_moment_and_the_store_give_everything_back(
    world: World, kept: Kept, campaign: Campaign
) -> None:
    for number in campaign.rest():
        chance = random.Random(campaign.seed * 1_000 + number)
        index = world.index(f"movies-{number}")
        after = chance.randrange(STEPS)
        hour = DumpedHour(index, chance.random(), steps=STEPS, kept=kept, after=after)  # type: ignore[arg-type]
        archive_log()
        if chance.random() < 0.5:
            sweep(at_s=(hour.start + timedelta(minutes=30)).timestamp())
        kept.put_back()
        if after < STEPS // 2 and kept.knows_one_of(hour):
            assert found(index.pk) != set(), "a database of an earlier time"
        recovered()
        assert digests(index) == hour.digests_at(hour.end), (campaign, number)
        assert found(index.pk) == set(), (campaign, number)
        assert recovered().namespaces == len(digests(index)), "twice is as good as once"
        moment = hour.start + timedelta(minutes=30 + 29 * chance.random())
        then = restored_to(index, moment)
        assert digests(then) == hour.digests_at(moment), (campaign, number)
        for one in (then, index):
            forget_index(one)


def restored_to(index: Index, moment: object) -> Index:
    job = create_index_from_moment(OPERATOR, index, restore_to=moment, name="then")  # type: ignore[arg-type]
    carry_out_restore(job.pk)
    assert job_of(job).status == "Completed", job_of(job).failure
    return index_of(job)


def test_segments_that_ran_ahead_of_the_archive_are_not_lost(world: World, kept: Kept) -> None:
    """A build, and then the end, before the worker came to archive: the log goes on after a gap."""
    index = world.index()
    write_batches(index, 2)
    archive_log()
    kept.take()
    write_batches(index, 1, after=2)
    build_segment(index)
    before = digests(index)
    kept.put_back()
    recovered()
    assert digests(index) == before
    assert found(index.pk) == set()
    write_batches(index, 1, after=3)
    assert archive_log() == 1
    assert found(index.pk) == set()


def test_an_index_whose_log_is_known_to_have_gone_further_is_refused(
    world: World, kept: Kept
) -> None:
    index = world.index()
    write_batches(index, 3)
    archive_log()
    kept.take()
    (stretch,) = [one for one in store().list(f"indexes/{index.pk}/") if "/log/" in one]
    store().delete(stretch)
    kept.put_back()
    recover_indexes(OPERATOR)
    with pytest.raises(DataLoss):
        digests(index)
    assert found(index.pk) != set()


def test_a_database_of_an_earlier_time_is_found_where_the_archive_begins_later(
    world: World, kept: Kept, control: Connection
) -> None:
    index = world.index()
    write_batches(index, 1)
    kept.take()
    archive_log()
    build_segment(index)
    rows.keep_bases(control, 0)
    write_batches(index, 1, after=1)
    archive_log()
    sweep(at_s=clock.now().timestamp() + timedelta(days=99).total_seconds())
    (left,) = [one for one in store().list(f"indexes/{index.pk}/") if "/log/" in one]
    assert "/00000000000000000002-" in left
    kept.put_back()
    assert found(index.pk) != set()


def test_what_was_deleted_since_the_dump_stays_deleted(
    world: World, kept: Kept, control: Connection
) -> None:
    gone, half, stays = world.index("gone"), world.index("half"), world.index("stays")
    for index in (gone, half, stays):
        write_batches(index, 1)
    archive_log()
    kept.take()
    for index in (gone, half):
        (namespace,) = log.namespaces(control, index.pk)
        epoch = log.lease_epoch(control, index.pk)
        log.drop_namespace(control, index.pk, namespace.namespace_id, epoch=epoch)
    archive_log()
    for path in list(store().list(f"indexes/{gone.pk}/")):
        store().delete(path)
    kept.put_back()
    recovery = recovered()
    assert (recovery.deleted, recovery.namespaces) == ([f"gone ({gone.pk})"], 1)
    assert digests(half) == {}
    assert Index.objects.using("system").get(pk=gone.pk).state == IndexState.TERMINATING


def test_what_nobody_can_have_deleted_is_held_back(world: World, kept: Kept) -> None:
    protected, other = world.index("protected"), world.index("other")
    configure_index(OPERATOR, protected, is_protected=True)
    for index in (protected, other):
        write_batches(index, 1)
    archive_log()
    kept.take()
    for path in list(store().list(f"indexes/{protected.pk}/")):
        store().delete(path)
    kept.put_back()
    recovery = recover_indexes(OPERATOR)
    assert list(recovery.held_back) == [f"protected ({protected.pk})"]
    for path in list(store().list(f"indexes/{other.pk}/")):
        store().delete(path)
    kept.put_back()
    with pytest.raises(FailedPrecondition, match="another store"):
        recover_indexes(OPERATOR)


def test_an_index_without_its_key_waits_untouched_until_the_key_is_there(
    world: World, kept: Kept
) -> None:
    index = world.index()
    write_batches(index, 2)
    archive_log()
    kept.take()
    write_batches(index, 1, after=2)
    build_segment(index)
    archive_log()
    before, objects = digests(index), list(store().list("indexes/"))
    kept.put_back()
    file = environment().keyring_dir / "projects" / f"{world.project.pk}.key"
    aside = file.with_name("aside")
    file.rename(aside)
    try:
        assert list(recover_indexes(OPERATOR).held_back) == [f"movies ({index.pk})"]
    finally:
        aside.rename(file)
    LocalKeyring(environment().keyring_dir).check()
    assert list(store().list("indexes/")) == objects
    row = Index.objects.using("system").get(pk=index.pk)
    assert row.state == IndexState.INITIALIZATION_FAILED
    assert recover_index(OPERATOR, row).held_back == {}
    assert digests(index) == before
    with pytest.raises(FailedPrecondition):
        recover_index(OPERATOR, row)


def test_an_index_that_was_being_filled_at_the_dump_has_all_that_came_later(
    world: World, kept: Kept
) -> None:
    source = world.index()
    write_batches(source, 1)
    backup = backed_up(source)
    job = create_index_from_backup(OPERATOR, backup, name="again")
    kept.take()
    carry_out_restore(job.pk)
    target = index_of(job)
    write_batches(target, 1, after=1)
    archive_log()
    before = digests(target)
    kept.put_back()
    type(job).objects.using("system").filter(pk=job.pk).update(status="InProgress")
    recovered()
    assert digests(target) == before
    assert job_of(job).status == "Completed"


def test_objects_of_an_index_that_the_dump_does_not_know_are_told(world: World, kept: Kept) -> None:
    index, later = world.index(), world.index("later")
    for one in (index, later):
        write_batches(one, 1)
    archive_log()
    Index.objects.using("system").filter(pk=later.pk).delete()
    kept.take()
    kept.put_back()
    assert later.pk in recovered().unknown


@pytest.mark.parametrize("kind", ["log", "manifests", "life"])
def test_damage_is_named_and_never_read_over(world: World, kept: Kept, kind: str) -> None:
    index = world.index()
    write_batches(index, 2)
    build_segment(index)
    write_batches(index, 1, after=2)
    archive_log()
    before = digests(index)
    (path,) = [one for one in store().list(f"indexes/{index.pk}/") if f"/{kind}/" in one]
    sealed = bytearray(store().get(path))
    sealed[len(sealed) // 2] ^= 1
    store().put(path, [bytes(sealed)])
    kept.put_back()
    recovery = recover_indexes(OPERATOR)
    assert [one.subject for one in recovery.damages] == [path]
    try:
        assert digests(index) in (before, {})
    except DataLoss:
        assert kind != "life"


def test_no_engine_opens_what_is_held_back_or_was_given_to_no_node(world: World) -> None:
    """An index that is still being filled would otherwise take writes, and be taken for filled."""
    index = world.index()
    with contextlib.closing(LastingConnection(system_url(), "test")) as database:
        engine = Storage(database, store(), installation_keyring(), "local", 0, "test")
        with pytest.raises(Fenced):
            engine.open_index(index.pk)
        Index.objects.using("system").filter(pk=index.pk).update(
            state=IndexState.INITIALIZATION_FAILED
        )
        with pytest.raises(NotFound):
            engine.open_index(index.pk)
