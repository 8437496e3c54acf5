"""PATCH requests in the forms that Okta and Entra ID send, without a database."""

from typing import Any

import pytest

from kit.errors import InvalidArgument
from sso.scim.patching import MAX_OPERATIONS, patched
from sso.scim.resources import Group, GroupMember, User

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def nina() -> User:
    return User(user_name="nina@pine.example", active=True)


def staff() -> Group:
    return Group(display_name="Staff", members=[GroupMember(value="1"), GroupMember(value="2")])


def result(resource: Any, *operations: dict[str, Any]) -> dict[str, Any]:
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    said: dict[str, Any] = patched(resource, body).model_dump()
    return said


def ids(said: dict[str, Any]) -> list[str]:
    return [member["value"] for member in said.get("members", [])]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"active": False}},
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Replace", "path": "active", "value": "false"},
        {"op": "Replace", "value": {"active": "False"}},
        {"op": "replace", "value": {"id": "7", "active": False, "schemas": ["x"]}},
        {"Op": "Add", "Path": "active", "Value": "False"},
        {
            "op": "replace",
            "path": "urn:ietf:params:scim:schemas:core:2.0:User:active",
            "value": False,
        },
    ],
)
def test_all_spellings_of_inactive(operation: dict[str, Any]) -> None:
    assert result(nina(), operation)["active"] is False


def test_a_value_path_writes_where_there_is_nothing_yet() -> None:
    path = 'emails[type eq "work"].value'
    first = {"op": "Add", "path": path, "value": "nina@work.example"}
    second = {"op": "Replace", "path": path, "value": "n@work.example"}
    assert result(nina(), first, second)["emails"] == [{"type": "work", "value": "n@work.example"}]


def test_value_paths_may_be_keys_of_one_value() -> None:
    value = {
        'emails[type eq "work"].value': "nina@work.example",
        "name.givenName": "Nina",
        f"{ENTERPRISE}:department": "Forestry",
    }
    said = result(nina(), {"op": "Replace", "value": value})
    assert said["emails"] == [{"type": "work", "value": "nina@work.example"}]
    assert said["name"] == {"givenName": "Nina"}
    assert "Forestry" not in str(said)


def test_roles_come_as_text_of_entra_id() -> None:
    path = 'roles[primary eq "True"].value'
    said = result(nina(), {"op": "Add", "path": path, "value": "pinecone:OrgOwner"})
    assert said["roles"] == [{"primary": True, "value": "pinecone:OrgOwner"}]


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        (
            {"op": "Add", "path": "members", "value": [{"value": "3", "display": "x"}]},
            ["1", "2", "3"],
        ),
        ({"op": "add", "value": {"members": [{"value": "3", "display": "x"}]}}, ["1", "2", "3"]),
        ({"op": "add", "path": "members", "value": [{"value": "2"}]}, ["1", "2"]),
        ({"op": "Remove", "path": "members", "value": [{"value": "1"}]}, ["2"]),
        ({"op": "remove", "path": 'members[value eq "1"]'}, ["2"]),
        ({"op": "remove", "path": 'members[value eq "7"]'}, ["1", "2"]),
        ({"op": "remove", "path": "members"}, []),
        ({"op": "replace", "path": "members", "value": [{"value": "9", "display": "x"}]}, ["9"]),
        ({"op": "replace", "value": {"id": "7", "displayName": "Crew"}}, ["1", "2"]),
    ],
)
def test_members_come_and_go_in_every_spelling(operation: dict[str, Any], left: list[str]) -> None:
    assert ids(result(staff(), operation)) == left


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": "id", "value": "7"}, "mutability"),
        ({"op": "replace", "path": "groups", "value": []}, "mutability"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "jump", "path": "active", "value": True}, "invalidValue"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "replace", "path": "emails[type eq", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "userName", "value": ["x"]}, "invalidValue"),
        ({"op": "replace", "path": "emails", "value": "x"}, "invalidValue"),
        ({"op": "add", "path": "active"}, "invalidValue"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name_and_nothing_is_done(
    operation: dict[str, Any], scim_type: str
) -> None:
    resource = nina()
    before = resource.model_dump()
    with pytest.raises(InvalidArgument) as refused:
        result(resource, {"op": "replace", "path": "displayName", "value": "New"}, operation)
    assert refused.value.fields == {"scim_type": scim_type}
    assert "\n" not in refused.value.message
    assert resource.model_dump() == before


@pytest.mark.parametrize("operations", [None, [], {}, "x", [1], [None]])
def test_operations_must_be_a_list_of_them(operations: Any) -> None:
    with pytest.raises(InvalidArgument):
        patched(nina(), {"schemas": [PATCH_OP], "Operations": operations})


def test_too_many_operations_are_refused() -> None:
    many = [{"op": "replace", "path": "active", "value": True}] * (MAX_OPERATIONS + 1)
    with pytest.raises(InvalidArgument, match="at most"):
        result(nina(), *many)


def test_nothing_to_write_changes_nothing() -> None:
    resource = nina()
    assert result(resource, {"op": "replace", "value": {"id": "7"}}) == resource.model_dump()
