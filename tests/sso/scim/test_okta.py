"""A provider that calls as Okta does: its requests in order, in the shapes of its documentation."""

from sso.scim.resources import MAX_RESULTS
from tests.sso.scim.conftest import GROUP, USER, Provider
from tests.support.directory import PINE, members


def okta_user(name: str = "nina", **more: object) -> dict[str, object]:
    return {
        "schemas": [USER],
        "userName": f"{name}@{PINE}",
        "name": {"givenName": name.title(), "familyName": "Fir"},
        "emails": [{"primary": True, "value": f"{name}@{PINE}", "type": "work"}],
        "displayName": f"{name.title()} Fir",
        "locale": "en-US",
        "externalId": f"00u{name}",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
        **more,
    }


def test_a_person_is_looked_for_added_read_and_deactivated(provider: Provider) -> None:
    status, reply = provider.call(
        "GET", f'/Users?filter=userName%20eq%20"nina@{PINE}"&startIndex=1&count=100'
    )
    assert status == 200
    assert (reply["totalResults"], reply.get("Resources", [])) == (0, [])

    status, reply = provider.call("POST", "/Users", okta_user())
    assert status == 201
    assert provider.last["Content-Type"] == "application/scim+json"
    assert provider.last["Location"] == reply["meta"]["location"]
    assert provider.last["ETag"] == reply["meta"]["version"]
    assert "1mz050nq" not in provider.last.content.decode()
    assert (reply["active"], reply["externalId"]) == (True, "00unina")
    nina = reply["id"]
    assert f"nina@{PINE}" in members(provider.organization)

    status, found = provider.call("GET", f'/Users?filter=userName%20eq%20"NINA@{PINE}"')
    assert (status, found["totalResults"]) == (200, 1)
    assert found["Resources"] == [reply]
    assert provider.call("GET", f"/Users/{nina}") == (200, reply)

    status, reply = provider.patch(f"/Users/{nina}", {"op": "replace", "value": {"active": False}})
    assert (status, reply["active"]) == (200, False)
    assert f"nina@{PINE}" not in members(provider.organization)
    status, reply = provider.call("GET", f"/Users/{nina}")
    assert (status, reply["active"]) == (200, False)


def test_a_person_is_replaced_and_deactivated_by_put(provider: Provider) -> None:
    nina = provider.made(f"nina@{PINE}")
    status, reply = provider.call(
        "PUT", f"/Users/{nina}", okta_user(id=nina, displayName="Nina Spruce")
    )
    assert (status, reply["displayName"], reply["id"]) == (200, "Nina Spruce", nina)
    assert "locale" not in reply
    status, reply = provider.call("PUT", f"/Users/{nina}", okta_user(id=nina, active=False))
    assert (status, reply["active"]) == (200, False)
    assert f"nina@{PINE}" not in members(provider.organization)


def test_silence_about_active_makes_nobody_active_again(provider: Provider) -> None:
    nina = provider.made(f"nina@{PINE}", active=False)
    body = okta_user(id=nina)
    del body["active"]
    status, reply = provider.call("PUT", f"/Users/{nina}", body)
    assert (status, reply["active"]) == (200, False)
    assert f"nina@{PINE}" not in members(provider.organization)


def test_a_user_name_that_is_taken_is_a_conflict(provider: Provider) -> None:
    provider.made(f"nina@{PINE}")
    status, reply = provider.call("POST", "/Users", okta_user())
    assert (status, reply["status"], reply["scimType"]) == (409, "409", "uniqueness")
    assert reply["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_groups_are_pushed_renamed_filled_and_removed(provider: Provider) -> None:
    nina, otto = provider.made(f"nina@{PINE}"), provider.made(f"otto@{PINE}")
    body = {"schemas": [GROUP], "displayName": "Staff", "members": []}
    status, reply = provider.call("POST", "/Groups", body)
    assert status == 201
    staff = reply["id"]
    status, reply = provider.patch(
        f"/Groups/{staff}",
        {"op": "add", "path": "members", "value": [{"value": nina, "display": f"nina@{PINE}"}]},
        {"op": "add", "path": "members", "value": [{"value": otto, "display": f"otto@{PINE}"}]},
    )
    assert status == 200
    assert {member["value"] for member in reply["members"]} == {nina, otto}
    status, reply = provider.call("GET", f"/Users/{nina}")
    assert [group["display"] for group in reply["groups"]] == ["Staff"]
    status, reply = provider.patch(
        f"/Groups/{staff}",
        {"op": "remove", "path": f'members[value eq "{nina}"]'},
        {"op": "replace", "value": {"id": staff, "displayName": "Crew"}},
    )
    assert (reply["displayName"], [one["value"] for one in reply["members"]]) == ("Crew", [otto])
    status, reply = provider.call(
        "PUT", f"/Groups/{staff}",
        {"schemas": [GROUP], "id": staff, "displayName": "Crew", "members": [{"value": nina}]},
    )  # fmt: skip
    assert [one["value"] for one in reply["members"]] == [nina]
    assert provider.call("DELETE", f"/Groups/{staff}") == (204, None)
    assert provider.call("GET", f"/Groups/{staff}")[0] == 404


def test_pages_begin_with_one_and_count_all(provider: Provider) -> None:
    for number in range(5):
        provider.made(f"u{number}@{PINE}")
    status, first = provider.call("GET", "/Users?startIndex=1&count=2")
    assert (status, first["totalResults"], first["startIndex"], first["itemsPerPage"]) == (
        200, 6, 1, 2,
    )  # fmt: skip
    names = []
    for start in (1, 3, 5):
        _, page = provider.call("GET", f"/Users?startIndex={start}&count=2")
        names += [one["userName"] for one in page["Resources"]]
    assert names == [f"olga@{PINE}", *(f"u{number}@{PINE}" for number in range(5))]
    _, page = provider.call("GET", "/Users?startIndex=0&count=-1")
    assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (1, 0, 6)
    _, page = provider.call("GET", "/Users?startIndex=99")
    assert (page["itemsPerPage"], page["totalResults"]) == (0, 6)
    _, page = provider.call("GET", f"/Users?count={MAX_RESULTS + 1}")
    assert page["itemsPerPage"] == 6


def test_a_whole_search_by_post_goes_over_users_and_groups(provider: Provider) -> None:
    nina = provider.made(f"nina@{PINE}")
    provider.grouped("Staff", nina)
    schemas = ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]
    status, reply = provider.call(
        "POST", "/.search", {"schemas": schemas, "count": 2, "startIndex": 2}
    )
    assert (status, reply["totalResults"]) == (200, 3)
    assert [one["meta"]["resourceType"] for one in reply["Resources"]] == ["User", "Group"]
    wanted = {"schemas": schemas, "filter": 'displayName eq "Staff"', "attributes": ["displayName"]}
    for path, count in (("/.search", 1), ("/Groups/.search", 1), ("/Users/.search", 0)):
        status, reply = provider.call("POST", path, wanted)
        assert (status, reply["totalResults"]) == (200, count), path
