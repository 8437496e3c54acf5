"""A provider that calls as Microsoft Entra ID does, with and without its compliance flag."""

from typing import Any

import pytest

from tests.sso.scim.conftest import GROUP, USER, Provider
from tests.support.directory import PINE, members

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def entra_user() -> dict[str, Any]:
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": f"Nina@{PINE}",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": f"nina@{PINE}"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Nina Fir", "familyName": "Fir", "givenName": "Nina"},
        "roles": [],
        ENTERPRISE: {"department": "Forestry", "employeeNumber": "7"},
    }


def test_the_connection_test_finds_nobody_and_no_fault(provider: Provider) -> None:
    path = '/Users?filter=userName+eq+"3b2a1f6e-6b5e-4a1f-9f0d-1c2b3a4d5e6f"'
    status, reply = provider.call("GET", path)
    assert (status, reply["totalResults"], reply["itemsPerPage"]) == (200, 0, 0)
    assert reply["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]


def test_a_person_is_matched_by_external_id_and_by_user_name(provider: Provider) -> None:
    status, made = provider.call("POST", "/Users", entra_user())
    assert status == 201
    assert made["userName"] == f"Nina@{PINE}"
    assert made["schemas"] == [USER]
    for wanted in (
        f'externalId eq "{made["externalId"]}"',
        f'userName eq "nina@{PINE}"',
        f'emails[type eq "work"].value eq "nina@{PINE}"',
        f'userName eq "nina@{PINE}" and active eq true',
        'name.familyName sw "fi" and not (name.givenName eq "Otto")',
        'externalId pr and emails[type eq "work" and value co "@"]',
    ):
        _, reply = provider.call("POST", "/Users/.search", {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": wanted,
        })  # fmt: skip
        assert [one["id"] for one in reply["Resources"]] == [made["id"]], wanted
    _, reply = provider.call("GET", '/Users?filter=externalId+eq+"nobody"')
    assert reply["totalResults"] == 0
    _, reply = provider.call("GET", '/Users?filter=externalId+eq+""')
    assert reply["totalResults"] == 0


@pytest.mark.parametrize("value", ["False", "false", False])
def test_deactivation_in_each_of_its_spellings(provider: Provider, value: object) -> None:
    nina = provider.made(f"nina@{PINE}")
    status, reply = provider.patch(
        f"/Users/{nina}", {"op": "Replace", "path": "active", "value": value}
    )
    assert (status, reply["active"]) == (200, False)
    assert f"nina@{PINE}" not in members(provider.organization)
    status, reply = provider.patch(
        f"/Users/{nina}", {"op": "Replace", "path": "active", "value": "True"}
    )
    assert (status, reply["active"]) == (200, True)
    assert f"nina@{PINE}" in members(provider.organization)


def test_one_patch_changes_many_attributes(provider: Provider) -> None:
    nina = provider.made(f"nina@{PINE}")
    status, reply = provider.patch(
        f"/Users/{nina}",
        {"op": "Replace", "path": "displayName", "value": "Nina Spruce"},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": f"n@{PINE}"},
        {"op": "Add", "path": "name.familyName", "value": "Spruce"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Forestry"},
        {"op": "Add", "path": 'addresses[type eq "work"].country', "value": "FI"},
    )
    assert status == 200
    assert reply["displayName"] == "Nina Spruce"
    assert reply["name"] == {"familyName": "Spruce"}
    assert reply["emails"] == [{"type": "work", "value": f"n@{PINE}"}]


def test_soft_deletion_then_deletion(provider: Provider) -> None:
    nina = provider.made(f"nina@{PINE}")
    provider.patch(f"/Users/{nina}", {"op": "Replace", "path": "active", "value": "False"})
    assert provider.call("DELETE", f"/Users/{nina}") == (204, None)
    assert provider.call("GET", f"/Users/{nina}")[0] == 404
    assert provider.call("DELETE", f"/Users/{nina}")[0] == 404
    assert provider.made(f"nina@{PINE}") != nina


def test_groups_come_without_their_members_and_change_one_at_a_time(provider: Provider) -> None:
    nina, otto = provider.made(f"nina@{PINE}"), provider.made(f"otto@{PINE}")
    status, made = provider.call("POST", "/Groups", {
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "Staff",
        "meta": {"resourceType": "Group"},
    })  # fmt: skip
    assert status == 201
    group = made["id"]
    for person in (nina, otto):
        status, _ = provider.patch(
            f"/Groups/{group}", {"op": "Add", "path": "members", "value": [{"value": person}]}
        )
        assert status == 200
    _, reply = provider.call("GET", f"/Groups/{group}?excludedAttributes=members")
    assert "members" not in reply
    _, reply = provider.call(
        "GET", '/Groups?excludedAttributes=members&filter=displayName+eq+"staff"'
    )
    assert [one["id"] for one in reply["Resources"]] == [group]
    assert "members" not in reply["Resources"][0]
    _, reply = provider.call("GET", f'/Groups?filter=id+eq+"{group}"+and+members+eq+"{nina}"')
    assert reply["totalResults"] == 1
    provider.patch(
        f"/Groups/{group}", {"op": "Remove", "path": "members", "value": [{"value": nina}]}
    )
    _, reply = provider.call("GET", f"/Groups/{group}")
    assert [one["value"] for one in reply["members"]] == [otto]
    _, reply = provider.patch(
        f"/Groups/{group}", {"op": "Replace", "path": "displayName", "value": "Crew"}
    )
    assert reply["displayName"] == "Crew"


def test_a_role_of_an_app_role_makes_an_owner(provider: Provider) -> None:
    nina = provider.made(f"nina@{PINE}")
    path = 'roles[primary eq "True"].value'
    status, reply = provider.patch(
        f"/Users/{nina}", {"op": "Add", "path": path, "value": "pinecone:OrgOwner"}
    )
    assert status == 200
    assert reply["roles"] == [{"primary": True, "value": "pinecone:OrgOwner"}]
