"""What the Admin API answers: bodies, pages, bad input, as official clients expect them."""

from typing import Any

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from audit.models import Event
from orgs.access_tokens import issue_access_token
from orgs.models import ServiceAccount
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.service_accounts import create_service_account
from tests.support.admin import AdminCaller, sign_up
from tests.support.world import World

GIVEN = {"resource_type": "organization", "role": "OrgMember"}


def test_an_organization_is_shown_with_all_its_fields(world: World, owner: AdminCaller) -> None:
    status, answer = owner.call("GET", "/organizations")
    assert status == 200
    (shown,) = answer["data"]
    created_at = shown.pop("created_at")
    assert created_at.endswith("Z")
    assert shown == {
        "id": world.organization.public_id,
        "name": "Pine",
        "plan": "Enterprise",
        "payment_status": "Active",
        "support_tier": "Enterprise",
    }
    assert owner.call("GET", f"/organizations/{shown['id']}")[1] == {
        **shown,
        "created_at": created_at,
    }


def test_starter_is_called_free(world: World, owner: AdminCaller) -> None:
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    (shown,) = owner.call("GET", "/organizations")[1]["data"]
    assert (shown["plan"], shown["support_tier"]) == ("Free", "Free")


def test_a_project_and_its_keys_live_their_life(world: World, owner: AdminCaller) -> None:
    status, project = owner.call("POST", "/projects", {"name": "chat", "max_pods": 0})
    assert status == 200
    assert set(project) == {
        "id", "name", "max_pods", "force_encryption_with_cmek", "organization_id", "created_at",
    }  # fmt: skip
    assert project["organization_id"] == world.organization.public_id
    here = f"/projects/{project['id']}"
    assert owner.call("GET", here) == (200, project)
    status, made = owner.call("POST", f"{here}/api-keys", {"name": "dev"})
    assert (status, made["key"]["roles"]) == (201, ["ProjectEditor"])
    assert made["value"].startswith("pcsk_")
    key = f"/api-keys/{made['key']['id']}"
    assert owner.call("GET", key) == (200, made["key"])
    changed = {"roles": ["DataPlaneViewer", "ControlPlaneViewer"]}
    status, after = owner.call("PATCH", key, changed)
    assert (status, after["name"]) == (200, "dev")
    assert sorted(after["roles"]) == sorted(changed["roles"])
    assert owner.call("GET", f"{here}/api-keys")[1] == {"data": [after]}
    assert owner.call("DELETE", key) == (202, None)
    assert owner.call("GET", key)[0] == owner.call("DELETE", key)[0] == 404
    assert owner.call("DELETE", here) == (202, None)
    assert owner.call("GET", here)[0] == 404


def test_what_is_not_sent_stays(world: World, owner: AdminCaller) -> None:
    here = f"/projects/{world.project.pk}"
    status, renamed = owner.call("PATCH", here, {"name": "Find"})
    assert (status, renamed["name"], renamed["max_pods"]) == (200, "Find", 0)
    status, grown = owner.call("PATCH", here, {"max_pods": 3, "force_encryption_with_cmek": True})
    assert (status, grown["name"], grown["max_pods"]) == (200, "Find", 3)
    assert owner.call("GET", here) == (200, grown)
    status, answer = owner.call("PATCH", here, {"force_encryption_with_cmek": False})
    assert (status, answer["error"]["code"]) == (400, "INVALID_ARGUMENT")
    organization = f"/organizations/{world.organization.public_id}"
    assert owner.call("PATCH", organization, {"name": "Fir"})[1]["name"] == "Fir"
    assert owner.call("PATCH", organization, {})[1]["name"] == "Fir"


def test_an_organization_ends_once_its_projects_have(world: World, owner: AdminCaller) -> None:
    here = f"/organizations/{world.organization.public_id}"
    status, answer = owner.call("DELETE", here)
    assert (status, answer["error"]["code"]) == (412, "FAILED_PRECONDITION")
    owner.call("POST", "/invites", {"email": "nina@example.com", "role_bindings": [GIVEN]})
    assert owner.call("DELETE", f"/projects/{world.project.pk}")[0] == 202
    assert owner.call("DELETE", here) == (202, None)
    assert owner.call("GET", "/organizations")[0] == 401
    assert not ServiceAccount.objects.using("system").exists()


def test_a_member_is_removed_but_never_the_last_owner(world: World, owner: AdminCaller) -> None:
    bob, alice = (f"/users/{world.people[name].pk}" for name in ("bob", "alice"))
    assert owner.call("DELETE", bob) == (204, None)
    assert owner.call("GET", bob)[0] == owner.call("DELETE", bob)[0] == 404
    asked = f"/role-bindings?principal_type=user&principal_id={world.people['bob'].pk}"
    assert owner.call("GET", asked)[1]["data"] == []
    status, answer = owner.call("DELETE", alice)
    assert (status, answer["error"]["code"]) == (409, "ABORTED")


def test_a_project_with_indexes_is_kept(world: World, owner: AdminCaller) -> None:
    world.index()
    status, answer = owner.call("DELETE", f"/projects/{world.project.pk}")
    assert (status, answer["error"]["code"]) == (412, "FAILED_PRECONDITION")


def test_a_quota_is_named(world: World, owner: AdminCaller) -> None:
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    status, answer = owner.call("POST", "/projects", {"name": "more"})
    assert (status, answer["error"]["code"]) == (403, "QUOTA_EXCEEDED")
    assert "1 projects" in answer["error"]["message"]


def test_a_user_is_found_by_address_and_by_id(world: World, owner: AdminCaller) -> None:
    listed = owner.call("GET", "/users")[1]
    assert {one["email"] for one in listed["data"]} == {
        "alice@example.com", "bob@example.com", "vera@example.com",
    }  # fmt: skip
    assert listed["pagination"] == {}
    bob = {"id": str(world.people["bob"].pk), "email": "bob@example.com", "name": "Bob"}
    assert owner.call("GET", "/users?email=Bob@Example.com")[1]["data"] == [bob]
    assert owner.call("GET", "/users?email=mallory@example.com")[1]["data"] == []
    assert owner.call("GET", "/users?email=%00")[1]["data"] == []
    assert owner.call("GET", f"/users/{bob['id']}") == (200, bob)


def test_an_invitation_waits_with_its_roles(world: World, owner: AdminCaller) -> None:
    body = {
        "email": "Nina@example.com",
        "role_bindings": [
            GIVEN,
            {
                "resource_type": "project",
                "role": "ProjectViewer",
                "resource_id": str(world.project.pk),
            },
        ],
    }
    status, invite = owner.call("POST", "/invites", body)
    assert status == 201
    assert set(invite) == {"id", "email", "status", "expires_at", "processed_at", "created_at"}
    assert (invite["email"], invite["status"]) == ("nina@example.com", "pending")
    assert owner.call("GET", "/invites")[1]["data"] == [invite]
    asked = f"/role-bindings?principal_type=invite&principal_id={invite['id']}"
    held = owner.call("GET", asked)[1]["data"]
    assert [(one["role"], one["resource_id"]) for one in held] == [
        ("OrgMember", world.organization.public_id),
        ("ProjectViewer", str(world.project.pk)),
    ]
    status, answer = owner.call("POST", "/invites", body)
    assert (status, answer["error"]["code"]) == (409, "ALREADY_EXISTS")
    assert invite["id"] in answer["error"]["message"]
    status, renewed = owner.call("POST", f"/invites/{invite['id']}/resend")
    assert (status, renewed["status"]) == (200, "pending")
    assert owner.call("DELETE", f"/invites/{invite['id']}") == (204, None)
    assert owner.call("GET", f"/invites/{invite['id']}")[0] == 404
    assert owner.call("GET", asked)[1]["data"] == []


def test_a_service_account_lives_its_life(world: World, owner: AdminCaller) -> None:
    status, made = owner.call("POST", "/service-accounts", {"name": "ci", "role_bindings": [GIVEN]})
    account = made["service_account"]
    assert status == 201
    assert set(account) == {"id", "name", "client_id", "created_at", "updated_at"}
    issue_access_token(account["client_id"], made["client_secret"])
    here = f"/service-accounts/{account['id']}"
    assert owner.call("GET", here) == (200, account)
    assert owner.call("PATCH", here, {"name": "cd"})[1]["name"] == "cd"
    status, rotated = owner.call("POST", f"{here}/rotate-secret")
    assert status == 200
    assert rotated["service_account"]["client_id"] == account["client_id"]
    assert rotated["client_secret"] != made["client_secret"]
    listed = owner.call("GET", "/service-accounts")[1]["data"]
    assert [one["name"] for one in listed] == ["robot", "cd"]
    assert owner.call("DELETE", here) == (204, None)
    assert owner.call("GET", here)[0] == 404


def test_an_account_that_deletes_itself_is_out(world: World, owner: AdminCaller) -> None:
    assert owner.call("DELETE", f"/service-accounts/{owner.account.pk}")[0] == 204
    assert owner.call("GET", "/projects")[0] == 401


def test_a_plan_without_service_accounts_forbids(world: World, owner: AdminCaller) -> None:
    set_plan(OPERATOR, world.organization, plan=Plan.STARTER)
    status, answer = owner.call("POST", "/service-accounts", {"name": "ci"})
    assert (status, answer["error"]["code"]) == (403, "FORBIDDEN")


def test_a_binding_is_made_and_deleted(world: World, owner: AdminCaller) -> None:
    bob = str(world.people["bob"].pk)
    body = {
        "principal_type": "user",
        "principal_id": bob,
        "resource_type": "organization",
        "role": "OrgManager",
    }
    status, binding = owner.call("POST", "/role-bindings", body)
    assert status == 201
    assert {**binding, "id": "", "created_at": ""} == {
        **body,
        "resource_id": world.organization.public_id,
        "id": "",
        "created_at": "",
    }
    status, answer = owner.call("POST", "/role-bindings", body)
    assert (status, answer["error"]["code"]) == (409, "ALREADY_EXISTS")
    here = f"/role-bindings/{binding['id']}"
    assert owner.call("GET", here) == (200, binding)
    assert owner.call("DELETE", here) == (204, None)
    assert owner.call("GET", here)[0] == owner.call("DELETE", here)[0] == 404


def test_what_keeps_an_organization_owned_is_not_deleted(world: World, owner: AdminCaller) -> None:
    asked = "/role-bindings?principal_type=user&role=OrgOwner"
    (last,) = owner.call("GET", asked)[1]["data"]
    status, answer = owner.call("DELETE", f"/role-bindings/{last['id']}")
    assert (status, answer["error"]["code"]) == (409, "ABORTED")


FILTERS: dict[str, set[str]] = {
    "principal_type=service_account": {"OrgOwner"},
    "principal_type=api_key": set(),
    "principal_type=user&principal_id={bob}": {"OrgMember", "ProjectEditor"},
    "principal_type=user&principal_id=x": set(),
    "resource_type=project": {"ProjectEditor", "ProjectViewer"},
    "resource_type=project&resource_id={project}": {"ProjectEditor", "ProjectViewer"},
    "resource_type=organization&resource_id={organization}&role=OrgOwner": {"OrgOwner"},
    "resource_type=organization&resource_id=other": set(),
    "role=ProjectViewer": {"ProjectViewer"},
}


@pytest.mark.parametrize("asked", FILTERS)
def test_bindings_are_filtered(world: World, owner: AdminCaller, asked: str) -> None:
    named = {
        "bob": world.people["bob"].pk,
        "project": world.project.pk,
        "organization": world.organization.public_id,
    }
    status, answer = owner.call("GET", f"/role-bindings?{asked.format(**named)}")
    assert status == 200
    assert {one["role"] for one in answer["data"]} == FILTERS[asked]


def test_pages_follow_each_other_without_gap_or_overlap(world: World, owner: AdminCaller) -> None:
    for number in range(4):
        create_service_account(OPERATOR, world.organization, name=f"a{number}")
    seen, token, pages = [], "", 0
    while True:
        status, answer = owner.call("GET", f"/service-accounts?limit=2{token}")
        assert status == 200
        pages += 1
        seen += [one["name"] for one in answer["data"]]
        if "next" not in answer["pagination"]:
            break
        token = f"&paginationToken={answer['pagination']['next']}"
    assert (seen, pages) == (["robot", "a0", "a1", "a2", "a3"], 3)


BAD_QUERIES = {
    "limit=0": "OUT_OF_RANGE",
    "limit=101": "OUT_OF_RANGE",
    "limit=-1": "OUT_OF_RANGE",
    "limit=many": "INVALID_ARGUMENT",
    "limit=": "INVALID_ARGUMENT",
    "limit=1e2": "INVALID_ARGUMENT",
    "paginationToken=x": "INVALID_ARGUMENT",
    "paginationToken=%C3%A4": "INVALID_ARGUMENT",
}


@pytest.mark.parametrize("noun", ["users", "invites", "service-accounts", "role-bindings"])
@pytest.mark.parametrize("asked", BAD_QUERIES)
def test_a_bad_page_is_refused(owner: AdminCaller, noun: str, asked: str) -> None:
    status, answer = owner.call("GET", f"/{noun}?{asked}")
    assert (status, answer["error"]["code"]) == (400, BAD_QUERIES[asked])


@pytest.mark.parametrize(
    "asked",
    ["principal_id=x", "resource_id=x", "role=Emperor", "principal_type=x", "resource_type=x"],
)
def test_a_bad_filter_is_refused(owner: AdminCaller, asked: str) -> None:
    status, answer = owner.call("GET", f"/role-bindings?{asked}")
    assert (status, answer["error"]["code"]) == (400, "INVALID_ARGUMENT")


BAD_BODIES: dict[str, tuple[str, Any, int]] = {
    "no body": ("/projects", None, 400),
    "not an object": ("/projects", [], 422),
    "no name": ("/projects", {}, 422),
    "an empty name": ("/projects", {"name": " "}, 400),
    "a long name": ("/projects", {"name": "a" * 513}, 400),
    "NUL in a name": ("/projects", {"name": "a\0"}, 400),
    "an unknown key": ("/projects", {"name": "a", "colour": "red"}, 422),
    "negative pods": ("/projects", {"name": "a", "max_pods": -1}, 400),
    "an unknown role of a key": ("/projects/{p}/api-keys", {"name": "a", "roles": ["X"]}, 400),
    "a person's role": ("/projects/{p}/api-keys", {"name": "a", "roles": ["ProjectOwner"]}, 400),
    "no roles of a key": ("/projects/{p}/api-keys", {"name": "a", "roles": []}, 400),
    "a long name of a key": ("/projects/{p}/api-keys", {"name": "a" * 81}, 400),
    "no address": ("/invites", {"email": "nobody", "role_bindings": [GIVEN]}, 400),
    "no roles of an invitation": ("/invites", {"email": "a@b.c", "role_bindings": []}, 400),
    "a misspelt resource": (
        "/service-accounts",
        {"name": "a", "role_bindings": [{**GIVEN, "resource": "x"}]},
        422,
    ),
    "a project that is not named": (
        "/service-accounts",
        {"name": "a", "role_bindings": [{"resource_type": "project", "role": "ProjectViewer"}]},
        400,
    ),
    "a role in the wrong place": (
        "/service-accounts",
        {"name": "a", "role_bindings": [{**GIVEN, "role": "ProjectViewer"}]},
        400,
    ),
    "another organization": (
        "/service-accounts",
        {"name": "a", "role_bindings": [{**GIVEN, "resource_id": "other"}]},
        404,
    ),
    "a binding of a key": (
        "/role-bindings",
        {**GIVEN, "principal_type": "api_key", "principal_id": "{p}"},
        400,
    ),
    "a binding of nobody": (
        "/role-bindings",
        {**GIVEN, "principal_type": "user", "principal_id": "{p}"},
        404,
    ),
    "a principal without an id": (
        "/role-bindings",
        {**GIVEN, "principal_type": "user", "principal_id": "x"},
        422,
    ),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_is_refused_and_changes_nothing(
    world: World, owner: AdminCaller, case: str
) -> None:
    path, body, status = BAD_BODIES[case]
    project = str(world.project.pk)
    if isinstance(body, dict) and body.get("principal_id") == "{p}":
        body = {**body, "principal_id": project}
    before = Event.objects.using("system").filter(outcome="success").count()
    got, answer = owner.call("POST", path.format(p=project), body)
    assert got == status, answer
    assert set(answer) == {"status", "error"}
    assert Event.objects.using("system").filter(outcome="success").count() == before
    assert ServiceAccount.objects.using("system").count() == 1


def test_older_versions_ignore_keys_they_do_not_know(owner: AdminCaller) -> None:
    owner.version = "2025-10"
    assert owner.call("POST", "/projects", {"name": "a", "colour": "red"})[0] == 200
    owner.version = "1999-01"
    assert owner.call("GET", "/projects")[0] == 400


def test_nobody_gives_away_more_than_they_hold(world: World) -> None:
    keeper = sign_up(world, Role.PROJECT_OWNER)
    bob = str(world.people["bob"].pk)
    body = {"principal_type": "user", "principal_id": bob, **GIVEN, "role": "OrgOwner"}
    assert keeper.call("POST", "/role-bindings", body)[0] == 403
    on_project = {
        "principal_type": "user",
        "principal_id": bob,
        "resource_type": "project",
        "resource_id": str(world.project.pk),
        "role": "ProjectManager",
    }
    assert keeper.call("POST", "/role-bindings", on_project)[0] == 201
