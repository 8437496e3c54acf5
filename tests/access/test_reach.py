"""How far a confined credential gets: never beyond its indexes, namespaces and networks."""

import pytest

from access.actor import Actor, RoleGrant, Scope
from access.decide import decide
from access.networks import is_within, parse_networks
from access.permissions import CredentialKind, Permission, Role
from access.reach import Reach
from kit.errors import InvalidArgument
from kit.ids import OrganizationId, ProjectId, new_id

ORG, PROJECT = OrganizationId(new_id()), ProjectId(new_id())
INDEX, OTHER = new_id(), new_id()
WRITES = (Permission.INDEX_UPDATE, Permission.INDEX_DELETE, Permission.DATA_WRITE)


def may(reach: Reach, permission: Permission, *place: object) -> bool:
    grants = (RoleGrant(Role.PROJECT_EDITOR, ORG, PROJECT),)
    actor = Actor(CredentialKind.API_KEY, new_id(), "key", grants, reach)
    return decide(actor, permission, Scope(ORG, PROJECT, *place)).is_allowed


def test_an_unconfined_key_reaches_everything_its_roles_carry() -> None:
    for permission in (*WRITES, Permission.INDEX_CREATE, Permission.DATA_READ):
        assert may(Reach(), permission)
        assert may(Reach(), permission, INDEX, "any")


def test_a_key_of_chosen_indexes_acts_on_them_lists_and_makes_none() -> None:
    reach = Reach(index_ids=frozenset({INDEX}))
    for permission in (*WRITES, Permission.DATA_READ, Permission.INDEX_READ):
        assert may(reach, permission, INDEX)
        assert not may(reach, permission, OTHER)
    assert may(reach, Permission.INDEX_READ)
    assert may(reach, Permission.PROJECT_READ)
    for permission in (*WRITES, Permission.INDEX_CREATE, Permission.DATA_READ):
        assert not may(reach, permission)


@pytest.mark.parametrize("spelling", ["", "__default__"])
def test_a_key_of_chosen_namespaces_touches_no_index_as_a_whole(spelling: str) -> None:
    reach = Reach(namespaces=frozenset({"a", ""}))
    for permission in (Permission.DATA_READ, Permission.DATA_WRITE):
        assert may(reach, permission, INDEX)
        assert may(reach, permission, INDEX, "a")
        assert may(reach, permission, INDEX, spelling)
        assert not may(reach, permission, INDEX, "b")
        assert not may(Reach(namespaces=frozenset({"a"})), permission, INDEX, spelling)
    assert may(reach, Permission.INDEX_READ, INDEX)
    for permission in (Permission.INDEX_CREATE, Permission.INDEX_UPDATE, Permission.INDEX_DELETE):
        assert not may(reach, permission, INDEX)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.1.2.3", True), ("11.0.0.1", False), ("::ffff:10.1.2.3", True), ("192.0.2.7", True),
        ("192.0.2.8", False), ("2001:db8::5", True), ("2001:db9::5", False), (None, False),
        ("", False), ("10.1.2.3, 10.1.2.3", False),
    ],
)  # fmt: skip
def test_an_address_is_in_a_network_or_not(address: str | None, expected: bool) -> None:
    networks = parse_networks(["10.0.0.0/8", " 192.0.2.7", "2001:db8::/32"])
    assert is_within(address, networks) is expected


@pytest.mark.parametrize("text", ["10.0.0.5/8", "host", "", "10.0.0.0/33", "1.2.3.4/-1"])
def test_what_is_no_network_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(InvalidArgument, match="write") as caught:
        parse_networks([text])
    assert caught.value.fields["field"] == "networks"
