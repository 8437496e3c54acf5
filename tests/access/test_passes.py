"""A pass lets one person ask one index for one right, for half a minute, only as it was signed."""

import base64
from uuid import UUID

import pytest

from access import passes
from access.actor import OPERATOR, Actor, RoleGrant, Scope
from access.decide import decide
from access.permissions import CredentialKind, Permission, Role
from kit.ids import IndexId, OrganizationId, ProjectId

_KEY = b"k" * 32
_ORG, _PROJECT = OrganizationId(UUID(int=1)), ProjectId(UUID(int=2))
_INDEX = IndexId(UUID(int=7))
_SCOPE = Scope(_ORG, _PROJECT, _INDEX)
_ELSEWHERE = ProjectId(UUID(int=3))


def person(*grants: RoleGrant) -> Actor:
    return Actor(CredentialKind.SESSION, UUID(int=9), "Vera\u202e", grants)


def issued(actor: Actor, scope: Scope = _SCOPE) -> passes.Pass:
    return passes.issue(
        actor, Permission.DATA_READ, scope, request_id="r", ip="192.0.2.1", user_agent="Firefox"
    )


VERA = person(
    RoleGrant(Role.ORG_MEMBER, _ORG),
    RoleGrant(Role.PROJECT_VIEWER, _ORG, _PROJECT),
    RoleGrant(Role.PROJECT_OWNER, _ORG, _ELSEWHERE),
)


def test_what_was_signed_is_read_again() -> None:
    one = issued(VERA)
    assert passes.verify([_KEY], passes.sign(_KEY, one), _INDEX) == one
    assert (one.user_id, one.user_name, one.ip) == (VERA.principal_id, "Vera\ufffd", "192.0.2.1")


def test_only_roles_that_count_at_the_index_go_along() -> None:
    one = issued(VERA)
    assert one.roles == [Role.PROJECT_VIEWER]
    there = one.actor(_ORG, _PROJECT)
    assert decide(there, Permission.DATA_READ, _SCOPE).is_allowed
    assert not decide(there, Permission.DATA_WRITE, _SCOPE).is_allowed


def test_an_owner_of_the_organization_stays_one() -> None:
    owner = issued(person(RoleGrant(Role.ORG_OWNER, _ORG))).actor(_ORG, _PROJECT)
    assert decide(owner, Permission.DATA_WRITE, _SCOPE).is_allowed


def test_whoever_changes_or_moves_a_pass_has_none() -> None:
    value = passes.sign(_KEY, issued(VERA))
    body, _, signature = value.partition(".")
    promoted = base64.urlsafe_b64decode(body).replace(b"data:read", b"data:write")
    forged = f"{base64.urlsafe_b64encode(promoted).decode()}.{signature}"
    for tried in (forged, "", ".", body, f"{body}.", "é.é", value + "0", "x" * 9_000):
        assert passes.verify([_KEY], tried, _INDEX) is None
    assert passes.verify([_KEY], value, UUID(int=8)) is None
    assert passes.verify([b"x" * 32], value, _INDEX) is None


def test_a_pass_is_good_for_half_a_minute_and_never_longer() -> None:
    one = issued(VERA)
    for shift_s in (-31, 3600):
        moved = passes.Pass(**{**_fields(one), "expires_at": one.expires_at + shift_s})
        assert passes.verify([_KEY], passes.sign(_KEY, moved), _INDEX) is None


def test_what_is_signed_but_no_pass_is_refused() -> None:
    for content in (b"{}", b"[1]", b"\xff"):
        body = base64.urlsafe_b64encode(content).decode()
        assert passes.verify([_KEY], f"{body}.{passes._signature(_KEY, body)}", _INDEX) is None


def test_passes_are_for_people_at_an_index() -> None:
    with pytest.raises(ValueError, match="people"):
        issued(OPERATOR)
    with pytest.raises(ValueError, match="one index"):
        issued(VERA, Scope(_ORG, _PROJECT))


def _fields(one: passes.Pass) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}
