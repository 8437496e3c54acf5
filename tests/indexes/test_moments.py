"""Restores to a second: exact at every moment of a busy hour, and never past the window."""

import os
import random
from datetime import timedelta

import pytest

from access.actor import OPERATOR
from indexes.backup_models import RestoreJob, RestoreStatus
from indexes.deployment.archive import archive_log, window_s_of
from indexes.deployment.backups import indexes_being_read
from indexes.deployment.removal import drop_records
from indexes.deployment.restores import carry_out_restore
from indexes.lifecycle import delete_index
from indexes.models import Index
from indexes.moments import create_index_from_moment, earliest_moment
from indexes.restores import cancel_restore_job
from kit import clock
from kit.environment import environment
from kit.errors import DataLoss, FailedPrecondition, InvalidArgument, PaymentRequired
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.tenancy import tenant
from storage.objects import open_object_store
from tests.indexes.busy_hour import BusyHour
from tests.indexes.test_backups import index_of, job_of, logged, sweep
from tests.support.digests import namespaces_of
from tests.support.world import World

COUNT = 20 if os.environ.get("STONEPINE_NIGHTLY") else 3
STEPS = 1_500 if os.environ.get("STONEPINE_NIGHTLY") else 200
SEED = 20261125


def asked(index: Index, at: object, name: str = "again") -> RestoreJob:
    return create_index_from_moment(OPERATOR, index, restore_to=at, name=name)  # type: ignore[arg-type]


def test_every_second_of_a_busy_hour_comes_back_exactly(world: World) -> None:
    hour = BusyHour(world.index(), SEED, steps=STEPS)
    seconds = random.Random(SEED)
    for number in range(COUNT):
        moment = hour.start + timedelta(seconds=seconds.randrange(3_600))
        job = asked(hour.index, moment, f"copy-{number}")
        carry_out_restore(job.pk)
        assert job_of(job).status == RestoreStatus.COMPLETED, job_of(job).failure
        assert digests_of(job) == hour.digests_at(moment), moment
    job = asked(hour.index, hour.end, "last")
    carry_out_restore(job.pk)
    assert digests_of(job) == hour.digests_at(hour.end)


def test_the_sweep_keeps_what_the_window_reaches_and_nothing_else(world: World) -> None:
    """Of the hour, the window ends at half past."""
    hour = BusyHour(world.index(), SEED + 1, steps=STEPS)
    archive_log()
    before = paths(hour.index)
    half = hour.start + timedelta(minutes=30)
    sweep(at_s=half.timestamp())
    swept = paths(hour.index)
    assert len(swept) < len(before)
    sweep(at_s=half.timestamp())
    assert paths(hour.index) == swept
    for number, minutes in enumerate((31, 45, 59)):
        moment = hour.start + timedelta(minutes=minutes)
        job = asked(hour.index, moment, f"copy-{number}")
        carry_out_restore(job.pk)
        assert digests_of(job) == hour.digests_at(moment), moment
    sweep()
    assert len(paths(hour.index)) < len(swept)


def test_nothing_is_swept_up_that_a_restore_reads(world: World) -> None:
    hour = BusyHour(world.index(), SEED + 2, steps=60)
    archive_log()
    before = paths(hour.index)
    job = asked(hour.index, hour.start + timedelta(minutes=1))
    assert indexes_being_read() == [hour.index.pk]
    sweep()
    assert paths(hour.index) == before
    with pytest.raises(FailedPrecondition, match="still reads this index"):
        delete_index(OPERATOR, hour.index)
    cancel_restore_job(OPERATOR, job)
    assert indexes_being_read() == []
    sweep()
    assert len(paths(hour.index)) < len(before)
    delete_index(OPERATOR, hour.index)
    drop_records(hour.index)
    assert paths(hour.index) == []


def test_a_moment_outside_the_window_is_refused(world: World) -> None:
    index = logged(world)
    with pytest.raises(InvalidArgument, match="future"):
        asked(index, clock.now() + timedelta(minutes=1))
    with pytest.raises(InvalidArgument, match="time zone"):
        asked(index, clock.now().replace(tzinfo=None))
    with pytest.raises(FailedPrecondition, match="not before"):
        asked(index, clock.now() - timedelta(days=1))
    long_ago = clock.now() - timedelta(days=100)
    Index.objects.using("system").filter(pk=index.pk).update(created_at=long_ago)
    with tenant(index.organization_id):
        earliest = earliest_moment(world.project, Index.objects.filter(pk=index.pk)[0])
    assert timedelta(days=13) < clock.now() - earliest < timedelta(days=15)
    assert window_s_of(index.pk) == timedelta(days=14).total_seconds()
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    assert window_s_of(index.pk) == 0
    with pytest.raises(PaymentRequired):
        asked(index, clock.now())


def test_a_restored_index_has_no_past_before_it_was_complete(world: World) -> None:
    job = asked(logged(world), clock.now())
    with pytest.raises(FailedPrecondition, match="nothing to back up"):
        asked(index_of(job), clock.now(), "twice")
    carry_out_restore(job.pk)
    with pytest.raises(FailedPrecondition, match="not before"):
        asked(index_of(job), job.created_at, "twice")
    again = asked(index_of(job), clock.now(), "twice")
    carry_out_restore(again.pk)
    assert digests_of(again) == digests_of(job) != {}


@pytest.mark.parametrize("kind", ["log", "segments"])
def test_a_damaged_past_is_refused_and_nothing_is_served(world: World, kind: str) -> None:
    hour = BusyHour(world.index(), SEED + 3, steps=60)
    archive_log()
    store = open_object_store(environment().object_store_url)
    for path in (one for one in paths(hour.index) if f"/{kind}/" in one):
        sealed = bytearray(store.get(path))
        sealed[len(sealed) // 2] ^= 1
        store.put(path, [bytes(sealed)])
    job = asked(hour.index, hour.end)
    with pytest.raises(DataLoss):
        carry_out_restore(job.pk)
    assert job_of(job).status == RestoreStatus.FAILED
    assert (index_of(job).state, digests_of(job)) == ("InitializationFailed", {})


def paths(index: Index) -> list[str]:
    store = open_object_store(environment().object_store_url)
    return list(store.list(f"indexes/{index.pk}/"))


def digests_of(job: RestoreJob) -> dict[str, str]:
    return {name: one.digest for name, one in namespaces_of(index_of(job)).items()}
