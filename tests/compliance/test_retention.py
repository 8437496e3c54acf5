"""How long an organization keeps things: its owner's choice, and that what is older goes, of it
alone."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from access.actor import OPERATOR
from audit.models import Event
from compliance.queries import compliance_facts
from compliance.retention import set_retention
from indexes.backup_models import Backup, BackupStatus
from indexes.backups import create_backup
from indexes.deployment.archive import window_s_of
from indexes.deployment.backup_schedules import delete_expired_backups
from indexes.deployment.imports import forget_old_imports
from indexes.job_lines import JobLine
from indexes.metrics.models import Activity
from indexes.metrics.retention import forget_old_metrics
from indexes.models import Import, Index
from indexes.moments import earliest_moment
from kit import clock
from kit.environment import environment
from kit.errors import FailedPrecondition, InvalidArgument, PermissionDenied
from kit.ids import first_id_at, new_id
from orgs.kept import RULES, Kept
from orgs.models import Organization
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.retention import shown_retention
from orgs.tenancy import tenant
from projects.models import Project
from storage import imports
from storage.activity import Span
from storage.database import connect
from tests.indexes.metrics.test_retention import activity
from tests.support.world import World
from tests.webhooks.hooks import come_due, hook, outbox
from webhooks.sending import forget_old_deliveries

DAY = timedelta(days=1)


def choose(world: World, **days: int | None) -> Organization:
    return set_retention(world.alice, world.organization, days=days)


def backed_up(index: Index, *, age: timedelta) -> Backup:
    made = create_backup(OPERATOR, index, name="one")
    rows = Backup.objects.using("system").filter(pk=made.pk)
    rows.update(status=BackupStatus.READY, created_at=clock.now() - age)
    return made


def backups_of(index: Index) -> int:
    return Backup.objects.using("system").filter(source_index_id=index.pk).count()


def test_the_usual_holds_until_something_is_chosen(world: World) -> None:
    usual = {
        "backups": None, "restore_window": 14, "finished_jobs": 30, "webhook_deliveries": 30,
        "metrics": 400,
    }  # fmt: skip
    assert shown_retention(world.organization) == usual
    chosen = choose(world, backups=90, metrics=30)
    assert shown_retention(chosen) == usual | {"backups": 90, "metrics": 30}
    assert shown_retention(choose(world, backups=None, restore_window=3)) == usual | {
        "metrics": 30, "restore_window": 3,
    }  # fmt: skip


def test_a_choice_is_an_event_and_the_same_choice_is_none(world: World) -> None:
    choose(world, metrics=30)
    choose(world, metrics=30)
    (event,) = Event.objects.using("system").filter(action="organization.retention_changed")
    assert event.actor_name == "Alice"
    assert event.parameters == {"changed": {"metrics": 30}, "previous": {"metrics": 400}}


@pytest.mark.parametrize("days", [
    {"backups": 0}, {"metrics": 401}, {"finished_jobs": 6}, {"webhook_deliveries": 1},
    {"restore_window": -1}, {"audit": 30}, {"metrics": 30, "backups": 4_000},
])  # fmt: skip
def test_what_may_not_be_chosen_is_refused_and_changes_nothing(
    world: World, days: Mapping[str, int]
) -> None:
    with pytest.raises(InvalidArgument):
        choose(world, **days)
    assert Organization.objects.using("system").get(pk=world.organization.pk).retention_days == {}


@pytest.mark.parametrize("name", ["bob", "vera", "mallory"])
def test_owners_alone_choose(world: World, name: str) -> None:
    with pytest.raises(PermissionDenied):
        set_retention(world.actor(name), world.organization, days={"metrics": 30})


def test_backups_that_would_go_are_told_of_first(world: World) -> None:
    index = world.index()
    backed_up(index, age=8 * DAY)
    with pytest.raises(FailedPrecondition, match="1 backup is older than 7 days"):
        choose(world, backups=7)
    assert shown_retention(choose(world, backups=9))["backups"] == 9
    set_retention(world.alice, world.organization, days={"backups": 7}, is_forced=True)
    delete_expired_backups()
    assert backups_of(index) == 0
    (event,) = Event.objects.using("system").filter(action="backup.deleted")
    assert event.parameters["reason"] == "the organization keeps backups for 7 days"


def test_older_backups_go_of_this_organization_alone(world: World) -> None:
    ours, theirs = world.index("ours"), world.index("theirs", project=world.their_project)
    choose(world, backups=7)
    for index in (ours, theirs):
        backed_up(index, age=8 * DAY)
        backed_up(index, age=6 * DAY)
    delete_expired_backups()
    assert (backups_of(ours), backups_of(theirs)) == (1, 2)


def test_older_metrics_go_of_this_organization_alone(world: World) -> None:
    ours, theirs = world.index("ours"), world.index("theirs", project=world.their_project)
    choose(world, metrics=7)
    for index in (ours, theirs):
        for span in (Span.HOUR, Span.DAY):
            activity(index, span, 8 * DAY)
            activity(index, span, 6 * DAY)
    assert forget_old_metrics() == 2
    rows = Activity.objects.using("system")
    assert rows.filter(index_id=ours.pk).count() == 2
    assert rows.filter(index_id=theirs.pk).count() == 4


def test_what_was_noted_of_jobs_goes_with_finished_imports(world: World) -> None:
    ours, theirs = world.index("ours"), world.index("theirs", project=world.their_project)
    choose(world, finished_jobs=7)
    for index in (ours, theirs):
        _finished_import(index, age=8 * DAY)
        _finished_import(index, age=6 * DAY)
    forget_old_imports()
    for rows in (
        JobLine.objects.using("system").filter(text="done"),
        Import.objects.using("system"),
    ):
        assert rows.filter(organization_id=ours.organization_id).count() == 1
        assert rows.filter(organization_id=theirs.organization_id).count() == 2


def _finished_import(index: Index, *, age: timedelta) -> None:
    """With a line of what was done, both of then."""
    wish = imports.NewImport(
        id=new_id(), index_id=index.pk, key_id="", uri="file:///nowhere", on_error="abort"
    )
    then = clock.now() - age
    with connect(environment().database_system_url.get_secret_value(), name="test") as connection:
        assert imports.insert_import(connection, wish)
    rows = Import.objects.using("system").filter(pk=wish.id)
    rows.update(status="Completed", finished_at=then)
    lines = JobLine.objects.using("system")
    lines.create(
        pk=first_id_at(then), organization_id=index.organization_id, job_id=wish.id, text="done"
    )


def test_older_deliveries_of_webhooks_go_of_this_organization_alone(world: World) -> None:
    ours, theirs = hook(world.project).webhook, hook(world.their_project).webhook
    choose(world, webhook_deliveries=2)
    for webhook, project in ((ours, world.project), (theirs, world.their_project)):
        world.key(project=project)
        come_due(webhook, created_at=clock.now() - 3 * DAY)
    forget_old_deliveries()
    assert (len(outbox(ours)), len(outbox(theirs))) == (0, 1)


def test_a_shorter_window_is_not_made_longer_for_what_has_gone(world: World) -> None:
    index = world.index()
    Index.objects.using("system").filter(pk=index.pk).update(created_at=clock.now() - 100 * DAY)
    index.refresh_from_db(using="system")
    choose(world, restore_window=2)
    assert window_s_of(index.pk) == (2 * DAY).total_seconds()
    assert _reach(world, index) == 2
    choose(world, restore_window=None)
    assert window_s_of(index.pk) == (14 * DAY).total_seconds()
    assert _reach(world, index) == 2


def test_a_plan_with_a_longer_window_begins_with_what_is_there(world: World) -> None:
    index = world.index()
    Index.objects.using("system").filter(pk=index.pk).update(created_at=clock.now() - 100 * DAY)
    index.refresh_from_db(using="system")
    set_plan(OPERATOR, world.organization, plan=Plan.DEDICATED)
    assert window_s_of(index.pk) == (30 * DAY).total_seconds()
    assert _reach(world, index) == 14


def _reach(world: World, index: Index) -> int:
    """Days, as a caller is told who asks for an earlier moment."""
    with tenant(world.organization.pk):
        project = Project.objects.select_related("organization").get(pk=world.project.pk)
        return round((clock.now() - earliest_moment(project, index)) / DAY)


def test_evidence_tells_what_was_chosen(world: World) -> None:
    chosen = choose(world, backups=90, restore_window=0)
    told = {one.what: one.kept for one in compliance_facts(world.alice, chosen).retention}
    assert told[RULES[Kept.BACKUPS].title].startswith("90 days at most")
    assert told[RULES[Kept.RESTORE_WINDOW].title] == "not kept for"
