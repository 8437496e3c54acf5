"""The protocol's edges: errors in its own shape, versions, discovery, tenants, races, refusals."""

from typing import Any

import pytest

from access.actor import OPERATOR
from audit.models import Event, Outcome
from orgs.departures import end_membership
from orgs.models import UserManagement
from orgs.organizations import set_plan, suspend_organization
from orgs.plans import Plan
from orgs.tenancy import tenant
from sso.scim.models import DirectoryUser, GroupMember
from sso.user_management import set_user_management
from tests.sso.scim.conftest import GROUP, USER, Provider
from tests.support.directory import OAK, PINE, members, verify
from tests.support.together import together
from tests.support.world import World

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
NOBODY = "00000000-0000-7000-8000-000000000000"


def rows(world: World) -> list[DirectoryUser]:
    with tenant(world.organization.pk):
        return list(DirectoryUser.objects.order_by("pk"))


# Method, path and body; the status and SCIM's own name for what is wrong.
WRONG: list[tuple[str, str, Any, int, str | None]] = [
    ("POST", "/Users", b"{", 400, "invalidSyntax"),
    ("POST", "/Users", b"[]", 400, "invalidSyntax"),
    ("POST", "/Users", {"schemas": [USER]}, 400, "invalidValue"),
    ("POST", "/Users", {"schemas": [GROUP], "userName": f"nina@{PINE}"}, 400, "invalidSyntax"),
    ("POST", "/Users", {"schemas": [USER], "userName": "nina"}, 400, "invalidValue"),
    ("POST", "/Users", {"schemas": [USER], "userName": "n@fir.example"}, 400, "invalidValue"),
    ("POST", "/Users", {"schemas": [USER], "userName": f"n@{PINE}", "externalId": "x" * 256},
     400, "invalidValue"),
    ("POST", "/Users",
     {"schemas": [USER], "userName": f"n@{PINE}", "displayName": "x" * 40_000},
     400, "invalidValue"),
    ("POST", "/Groups", {"schemas": [GROUP], "displayName": " "}, 400, "invalidValue"),
    ("POST", "/Groups",
     {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": NOBODY}]},
     400, "invalidValue"),
    ("POST", "/Groups",
     {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": "x"}]},
     400, "invalidValue"),
    ("GET", "/Users?filter=frob+eq+1", None, 400, "invalidFilter"),
    ("GET", "/Users?filter=userName+eq", None, 400, "invalidFilter"),
    ("GET", "/Users?filter=" + "x" * 5_000, None, 400, "invalidFilter"),
    ("GET", "/Users?count=many", None, 400, "invalidValue"),
    ("GET", f"/Users/{NOBODY}", None, 404, None),
    ("GET", "/Users/nobody", None, 404, None),
    ("GET", "/Nothing", None, 404, None),
    ("GET", "/Schemas/nothing", None, 404, None),
    ("GET", "/Schemas?filter=id+pr", None, 403, None),
    ("POST", "/Schemas", {}, 405, None),
    ("PUT", "/Users", {}, 405, None),
    ("POST", "/Bulk", {"Operations": []}, 501, None),
    ("GET", "/Me", None, 501, None),
]  # fmt: skip


def test_errors_are_scim_errors_and_change_nothing(provider: Provider, managed: World) -> None:
    before = [row.document for row in rows(managed)]
    for method, path, body, status, scim_type in WRONG:
        got, reply = provider.call(method, path, body)
        assert (got, reply["status"]) == (status, str(status)), (method, path, reply)
        assert (reply["schemas"], reply.get("scimType")) == ([ERROR], scim_type), (path, reply)
        assert reply["detail"]
        assert provider.last["Content-Type"] == "application/scim+json"
        assert provider.last["X-Pinecone-Request-Id"]
    assert [row.document for row in rows(managed)] == before


def test_a_patch_is_done_as_a_whole_or_not_at_all(provider: Provider, managed: World) -> None:
    nina = provider.made(f"nina@{PINE}", displayName="Nina")
    group = provider.grouped("Staff", nina)
    status, _ = provider.patch(
        f"/Users/{nina}",
        {"op": "replace", "path": "displayName", "value": "Changed"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "replace", "path": "userName", "value": "nina@fir.example"},
    )
    assert status == 400
    _, reply = provider.call("GET", f"/Users/{nina}")
    assert (reply["displayName"], reply["active"]) == ("Nina", True)
    assert f"nina@{PINE}" in members(managed.organization)
    status, _ = provider.patch(
        f"/Groups/{group}",
        {"op": "replace", "path": "displayName", "value": "pinecone:OrgOwner"},
        {"op": "remove", "path": "members"},
        {"op": "add", "path": "members", "value": [{"value": NOBODY}]},
    )
    assert status == 400
    _, reply = provider.call("GET", f"/Groups/{group}")
    assert (reply["displayName"], len(reply["members"])) == ("Staff", 1)


def test_versions_keep_two_writers_apart(provider: Provider) -> None:
    nina = provider.made(f"nina@{PINE}")
    _, reply = provider.call("GET", f"/Users/{nina}")
    first = reply["meta"]["version"]
    assert provider.last["ETag"] == first
    rename = {"op": "replace", "path": "displayName", "value": "Nina"}
    status, reply = provider.patch(f"/Users/{nina}", rename, **{"If-Match": first})
    assert (status, reply["meta"]["version"] != first) == (200, True)
    status, refused = provider.patch(
        f"/Users/{nina}", {"op": "replace", "path": "active", "value": False},
        **{"If-Match": first},
    )  # fmt: skip
    assert (status, refused["status"]) == (412, "412")
    assert provider.call("DELETE", f"/Users/{nina}", None, **{"If-Match": first})[0] == 412
    assert provider.call("PUT", f"/Users/{nina}", {"schemas": [USER], "userName": f"nina@{PINE}"},
                         **{"If-Match": '"x", "y"'})[0] == 412  # fmt: skip
    version = reply["meta"]["version"]
    status, _ = provider.call("GET", f"/Users/{nina}", None, **{"If-None-Match": version})
    assert (status, provider.last.content) == (304, b"")
    assert provider.call("GET", f"/Users/{nina}", None, **{"If-None-Match": first})[0] == 200
    assert provider.call("DELETE", f"/Users/{nina}", None, **{"If-Match": "*"})[0] == 204


def test_a_group_has_versions_too(provider: Provider) -> None:
    nina = provider.made(f"nina@{PINE}")
    group = provider.grouped("Staff")
    _, before = provider.call("GET", f"/Groups/{group}")
    add = {"op": "add", "path": "members", "value": [{"value": nina}]}
    first = before["meta"]["version"]
    assert provider.patch(f"/Groups/{group}", add, **{"If-Match": first})[0] == 200
    assert provider.call("DELETE", f"/Groups/{group}", None, **{"If-Match": first})[0] == 412


def test_asking_for_the_same_again_leaves_no_event(provider: Provider) -> None:
    nina = provider.made(f"nina@{PINE}")
    events = Event.objects.using("system").count()
    status, _ = provider.patch(f"/Users/{nina}", {"op": "replace", "value": {"active": True}})
    assert status == 200
    assert Event.objects.using("system").count() == events


def test_of_two_posts_of_one_user_name_one_wins(provider: Provider, managed: World) -> None:
    body = {"schemas": [USER], "userName": f"nina@{PINE}"}

    def post() -> int:
        return Provider(provider.token, provider.organization).call("POST", "/Users", body)[0]

    assert sorted(together([post] * 6)) == [201, 409, 409, 409, 409, 409]
    assert sum(row.user_key == f"nina@{PINE}" for row in rows(managed)) == 1


def test_a_token_sees_and_changes_its_own_organization_alone(
    provider: Provider, elsewhere: Provider, managed: World
) -> None:
    verify(managed.elsewhere, OAK)
    nina, group = provider.made(f"nina@{PINE}"), provider.grouped("Staff")
    theirs = elsewhere.made(f"eve@{OAK}")
    for path in (f"/Users/{nina}", f"/Groups/{group}"):
        for method, body in (
            ("GET", None), ("DELETE", None),
            ("PUT", {"schemas": [USER], "userName": f"eve2@{OAK}"} if "Users" in path
                    else {"schemas": [GROUP], "displayName": "Mine"}),
        ):  # fmt: skip
            missing = path.rpartition("/")[0] + f"/{NOBODY}"
            got = elsewhere.call(method, path, body)
            assert got[0] == 404, (method, path)
            there_is_none = elsewhere.call(method, missing, body)[1]
            assert str(got[1]).replace(path.rpartition("/")[2], NOBODY) == str(there_is_none)
    _, reply = elsewhere.call("GET", "/Users")
    assert [one["id"] for one in reply["Resources"]] == [theirs]
    _, reply = elsewhere.call("GET", f'/Users?filter=userName+eq+"nina@{PINE}"')
    assert reply["totalResults"] == 0
    status, reply = elsewhere.call(
        "POST", "/Groups", {"schemas": [GROUP], "displayName": "G", "members": [{"value": nina}]}
    )
    assert (status, reply["scimType"]) == (400, "invalidValue")
    status, reply = elsewhere.call(
        "POST", "/Users", {"schemas": [USER], "userName": f"mallory@{PINE}"}
    )
    assert (status, reply["scimType"]) == (400, "invalidValue")
    assert provider.call("GET", f"/Users/{nina}")[0] == 200


def test_a_token_opens_no_other_organizations_base(provider: Provider, elsewhere: Provider) -> None:
    foreign = Provider(elsewhere.token, provider.organization)
    status, reply = foreign.call("GET", "/Users")
    assert (status, reply["detail"]) == (401, "Invalid SCIM token.")
    assert foreign.last["WWW-Authenticate"].startswith("Bearer")
    provider.organization.public_id = "nobody"
    assert provider.call("GET", "/Users") == (status, reply)


@pytest.mark.parametrize("path", ["/Users", "/Schemas", "/Bulk", "/ServiceProviderConfig"])
def test_nothing_is_told_without_a_token(provider: Provider, path: str) -> None:
    for token in ("", "x", provider.token + "x"):
        status, reply = Provider(token, provider.organization).call("GET", path)
        assert (status, reply["schemas"]) == (401, [ERROR])


def test_a_token_opens_neither_the_admin_api_nor_indexes(provider: Provider) -> None:
    headers = {"Authorization": f"Bearer {provider.token}", "Api-Key": provider.token}
    for path in ("/admin/users", "/indexes"):
        assert provider.client.get(path, headers=headers).status_code == 401, path


def test_a_plan_without_scim_refuses_by_name(provider: Provider, managed: World) -> None:
    set_plan(OPERATOR, managed.organization, plan=Plan.STANDARD)
    for method, path, body in (
        ("GET", "/Users", None), ("POST", "/Users", {"schemas": [USER], "userName": f"n@{PINE}"}),
    ):  # fmt: skip
        status, reply = provider.call(method, path, body)
        assert (status, "does not include SCIM" in reply["detail"]) == (403, True)


def test_a_suspended_organization_answers_like_none(provider: Provider, managed: World) -> None:
    suspend_organization(OPERATOR, managed.organization, reason="a test")
    assert provider.call("GET", "/Users")[0] == 401


def test_switching_scim_off_ends_its_tokens_by_the_next_call(
    provider: Provider, managed: World
) -> None:
    set_user_management(managed.alice, managed.organization, mode=UserManagement.CONSOLE)
    assert provider.call("GET", "/Users")[0] == 401


def test_columns_that_no_attribute_names_stay_out_of_reach(
    provider: Provider, managed: World
) -> None:
    planted = {
        "id": NOBODY, "user": str(managed.people["alice"].pk), "user_id": NOBODY,
        "organization": str(managed.elsewhere.pk), "organization_id": str(managed.elsewhere.pk),
        "user_key": f"eve@{PINE}", "is_active": False, "document": {"a": "b"},
        "created_at": "2001-02-03T04:05:06Z", "meta": {"created": "2001-02-03T04:05:06Z"},
        "groups": [{"value": NOBODY}],
    }  # fmt: skip
    nina = provider.made(f"nina@{PINE}", **planted)
    provider.call(
        "PUT", f"/Users/{nina}", {"schemas": [USER], "userName": f"nina@{PINE}", **planted}
    )
    provider.patch(f"/Users/{nina}", {"op": "replace", "value": planted})
    row = next(one for one in rows(managed) if str(one.pk) == nina)
    assert (row.user_key, row.is_active, row.created_at.year > 2001) == (f"nina@{PINE}", True, True)
    assert row.user is not None
    assert row.user.email == f"nina@{PINE}"
    assert "a" not in row.document
    with tenant(managed.organization.pk):
        assert not GroupMember.objects.exists()
    group = provider.grouped("Staff")
    provider.patch(f"/Groups/{group}", {"op": "replace", "value": {"roles": ["pinecone:OrgOwner"]}})
    _, reply = provider.call("GET", f"/Groups/{group}")
    assert "roles" not in reply


def test_what_the_provider_does_is_told_under_its_tokens_name(
    provider: Provider, managed: World
) -> None:
    before = set(Event.objects.using("system").values_list("pk", flat=True))
    nina = provider.made(f"nina@{PINE}", password="hunter2hunter2")
    provider.patch(f"/Users/{nina}", {"op": "replace", "value": {"active": False}})
    provider.call("POST", "/Users", {"schemas": [USER], "userName": "eve@fir.example"})
    found = Event.objects.using("system").exclude(pk__in=before).order_by("pk")
    told = [(one.action, one.outcome, one.actor_kind, one.actor_name, one.source) for one in found]
    assert told == [
        ("directory_user.created", Outcome.SUCCESS, "scim", "Okta", "api"),
        ("directory_user.deactivated", Outcome.SUCCESS, "scim", "Okta", "api"),
        ("directory_user.created", Outcome.FAILURE, "scim", "Okta", "api"),
    ]
    assert "hunter2" not in str([one.parameters for one in found])
    assert all(one.organization_id == managed.organization.pk for one in found)


def test_the_last_owner_is_kept_with_a_reason(provider: Provider, managed: World) -> None:
    _, reply = provider.call("GET", f'/Users?filter=userName+eq+"olga@{PINE}"')
    olga = reply["Resources"][0]["id"]
    with tenant(managed.organization.pk):
        end_membership(managed.organization, managed.people["alice"])
    status, reply = provider.patch(f"/Users/{olga}", {"op": "replace", "value": {"active": False}})
    assert (status, "needs an owner" in reply["detail"]) == (409, True)
    assert "scimType" not in reply


def test_discovery_names_what_there_is(provider: Provider) -> None:
    _, config = provider.call("GET", "/ServiceProviderConfig")
    supported = {
        name: config[name]["supported"] for name in ("patch", "bulk", "filter", "etag", "sort")
    }
    assert supported == {"patch": True, "bulk": False, "filter": True, "etag": True, "sort": False}
    _, types = provider.call("GET", "/ResourceTypes")
    assert [one["endpoint"] for one in types["Resources"]] == ["/Users", "/Groups"]
    _, found = provider.call("GET", "/Schemas")
    for one in [*types["Resources"], *found["Resources"], config]:
        path = one["meta"]["location"].partition(provider.organization.public_id)[2]
        assert provider.call("GET", path)[1] == one
