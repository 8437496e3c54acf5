"""Decisions, against the role tables of the reference."""

import pytest

from access.actor import OPERATOR, Actor, RoleGrant, Scope
from access.decide import decide, require
from access.permissions import (
    API_KEY_ROLES,
    CREDENTIAL_PERMISSIONS,
    ROLE_PERMISSIONS,
    CredentialKind,
    Permission,
    Role,
)
from kit.errors import PermissionDenied
from kit.ids import OrganizationId, ProjectId, new_id

ORG, ELSEWHERE = OrganizationId(new_id()), OrganizationId(new_id())
PROJECT, OTHER_PROJECT = ProjectId(new_id()), ProjectId(new_id())
HERE = Scope(ORG, PROJECT)


def session(*grants: RoleGrant) -> Actor:
    return Actor(CredentialKind.SESSION, new_id(), "Alice", grants)


def on_project(role: Role) -> Actor:
    return session(RoleGrant(role, ORG, PROJECT))


def on_organization(role: Role) -> Actor:
    return session(RoleGrant(role, ORG))


def test_only_the_owner_of_an_organization_inherits_into_its_projects() -> None:
    assert decide(on_organization(Role.ORG_OWNER), Permission.DATA_WRITE, HERE).is_allowed
    for role in (Role.ORG_MANAGER, Role.ORG_MEMBER, Role.ORG_BILLING_ADMIN):
        for permission in ROLE_PERMISSIONS[role]:
            assert not decide(on_organization(role), permission, HERE).is_allowed


def test_a_role_reaches_neither_another_organization_nor_another_project() -> None:
    owner = on_organization(Role.ORG_OWNER)
    assert not decide(owner, Permission.INDEX_READ, Scope(ELSEWHERE, PROJECT)).is_allowed
    editor = on_project(Role.PROJECT_EDITOR)
    assert not decide(editor, Permission.INDEX_READ, Scope(ORG, OTHER_PROJECT)).is_allowed
    assert not decide(editor, Permission.INDEX_READ, Scope(ORG)).is_allowed


def test_rights_are_the_union_of_all_roles() -> None:
    reader_of_both = session(
        RoleGrant(Role.CONTROL_PLANE_VIEWER, ORG, PROJECT),
        RoleGrant(Role.DATA_PLANE_EDITOR, ORG, PROJECT),
    )
    assert decide(reader_of_both, Permission.INDEX_READ, HERE).is_allowed
    assert decide(reader_of_both, Permission.DATA_WRITE, HERE).is_allowed
    assert not decide(reader_of_both, Permission.INDEX_CREATE, HERE).is_allowed


@pytest.mark.parametrize(
    ("role", "control", "data", "settings"),
    [
        (Role.PROJECT_OWNER, "rw", "rw", "rw"),
        (Role.PROJECT_MANAGER, "rw", "rw", "r"),
        (Role.PROJECT_MEMBER, "", "", "r"),
        (Role.PROJECT_EDITOR, "rw", "rw", ""),
        (Role.PROJECT_VIEWER, "r", "r", ""),
        (Role.CONTROL_PLANE_EDITOR, "rw", "", ""),
        (Role.CONTROL_PLANE_VIEWER, "r", "", ""),
        (Role.DATA_PLANE_EDITOR, "", "rw", ""),
        (Role.DATA_PLANE_VIEWER, "", "r", ""),
    ],
)
def test_project_roles_carry_what_the_reference_says(
    role: Role, control: str, data: str, settings: str
) -> None:
    actor = on_project(role)
    expected = {
        Permission.INDEX_READ: "r" in control,
        Permission.INDEX_CREATE: "w" in control,
        Permission.INDEX_UPDATE: "w" in control,
        Permission.INDEX_DELETE: "w" in control,
        Permission.DATA_READ: "r" in data,
        Permission.DATA_WRITE: "w" in data,
        Permission.API_KEY_READ: "r" in settings,
        Permission.API_KEY_CREATE: "w" in settings,
        Permission.PROJECT_DELETE: "w" in settings,
        Permission.PROJECT_MEMBER_WRITE: "w" in settings,
    }
    actual = {permission: decide(actor, permission, HERE).is_allowed for permission in expected}
    assert actual == expected


def test_an_api_key_holds_six_roles_and_no_settings_right() -> None:
    assert len(API_KEY_ROLES) == 6
    reach = frozenset().union(*(ROLE_PERMISSIONS[role] for role in API_KEY_ROLES))
    assert reach == CREDENTIAL_PERMISSIONS[CredentialKind.API_KEY]


def test_a_key_cannot_exercise_what_its_kind_may_not_even_with_an_owners_role() -> None:
    key = Actor(
        CredentialKind.API_KEY, new_id(), "key", (RoleGrant(Role.PROJECT_OWNER, ORG, PROJECT),)
    )
    decision = decide(key, Permission.API_KEY_CREATE, HERE)
    assert not decision.is_allowed
    assert "api_key" in decision.reason


def test_a_denial_names_the_permission_and_the_reason() -> None:
    with pytest.raises(PermissionDenied, match=r"data:write is required \(no role held here"):
        require(on_project(Role.PROJECT_VIEWER), Permission.DATA_WRITE, HERE)


def test_the_operator_may_act_in_every_scope() -> None:
    for permission in Permission:
        assert decide(OPERATOR, permission, Scope(ELSEWHERE)).is_allowed


def test_every_role_and_every_credential_kind_stands_in_its_table() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set(CREDENTIAL_PERMISSIONS) == set(CredentialKind)
