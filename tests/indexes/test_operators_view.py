"""What operators see of all organizations' indexes and jobs; each look finds two tenants' rows."""

from datetime import timedelta

import pytest

from access.actor import OPERATOR
from indexes.backup_models import RestoreJob, RestoreStatus
from indexes.imports import start_import
from indexes.job_kinds import JobKind
from indexes.jobs import cancel_job, failed_jobs, job_by_id, unfinished_jobs
from indexes.metrics.models import Activity
from indexes.models import Deployment, Import, Index
from indexes.nodes import busiest_indexes, node_loads, register_node
from kit import clock
from kit.errors import FailedPrecondition, NotFound, PermissionDenied
from kit.ids import new_id
from orgs.tenancy import tenant
from storage.activity import Span
from storage.database import Connection
from tests.support.world import World


@pytest.fixture
def indexes(world: World) -> list[Index]:
    """One of each organization, each at an engine of its own."""
    node = register_node("local", engines=2)
    found = [world.index("movies"), world.index("filme", project=world.their_project)]
    for number, index in enumerate(found):
        Deployment.objects.using("system").update_or_create(
            index=index,
            defaults={
                "organization_id": index.organization_id, "node": node, "engines": [number],
            },
        )  # fmt: skip
    return found


def test_engines_tell_what_they_hold_and_how_busy_they_are(
    world: World, indexes: list[Index], control: Connection
) -> None:
    for index, requests in zip(indexes, (300, 600), strict=True):
        control.execute(
            "INSERT INTO metrics_activity VALUES (%s, %s, %s, %s, 'Query', %s, 1, '{}', '{}')",
            [index.organization_id, index.pk, Span.MINUTE,
             clock.now() - timedelta(minutes=1), requests],
        )  # fmt: skip
        control.execute(
            "INSERT INTO metrics_level VALUES (%s, %s, 0, '1970-01-01Z', %s, %s, now())",
            [index.organization_id, index.pk, requests, requests * 10],
        )
    (load,) = node_loads(OPERATOR)
    assert load.indexes == 2
    assert [(one.records, one.size_bytes, one.requests_per_s) for one in load.engines] == [
        (300, 3000, 1.0), (600, 6000, 2.0),
    ]  # fmt: skip
    assert [one.process for one in load.engines] == ["node-engine", "node-engine-1"]
    assert [one.index.name for one in busiest_indexes(OPERATOR)] == ["filme", "movies"]
    assert Activity.objects.using("system").count() == 2


def test_jobs_of_everybody_are_found_and_cancelled(world: World, indexes: list[Index]) -> None:
    started = [start_import(OPERATOR, index, uri="s3://bucket/folder/") for index in indexes]
    unfinished = unfinished_jobs(OPERATOR)
    imports = {one.id for one in unfinished if one.kind == JobKind.IMPORT}
    assert imports == {one.pk for one in started}
    assert {one.name for one in unfinished if one.kind == JobKind.INDEX} == {"movies", "filme"}
    assert {one.owner for one in unfinished} == {"operator"}
    cancel_job(OPERATOR, started[1].pk)
    states = Import.objects.using("system").order_by("id").values_list("status", flat=True)
    assert list(states) == ["Pending", "Cancelled"]
    with pytest.raises(FailedPrecondition):
        cancel_job(OPERATOR, indexes[0].pk)
    with pytest.raises(NotFound):
        cancel_job(OPERATOR, new_id())
    job, lines = job_by_id(OPERATOR, started[1].pk)
    assert (job.status, [line.text for line in lines]) == (
        "Cancelled", ["The import was asked for.", "Cancelled."],
    )  # fmt: skip


def test_failed_restores_are_told_for_a_week(world: World, indexes: list[Index]) -> None:
    for index in indexes:
        with tenant(index.organization_id):
            RestoreJob.objects.create(
                organization_id=index.organization_id, project_id=index.project_id,
                source_index_id=index.pk, target_index_id=new_id(), target_index_name="again",
                status=RestoreStatus.FAILED, failure="The backup is gone.",
            )  # fmt: skip
    assert [(one.kind, one.failure) for one in failed_jobs(OPERATOR)] == [
        ("restore", "The backup is gone."), ("restore", "The backup is gone."),
    ]  # fmt: skip


def test_they_are_operators_alone(world: World) -> None:
    for look in (node_loads, busiest_indexes, unfinished_jobs, failed_jobs):
        with pytest.raises(PermissionDenied):
            look(world.alice)
    for act in (cancel_job, job_by_id):
        with pytest.raises(PermissionDenied):
            act(world.alice, new_id())
