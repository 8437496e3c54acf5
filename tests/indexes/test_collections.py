"""Collections: taken, listed apart from backups, made into indexes, deleted."""

import pytest

from access.actor import OPERATOR
from indexes.backup_models import Backup, RestoreJob
from indexes.backup_queries import get_backup, visible_backups
from indexes.collection_queries import get_collection, visible_collections
from indexes.collections import (
    create_collection,
    create_index_from_collection,
    delete_collection,
)
from indexes.deployment.backups import take_backup
from indexes.deployment.restores import carry_out_restore
from indexes.lifecycle import create_index, delete_index
from indexes.models import Index
from kit.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
)
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.tenancy import tenant
from tests.indexes.test_backups import filled, fresh
from tests.support.digests import namespaces_of
from tests.support.world import SPEC, World

PODS = {"pod": {"environment": "here", "pod_type": "p1.x1", "replicas": 1, "shards": 1}}


def kept(index: Index, name: str = "kept") -> Backup:
    collection = create_collection(OPERATOR, index, name=name)
    take_backup(collection.pk)
    return fresh(collection)


def fill(index: Index) -> None:
    (job,) = RestoreJob.objects.using("system").filter(target_index_id=index.pk)
    carry_out_restore(job.pk)


def test_an_index_of_pods_is_made_of_a_collection_and_holds_what_the_first_one_held(
    world: World,
) -> None:
    index = filled(world)
    before = namespaces_of(index)
    collection = kept(index)
    delete_index(OPERATOR, index)
    made = create_index_from_collection(
        OPERATOR, world.project, source_collection="kept", name="again", spec=PODS
    )
    assert (made.dimension, made.metric, made.tags) == (4, "cosine", {})
    assert made.spec["pod"]["source_collection"] == "kept"
    with pytest.raises(FailedPrecondition, match="still reads"):
        delete_collection(OPERATOR, collection)
    fill(made)
    assert namespaces_of(made) == before
    delete_collection(OPERATOR, collection)
    with pytest.raises(NotFound):
        get_collection(OPERATOR, world.project, "kept")


def test_collections_and_backups_are_listed_apart(world: World) -> None:
    pods = create_index(OPERATOR, world.project, name="pods", spec=PODS, dimension=4)
    collection = kept(pods)
    assert visible_collections(OPERATOR, world.project) == [collection]
    assert visible_backups(OPERATOR, world.project, limit=10).rows == []
    with pytest.raises(NotFound):
        get_backup(OPERATOR, world.project, str(collection.pk))


def test_an_index_is_not_deleted_while_a_collection_is_made_of_it(world: World) -> None:
    index = world.index()
    collection = create_collection(OPERATOR, index, name="kept")
    with pytest.raises(FailedPrecondition, match="is being taken"):
        delete_index(OPERATOR, index)
    with pytest.raises(FailedPrecondition, match="collection is Initializing"):
        create_index_from_collection(
            OPERATOR, world.project, source_collection="kept", name="again", spec=SPEC
        )
    delete_collection(OPERATOR, collection)
    delete_index(OPERATOR, index)


@pytest.mark.parametrize(
    "asked", [{"dimension": 5}, {"metric": "dotproduct"}, {"vector_type": "sparse"}]
)
def test_what_the_segments_were_built_for_stays(world: World, asked: dict[str, object]) -> None:
    kept(world.index())
    wish = {"source_collection": "kept", "name": "again", "spec": SPEC, **asked}
    with pytest.raises(InvalidArgument) as refused:
        create_index_from_collection(OPERATOR, world.project, **wish)  # type: ignore[arg-type]
    assert refused.value.fields["field"] in asked


def test_a_name_is_given_once_and_plans_bound_how_many(world: World) -> None:
    index = world.index()
    create_collection(OPERATOR, index, name="kept")
    with pytest.raises(AlreadyExists, match="kept"):
        create_collection(OPERATOR, index, name="kept")
    with pytest.raises(InvalidArgument):
        create_collection(OPERATOR, index, name="Not So")
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    with tenant(world.organization.pk):
        for number in range(99):
            Backup.objects.create(
                organization=world.organization,
                project=world.project,
                collection_name=f"more-{number}",
                source_index_id=index.pk,
                spec=index.spec,
            )
    with pytest.raises(QuotaExceeded, match="100"):
        create_collection(OPERATOR, index, name="one-too-many")


def test_strangers_and_viewers_make_none(world: World) -> None:
    index = world.index()
    collection = kept(index)
    for actor in (world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            create_collection(actor, index, name="other")
        with pytest.raises(PermissionDenied):
            delete_collection(actor, collection)
    with pytest.raises(NotFound):
        get_collection(world.mallory, world.their_project, "kept")
    assert get_collection(world.vera, world.project, "kept") == collection
