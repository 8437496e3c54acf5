"""Explaining access: who is found, who may ask, and why somebody may or may not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from access.actor import OPERATOR, Actor, Scope
from access.decide import decide
from access.explain import Explanation, Place
from access.permissions import Permission, Role
from indexes.lifecycle import create_index
from indexes.queries import place_of as place_of_index
from kit import clock
from kit.errors import NotFound, PermissionDenied, Unauthenticated
from kit.ids import new_id
from orgs.access_tokens import authenticate_access_token, issue_access_token
from orgs.invitations import create_invitation
from orgs.models import Membership, RoleBinding, ServiceAccountSecret
from orgs.organizations import set_plan, suspend_organization
from orgs.people import deactivate
from orgs.plans import Plan
from orgs.role_bindings import Assignment
from orgs.service_accounts import create_service_account
from orgs.tenancy import tenant
from projects.api_keys import create_api_key, disable_api_key, revoke_api_key
from projects.explanation import explain_access, place_of
from projects.key_bounds import Bounds
from projects.models import ApiKey
from projects.projects import create_project
from projects.queries import authenticate_api_key, find_project
from tests.support.world import World

_POD = {"pod": {"environment": "us-east-1-aws", "pod_type": "p1.x1", "pods": 1}}
READ, WRITE = Permission.DATA_READ, Permission.DATA_WRITE


def asked(
    world: World,
    who: object,
    permission: Permission = WRITE,
    *,
    asker: Actor = OPERATOR,
    place: Place | None = None,
) -> Explanation:
    place = place or place_of(world.organization, world.project)
    return explain_access(
        asker, world.organization, who=str(who), permission=permission, place=place
    )


def binding_of(world: World, principal_id: UUID, role: Role) -> UUID:
    with tenant(world.organization.pk):
        row = RoleBinding.objects.filter(principal_id=principal_id, role=role).first()
    assert row is not None
    return row.pk


def test_a_person_is_found_by_address_and_allowed_by_a_binding(world: World) -> None:
    bob = world.people["bob"]
    for who in ("Bob@Example.com ", bob.pk):
        said = asked(world, who)
        assert said.is_allowed
        expected = binding_of(world, bob.pk, Role.PROJECT_EDITOR)
        assert [grant.binding_id for grant in said.allowing] == [expected]
        assert f"(binding {expected})" in said.sentence()


def test_the_verdict_is_the_decisions_for_every_person_and_permission(world: World) -> None:
    for place in (place_of(world.organization), place_of(world.organization, world.project)):
        for name in ("alice", "bob", "vera"):
            for permission in Permission:
                said = asked(world, f"{name}@example.com", permission, place=place)
                expected = decide(world.actor(name), permission, place.scope)
                assert said.is_allowed == expected.is_allowed


def test_a_key_is_found_by_id_by_public_id_and_as_lists_show_it(world: World) -> None:
    key, value = world.key(roles=[Role.DATA_PLANE_EDITOR])
    for who in (key.pk, key.public_id, key.shown, f"pcsk_{key.public_id}", value):
        said = asked(world, who)
        assert said.is_allowed
        assert said.identity.actor == authenticate_api_key(value)[0]
        assert value not in said.sentence()


def test_a_service_account_is_found_by_client_id(world: World) -> None:
    account, plain = create_service_account(
        OPERATOR, world.organization, name="robot",
        assignments=[Assignment(Role.PROJECT_EDITOR, world.project.pk)],
    )  # fmt: skip
    token = issue_access_token(account.client_id, plain.value).plain.value
    for who in (account.client_id, account.pk):
        said = asked(world, who)
        assert said.identity.actor == authenticate_access_token(token)[0]
        assert [grant.role for grant in said.allowing] == [Role.PROJECT_EDITOR]


def test_strangers_invitations_and_secrets_are_nobody(world: World) -> None:
    invitation, plain = create_invitation(
        world.alice, world.organization, email="new@example.com",
        assignments=[Assignment(Role.ORG_MEMBER)],
    )  # fmt: skip
    theirs, value = world.key(project=world.their_project)
    nobodies = [
        "", "mallory@example.com", "nobody@example.com", "new@example.com", invitation.pk,
        invitation.public_id, plain.value, theirs.pk, theirs.public_id, value, new_id(), "a\0b",
    ]  # fmt: skip
    for who in nobodies:
        with pytest.raises(NotFound, match="Nobody of this organization") as caught:
            asked(world, who)
        assert not who or str(who) not in caught.value.message


def test_who_is_tied_by_a_role_alone_is_found(world: World) -> None:
    bob = world.people["bob"]
    with tenant(world.organization.pk):
        Membership.objects.filter(user=bob).delete()
    assert (
        asked(world, bob.email).is_allowed
        == decide(world.bob, WRITE, world.project.scope).is_allowed
    )


KEY_ENDS: dict[str, Callable[[World, ApiKey], object]] = {
    "the key is revoked": lambda _, key: revoke_api_key(OPERATOR, key),
    "the key is disabled": lambda _, key: disable_api_key(OPERATOR, key),
    "the key expired on": lambda _, key: _expire(key),
    "the organization is suspended": lambda world, _: suspend_organization(
        OPERATOR, world.organization
    ),
}


def _expire(key: ApiKey) -> None:
    with tenant(key.organization_id):
        past = clock.now() - timedelta(seconds=1)
        ApiKey.objects.filter(pk=key.pk).update(expires_at=past)


@pytest.mark.parametrize("reason", KEY_ENDS)
def test_a_key_that_opens_nothing_may_nothing(world: World, reason: str) -> None:
    key, value = world.key()
    assert asked(world, key.pk).is_allowed
    KEY_ENDS[reason](world, key)
    with pytest.raises(Unauthenticated):
        authenticate_api_key(value)
    said = asked(world, key.pk)
    assert not said.is_allowed
    assert reason in said.sentence()
    assert "Otherwise ProjectEditor on the project" in said.sentence()


def test_a_deactivated_person_may_nothing(world: World) -> None:
    deactivate(OPERATOR, world.people["bob"])
    said = asked(world, "bob@example.com")
    assert not said.is_allowed
    assert "the account is deactivated" in said.sentence()


def test_nobody_may_anything_in_a_suspended_organization(world: World) -> None:
    suspend_organization(OPERATOR, world.organization)
    for name in ("alice", "bob"):
        said = asked(world, f"{name}@example.com")
        assert not said.is_allowed
        assert "the organization is suspended" in said.sentence()


def test_a_service_account_needs_a_secret_and_a_plan_or_a_living_token(world: World) -> None:
    account, plain = create_service_account(OPERATOR, world.organization, name="robot")
    place, permission = place_of(world.organization), Permission.ORGANIZATION_READ
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    assert "does not include" in asked(world, account.pk, permission, place=place).sentence()
    set_plan(OPERATOR, world.organization, plan=Plan.ENTERPRISE)
    issue_access_token(account.client_id, plain.value)
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    assert asked(world, account.pk, permission, place=place).identity.obstacles == ()
    with tenant(world.organization.pk):
        ServiceAccountSecret.objects.update(expires_at=clock.now())
    said = asked(world, account.pk, permission, place=place)
    assert said.identity.obstacles == ("the service account has no valid secret",)


def test_a_confined_key_is_explained_by_its_reach(world: World) -> None:
    movies, other = world.index("movies"), world.index("other")
    bounds = Bounds((movies.pk,), ("a",), ("192.0.2.0/24",))
    key, _ = create_api_key(OPERATOR, world.project, name="confined", bounds=bounds)
    said = asked(world, key.pk, place=place_of_index(movies, "a"))
    assert said.sentence().endswith("Only from 192.0.2.0/24.")
    assert "the namespace a of the index movies" in said.sentence()
    for place, reason in (
        (place_of_index(movies, "b"), "confined to other namespaces"),
        (place_of_index(other), "confined to other indexes"),
        (place_of(world.organization, world.project), "confined to chosen indexes"),
    ):
        assert reason in asked(world, key.pk, place=place).sentence()


def test_a_pod_index_is_explained_as_one(world: World) -> None:
    pod = create_index(OPERATOR, world.project, name="pod", spec=_POD, dimension=4)
    key, _ = world.key(roles=[Role.DATA_PLANE_VIEWER])
    assert asked(world, key.pk, READ, place=place_of_index(world.index())).is_allowed
    assert "pod-based" in asked(world, key.pk, READ, place=place_of_index(pod)).sentence()


def test_who_asks_sees_no_more_than_lists_show(world: World) -> None:
    key, _ = world.key()
    account, _ = create_service_account(OPERATOR, world.organization, name="robot")
    assert asked(world, "bob@example.com", asker=world.alice).is_allowed
    assert asked(world, key.pk, asker=world.alice).is_allowed
    assert asked(world, "bob@example.com", asker=world.bob).is_allowed
    organization = place_of(world.organization)
    assert not asked(world, "bob@example.com", asker=world.vera, place=organization).is_allowed
    with pytest.raises(PermissionDenied, match="project_member:read"):
        asked(world, "bob@example.com", asker=world.vera)
    for who in (account.client_id, key.pk):
        with pytest.raises(NotFound, match="Nobody"):
            asked(world, who, asker=world.vera)
    with pytest.raises(PermissionDenied):
        asked(world, "bob@example.com", asker=world.mallory)


def test_a_place_elsewhere_or_out_of_sight_is_not_found(world: World) -> None:
    hidden = create_project(OPERATOR, world.organization, name="Hidden")
    with pytest.raises(NotFound):
        asked(
            world, "vera@example.com", asker=world.vera, place=place_of(hidden.organization, hidden)
        )
    elsewhere = place_of(world.elsewhere, world.their_project)
    mixed = replace(elsewhere, scope=Scope(world.organization.pk, world.their_project.pk))
    for place in (elsewhere, mixed):
        with pytest.raises(NotFound):
            asked(world, "alice@example.com", place=place)


def test_a_project_is_found_as_people_type_it(world: World) -> None:
    for reference in (world.project.slug, str(world.project.pk)):
        assert find_project(OPERATOR, world.organization, reference).pk == world.project.pk
    for reference in ("nothing", str(world.their_project.pk), world.their_project.slug):
        with pytest.raises(NotFound):
            find_project(OPERATOR, world.organization, reference)
