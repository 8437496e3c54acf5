"""Explanations agree with decisions, name the roles, and say what would change the verdict."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.actor import OPERATOR, Actor, RoleGrant, Scope
from access.decide import decide, require
from access.explain import Explanation, Identity, Place, explain, parse_permission
from access.permissions import (
    API_KEY_ROLES,
    ORGANIZATION_ROLES,
    PROJECT_ROLES,
    CredentialKind,
    Permission,
    Role,
)
from access.pods import require_on_pod
from access.reach import Reach
from kit.errors import InvalidArgument, PermissionDenied
from kit.ids import OrganizationId, ProjectId, new_id

ORGANIZATIONS = [OrganizationId(new_id()) for _ in range(2)]
PROJECTS = [ProjectId(new_id()) for _ in range(2)]
INDEXES = [new_id() for _ in range(2)]
ORG, PROJECT = ORGANIZATIONS[0], PROJECTS[0]
HERE = Place(Scope(ORG, PROJECT), "the project Search")

organizations, projects = st.sampled_from(ORGANIZATIONS), st.sampled_from(PROJECTS)
bindings = st.none() | st.builds(new_id)
grants = st.one_of(
    st.builds(
        RoleGrant, st.sampled_from(sorted(ORGANIZATION_ROLES)), organizations, binding_id=bindings
    ),
    st.builds(RoleGrant, st.sampled_from(sorted(PROJECT_ROLES)), organizations, projects, bindings),
)
key_grants = st.builds(
    RoleGrant, st.sampled_from(sorted(API_KEY_ROLES)), st.just(ORG), st.just(PROJECT)
)
reaches = st.builds(
    Reach,
    st.frozensets(st.sampled_from(INDEXES), max_size=1),
    st.frozensets(st.sampled_from(["", "a"]), max_size=1),
)
namespaces = st.sampled_from([None, "", "__default__", "a", "b"])
scopes = st.one_of(
    st.builds(Scope, organizations, st.none() | projects),
    st.builds(Scope, organizations, projects, st.sampled_from(INDEXES), namespaces),
)
places = st.builds(Place, scopes, st.just("there"), st.booleans())


def actors() -> st.SearchStrategy[Actor]:
    people = st.sampled_from([CredentialKind.SESSION, CredentialKind.SERVICE_ACCOUNT])
    return st.one_of(
        st.builds(
            Actor, people, st.builds(new_id), st.just("Bob"),
            st.lists(grants, max_size=4).map(tuple),
        ),
        st.builds(
            Actor, st.just(CredentialKind.API_KEY), st.builds(new_id), st.just("ingest"),
            st.lists(key_grants, min_size=1, max_size=3).map(tuple), reaches,
        ),
        st.just(OPERATOR),
    )  # fmt: skip


def happens(actor: Actor, permission: Permission, place: Place) -> bool:
    """What the faces do: the gate asks pods first, everybody asks for the permission."""
    try:
        if place.is_pod and permission in {Permission.DATA_READ, Permission.DATA_WRITE}:
            require_on_pod(actor, place.scope)
        require(actor, permission, place.scope)
    except PermissionDenied:
        return False
    return True


@settings(deadline=None, max_examples=1000)
@given(actor=actors(), permission=st.sampled_from(Permission), place=places)
def test_the_verdict_is_the_decisions_and_each_named_role_makes_it(
    actor: Actor, permission: Permission, place: Place
) -> None:
    said = explain(Identity(actor), permission, place)
    assert said.is_allowed == happens(actor, permission, place)
    if not place.is_pod:
        assert said.is_allowed == decide(actor, permission, place.scope).is_allowed
    if actor.is_unbounded:
        return
    assert said.is_allowed == bool(said.allowing)
    assert set(said.allowing) <= set(said.held) <= set(actor.grants)
    for grant in said.allowing:
        assert happens(replace(actor, grants=(grant,)), permission, place)
    useless = tuple(grant for grant in actor.grants if grant not in said.allowing)
    assert not happens(replace(actor, grants=useless), permission, place)
    for grant in said.missing:
        assert happens(replace(actor, grants=(*actor.grants, grant)), permission, place)


@settings(deadline=None)
@given(actor=actors(), permission=st.sampled_from(Permission), place=places)
def test_who_cannot_prove_who_it_is_may_do_nothing(
    actor: Actor, permission: Permission, place: Place
) -> None:
    said = explain(Identity(actor, obstacles=("the key is revoked",)), permission, place)
    assert not said.is_allowed
    assert said.sentence().startswith("No.")
    assert "the key is revoked" in said.reasons


def asked(kind: CredentialKind, *roles: Role, place: Place = HERE) -> Explanation:
    held = tuple(RoleGrant(role, ORG, PROJECT) for role in roles)
    return explain(Identity(Actor(kind, new_id(), "Vera", held)), Permission.DATA_WRITE, place)


def test_an_allowance_names_every_role_that_gives_it_with_its_binding() -> None:
    editor, owner = (
        RoleGrant(Role.PROJECT_EDITOR, ORG, PROJECT, new_id()),
        RoleGrant(Role.ORG_OWNER, ORG, None, new_id()),
    )
    viewer = RoleGrant(Role.PROJECT_VIEWER, ORG, PROJECT, new_id())
    bob = Actor(CredentialKind.SESSION, new_id(), "Bob", (viewer, editor, owner))
    said = explain(Identity(bob), Permission.DATA_WRITE, HERE)
    assert said.sentence() == (
        "Yes. Bob: data:write in the project Search is allowed by "
        f"ProjectEditor on the project (binding {editor.binding_id}) or "
        f"OrgOwner on the organization (binding {owner.binding_id})."
    )


def test_a_denial_names_the_roles_that_would_do_from_the_least_right_to_the_most() -> None:
    said = asked(CredentialKind.SESSION, Role.PROJECT_VIEWER)
    assert said.sentence() == (
        "No. Vera: data:write in the project Search is denied: "
        "no role held here carries data:write. What would allow it: "
        "DataPlaneEditor on the project, or ProjectEditor on the project, "
        "or ProjectManager on the project, or ProjectOwner on the project, "
        "or OrgOwner on the organization."
    )


def test_a_key_is_offered_only_roles_that_keys_hold_where_keys_hold_them() -> None:
    said = asked(CredentialKind.API_KEY, Role.DATA_PLANE_VIEWER)
    assert [grant.role for grant in said.missing] == [Role.DATA_PLANE_EDITOR, Role.PROJECT_EDITOR]
    elsewhere = replace(HERE, scope=Scope(ORG, PROJECTS[1]))
    said = asked(CredentialKind.API_KEY, Role.DATA_PLANE_VIEWER, place=elsewhere)
    assert said.missing == ()
    assert said.sentence().endswith("No role that it can hold would allow it.")


def test_a_pod_is_explained_as_it_is_guarded() -> None:
    pod = replace(HERE, is_pod=True)
    actor = Actor(
        CredentialKind.API_KEY, new_id(), "key", (RoleGrant(Role.DATA_PLANE_VIEWER, ORG, PROJECT),)
    )
    assert explain(Identity(actor), Permission.DATA_READ, HERE).is_allowed
    said = explain(Identity(actor), Permission.DATA_READ, pod)
    assert not said.is_allowed
    assert "pod-based" in said.sentence()


def test_roles_of_who_cannot_act_are_told_all_the_same() -> None:
    held = (RoleGrant(Role.PROJECT_EDITOR, ORG, PROJECT),)
    key = Actor(CredentialKind.API_KEY, new_id(), "old", held)
    said = explain(Identity(key, obstacles=("the key is disabled",)), Permission.DATA_READ, HERE)
    assert said.sentence() == (
        "No. old: data:read in the project Search is denied: the key is disabled. "
        "Otherwise ProjectEditor on the project would allow it."
    )


def test_conditions_of_a_credential_stand_beside_its_allowance() -> None:
    held = (RoleGrant(Role.PROJECT_EDITOR, ORG, PROJECT),)
    key = Identity(
        Actor(CredentialKind.API_KEY, new_id(), "k", held), conditions=("from 192.0.2.0/24",)
    )
    said = explain(key, Permission.DATA_READ, HERE)
    assert said.sentence().endswith("Only from 192.0.2.0/24.")
    assert said.to_json()["conditions"] == ["from 192.0.2.0/24"]


def test_an_unknown_permission_is_answered_with_the_choices() -> None:
    for permission in Permission:
        assert parse_permission(str(permission)) is permission
    with pytest.raises(InvalidArgument, match=r"no permission 'data:eat'.*data:read, data:write"):
        parse_permission("data:eat")


def test_the_json_tells_which_binding_on_which_resource() -> None:
    binding = new_id()
    bob = Actor(
        CredentialKind.SESSION, new_id(), "Bob", (RoleGrant(Role.ORG_OWNER, ORG, None, binding),)
    )
    shown: dict[str, Any] = explain(Identity(bob), Permission.DATA_READ, HERE).to_json()
    assert shown["allowed"] is True
    assert shown["principal"]["type"] == "user"
    assert shown["allowing"] == [
        {
            "role": "OrgOwner",
            "organization_id": str(ORG),
            "project_id": None,
            "binding_id": str(binding),
        }
    ]
