"""Projects: a wrapping key of their own from the start, and its end with them."""

import pytest
from django.db import ProgrammingError

from access.actor import OPERATOR
from access.permissions import Role
from indexes.deployment.reconcile import reconcile
from indexes.lifecycle import delete_index
from keyring.data_keys import open_data_key
from kit.errors import (
    DataLoss,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PaymentRequired,
    PermissionDenied,
)
from kit.ids import new_id
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.secrets import installation_keyring
from orgs.tenancy import tenant
from projects.keys import destroy_pending_keys
from projects.members import add_project_member
from projects.models import DataKey, KeyDestruction, Project
from projects.projects import create_project, delete_project, update_project
from projects.queries import authenticate_api_key, get_project, visible_projects
from tests.support.world import World


def test_a_new_project_has_a_wrapping_key_and_a_data_key_that_opens(world: World) -> None:
    project = create_project(world.alice, world.organization, name="Fresh")
    row = DataKey.objects.using("system").get(project_id=project.pk)
    key = open_data_key(installation_keyring(), project.pk, row.version, bytes(row.wrapped))
    assert len(key.secret) == 32


def test_a_data_key_of_one_project_does_not_open_another(world: World) -> None:
    row = DataKey.objects.using("system").get(project_id=world.project.pk)
    with pytest.raises(DataLoss):
        open_data_key(installation_keyring(), world.their_project.pk, 1, bytes(row.wrapped))


def test_deleting_a_project_destroys_its_key_and_ends_its_api_keys(world: World) -> None:
    project = create_project(world.alice, world.organization, name="Short-lived")
    _, value = world.key(project=project)
    delete_project(world.alice, project)
    assert not installation_keyring().has_key(project.pk)
    assert not KeyDestruction.objects.using("system").exists()
    with pytest.raises(Exception, match="Invalid API key"):
        authenticate_api_key(value)
    with pytest.raises(NotFound):
        delete_project(OPERATOR, project)


def test_a_key_whose_destruction_was_interrupted_is_destroyed_later(world: World) -> None:
    gone = new_id()
    installation_keyring().create_key(gone)
    with tenant(world.organization.pk):
        KeyDestruction.objects.create(project_id=gone, organization_id=world.organization.pk)
    assert destroy_pending_keys() == 1
    assert not installation_keyring().has_key(gone)
    assert destroy_pending_keys() == 0


def test_no_row_destroys_the_key_of_a_project_that_exists(world: World) -> None:
    victim = world.their_project.pk
    with tenant(world.organization.pk):
        KeyDestruction.objects.create(project_id=victim, organization_id=world.organization.pk)
    assert destroy_pending_keys() == 0
    assert installation_keyring().has_key(victim)
    assert not KeyDestruction.objects.using("system").exists()


def test_a_tenant_wishes_for_no_destruction_in_anothers_name(world: World) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        tenant(world.organization.pk),
    ):
        KeyDestruction.objects.create(project_id=new_id(), organization_id=world.elsewhere.pk)


def test_a_project_with_indexes_is_not_deleted(world: World) -> None:
    index = world.index()
    with pytest.raises(FailedPrecondition, match="1 indexes"):
        delete_project(world.alice, world.project)
    delete_index(OPERATOR, index)
    with pytest.raises(FailedPrecondition):
        delete_project(world.alice, world.project)
    assert installation_keyring().has_key(world.project.pk)
    reconcile(index.pk)
    delete_project(world.alice, world.project)
    with tenant(world.organization.pk):
        assert not Project.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "x" * 513])
def test_a_name_has_1_to_512_characters(world: World, name: str) -> None:
    with pytest.raises(InvalidArgument):
        create_project(world.alice, world.organization, name=name)


@pytest.mark.parametrize(
    ("name", "slug"), [("Grüße", "grue"), ("日本語", "x-"), ("new", "new-"), ("Search", "search-")]
)
def test_any_name_gets_a_slug_of_its_own(world: World, name: str, slug: str) -> None:
    project = create_project(world.alice, world.organization, name=name)
    assert project.name == name
    assert project.slug.startswith(slug[:3])
    assert project.slug not in {"new", "search"}
    assert get_project(world.alice, world.organization, project.slug).pk == project.pk


def test_members_see_only_projects_they_have_a_role_on(world: World) -> None:
    create_project(world.alice, world.organization, name="Hidden")
    names = [one.name for one in visible_projects(world.alice, world.organization)]
    assert names == ["Hidden", "Search"]
    assert [one.name for one in visible_projects(world.vera, world.organization)] == ["Search"]
    assert visible_projects(world.mallory, world.organization) == []
    with pytest.raises(NotFound):
        get_project(world.vera, world.organization, "hidden")
    with pytest.raises(NotFound):
        get_project(world.mallory, world.organization, "search")


def test_only_members_of_the_organization_join_a_project(world: World) -> None:
    with pytest.raises(FailedPrecondition):
        add_project_member(
            world.alice, world.project, user=world.people["mallory"], role=Role.PROJECT_VIEWER
        )
    with pytest.raises(InvalidArgument):
        add_project_member(
            world.alice, world.project, user=world.people["bob"], role=Role.ORG_OWNER
        )
    with pytest.raises(PermissionDenied):
        add_project_member(
            world.bob, world.project, user=world.people["vera"], role=Role.PROJECT_EDITOR
        )


def test_a_role_given_twice_is_held_once(world: World) -> None:
    bob = world.people["bob"]
    for _ in range(2):
        add_project_member(world.alice, world.project, user=bob, role=Role.PROJECT_MANAGER)
    grants = [grant.role for grant in world.bob.grants]
    assert grants.count(Role.PROJECT_MANAGER) == 1


def test_a_project_is_renamed_by_its_owners_and_its_address_stays(world: World) -> None:
    changed = update_project(world.alice, world.project, name=" Find ", max_pods=3)
    assert (changed.name, changed.max_pods, changed.slug) == ("Find", 3, "search")
    with pytest.raises(PermissionDenied):
        update_project(world.bob, world.project, name="Mine")
    for wrong in ({"name": " "}, {"max_pods": -1}, {"max_pods": 2**31}):
        with pytest.raises(InvalidArgument):
            update_project(world.alice, world.project, **wrong)
    assert get_project(world.alice, world.organization, "search").name == "Find"


def test_encryption_with_own_keys_is_turned_on_for_good(world: World) -> None:
    update_project(world.alice, world.project, force_encryption_with_cmek=True)
    again = update_project(world.alice, world.project, force_encryption_with_cmek=True, name="Find")
    assert again.force_encryption_with_cmek
    with pytest.raises(InvalidArgument, match="cannot be turned off"):
        update_project(world.alice, world.project, force_encryption_with_cmek=False)
    set_plan(OPERATOR, world.elsewhere, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired):
        update_project(world.mallory, world.their_project, force_encryption_with_cmek=True)
    with pytest.raises(PaymentRequired):
        create_project(
            world.mallory, world.elsewhere, name="Sealed", force_encryption_with_cmek=True
        )
