"""Schedules of backups, with the clock moved on: runs, doubled and missed ones, what is kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from access.actor import OPERATOR
from audit.actions import Action
from audit.models import Event, Outcome
from indexes.backup_models import Backup, BackupStatus
from indexes.backup_schedule_models import BackupSchedule
from indexes.backup_schedule_queries import (
    get_backup_schedule,
    visible_backup_schedules,
    visible_schedule_history,
)
from indexes.backup_schedules import (
    create_backup_schedule,
    delete_backup_schedule,
    update_backup_schedule,
)
from indexes.deployment.backup_schedules import delete_expired_backups, run_due_schedules
from indexes.deployment.backups import take_backup
from indexes.lifecycle import create_index, delete_index
from indexes.models import Index
from indexes.restores import create_index_from_backup
from indexes.tasks import keep_up_backups
from kit import clock
from kit.errors import AlreadyExists, Forbidden, InvalidArgument, NotFound, PermissionDenied
from orgs.organizations import set_plan
from orgs.plans import Plan
from tests.support.together import together
from tests.support.world import World

NOON = datetime(2026, 4, 2, 12, 30, tzinfo=UTC)
Move = Callable[..., datetime]


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Move:
    """Sets the clock to so long after noon."""

    def to(**passed: float) -> datetime:
        moment = NOON + timedelta(**passed)
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    to()
    return to


def daily(index: Index, **wish: object) -> BackupSchedule:
    wanted = {"name": "nightly", "frequency": "daily", "keep_days": 7, "hour": 6} | wish
    return create_backup_schedule(OPERATOR, index, **wanted)


def now_of(schedule: BackupSchedule) -> BackupSchedule:
    return BackupSchedule.objects.using("system").filter(pk=schedule.pk)[0]


def taken() -> list[Backup]:
    """All backups, each taken by a worker, the oldest first."""
    for backup in Backup.objects.using("system").filter(status=BackupStatus.INITIALIZING):
        take_backup(backup.pk)
    return list(Backup.objects.using("system").order_by("pk"))


def names() -> list[str]:
    return [backup.name for backup in taken()]


def test_a_backup_is_taken_once_at_each_run_whoever_it_belongs_to(world: World, move: Move) -> None:
    ours, theirs = world.index(), world.index("filme", project=world.their_project)
    schedule = daily(ours)
    daily(theirs, name="weekly", frequency="weekly")
    assert schedule.next_run_at == datetime(2026, 4, 3, 6, tzinfo=UTC)
    run_due_schedules()
    assert names() == []
    move(days=1)
    for _ in range(3):
        keep_up_backups()
    assert sorted(names()) == ["nightly-20260403T060000Z", "weekly-20260403T060000Z"]
    move(days=2)
    keep_up_backups()
    assert names()[2:] == ["nightly-20260404T060000Z"]
    assert now_of(schedule).next_run_at == datetime(2026, 4, 5, 6, tzinfo=UTC)
    history = visible_schedule_history(OPERATOR, schedule, limit=10).rows
    assert [one.scheduled_for.day for one in history if one.scheduled_for] == [4, 3]
    events = Event.objects.using("system").filter(action=Action.BACKUP_CREATED)
    assert {event.actor_name for event in events} == {"stonepine"}


def test_messages_at_the_same_time_take_one_backup(world: World, move: Move) -> None:
    daily(world.index())
    move(days=1)
    together([run_due_schedules] * 4)
    assert names() == ["nightly-20260403T060000Z"]


def test_after_a_long_silence_one_backup_stands_for_all_that_were_missed(
    world: World, move: Move
) -> None:
    schedule = daily(world.index())
    move(days=10)
    keep_up_backups()
    keep_up_backups()
    assert names() == ["nightly-20260412T060000Z"]
    assert now_of(schedule).next_run_at == datetime(2026, 4, 13, 6, tzinfo=UTC)


def test_what_is_too_old_goes_and_what_a_restore_reads_goes_later(world: World, move: Move) -> None:
    daily(world.index(), keep_days=2)
    for day in (1, 2, 3):
        move(days=day)
        keep_up_backups()
        assert len(names()) == min(day, 2)
    (oldest, _) = taken()
    create_index_from_backup(OPERATOR, oldest, name="again")
    move(days=30)
    delete_expired_backups()
    assert names() == [oldest.name]
    (event,) = Event.objects.using("system").filter(
        action=Action.BACKUP_DELETED, target_name="nightly-20260403T060000Z"
    )
    assert event.parameters == {"reason": "it has expired"}


def test_of_those_that_are_ready_so_many_are_kept(world: World, move: Move) -> None:
    schedule = daily(world.index(), keep_days=100, keep_count=2)
    for day in (1, 2, 3):
        move(days=day)
        keep_up_backups()
        taken()
    move(days=4)
    run_due_schedules()
    delete_expired_backups()
    assert Backup.objects.using("system").count() == 3, "one is not taken yet"
    assert len(names()) == 3
    delete_expired_backups()
    assert names() == ["nightly-20260405T060000Z", "nightly-20260406T060000Z"]
    update_backup_schedule(OPERATOR, schedule, keep_count=0)
    delete_expired_backups()
    assert len(names()) == 2


def test_another_age_holds_for_what_is_there_already(world: World, move: Move) -> None:
    schedule = daily(world.index(), keep_days=30)
    move(days=1)
    keep_up_backups()
    (backup,) = taken()
    update_backup_schedule(OPERATOR, schedule, keep_days=3)
    (backup,) = taken()
    assert backup.expires_at == backup.created_at + timedelta(days=3)


def test_a_run_that_is_refused_stands_in_the_history_and_the_next_one_comes(
    world: World, move: Move
) -> None:
    schedule = daily(world.index())
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    move(days=1)
    keep_up_backups()
    (backup,) = visible_schedule_history(OPERATOR, schedule, limit=10).rows
    assert (backup.status, backup.name) == ("Failed", "nightly-20260403T060000Z")
    assert "does not include backups" in backup.failure
    (event,) = Event.objects.using("system").filter(action=Action.BACKUP_CREATED)
    assert event.outcome == Outcome.FAILURE
    set_plan(OPERATOR, world.organization, plan=Plan.ENTERPRISE)
    move(days=2)
    keep_up_backups()
    assert names()[1:] == ["nightly-20260404T060000Z"]


def test_an_index_has_one_enabled_schedule(world: World, move: Move) -> None:
    index = world.index()
    schedule = daily(index)
    with pytest.raises(AlreadyExists, match="disable or delete"):
        daily(index, name="other")
    update_backup_schedule(OPERATOR, schedule, is_enabled=False)
    assert now_of(schedule).next_run_at is None
    other = daily(index, name="other")
    with pytest.raises(AlreadyExists):
        update_backup_schedule(OPERATOR, schedule, is_enabled=True)
    delete_backup_schedule(OPERATOR, other)
    move(days=9, hours=3)
    update_backup_schedule(OPERATOR, schedule, is_enabled=True)
    assert now_of(schedule).next_run_at == datetime(2026, 4, 12, 6, tzinfo=UTC)
    assert visible_backup_schedules(OPERATOR, index, limit=10).rows == [schedule]


def test_another_frequency_begins_the_series_anew(world: World, move: Move) -> None:
    schedule = daily(world.index())
    move(days=5)
    keep_up_backups()
    update_backup_schedule(OPERATOR, schedule, frequency="monthly", hour=20)
    assert now_of(schedule).next_run_at == datetime(2026, 4, 7, 20, tzinfo=UTC)
    move(days=6)
    keep_up_backups()
    assert now_of(schedule).next_run_at == datetime(2026, 5, 7, 20, tzinfo=UTC)


def test_a_deleted_index_has_no_schedule_and_keeps_its_backups(world: World, move: Move) -> None:
    index = world.index()
    schedule = daily(index)
    move(days=1)
    keep_up_backups()
    taken()
    delete_index(OPERATOR, index)
    with pytest.raises(NotFound):
        get_backup_schedule(OPERATOR, world.project, str(schedule.pk))
    move(days=3)
    keep_up_backups()
    assert names() == ["nightly-20260403T060000Z"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": "Not So"}, "name"),
        ({"frequency": "hourly"}, "frequency"),
        ({"hour": 24}, "hour"),
        ({"keep_days": 0}, "keep_days"),
        ({"keep_count": -1}, "keep_count"),
    ],
)
def test_a_wish_that_is_not_sound_is_refused(
    world: World, wish: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        daily(world.index(), **wish)
    assert refused.value.fields["field"] == field


def test_pods_viewers_and_small_plans_have_no_schedules(world: World) -> None:
    spec = {"pod": {"environment": "here", "pod_type": "p1.x1", "replicas": 1, "shards": 1}}
    pods = create_index(OPERATOR, world.project, name="pods", spec=spec, dimension=4)
    with pytest.raises(InvalidArgument, match="pods"):
        daily(pods)
    index = world.index()
    schedule = daily(index)
    with pytest.raises(PermissionDenied):
        update_backup_schedule(world.vera, schedule, hour=3)
    assert get_backup_schedule(world.vera, world.project, str(schedule.pk)) == schedule
    with pytest.raises(NotFound):
        get_backup_schedule(world.mallory, world.their_project, str(schedule.pk))
    delete_backup_schedule(world.bob, schedule)
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    with pytest.raises(Forbidden, match="plan"):
        daily(index)
