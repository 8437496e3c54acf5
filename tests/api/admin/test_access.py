"""Who has no token, and whoever asks for what is not theirs; roles are crossed in tests/matrix."""

import json

import pytest

from access.actor import OPERATOR
from access.keys import SecretKind, mint
from access.permissions import Role
from audit.models import Event, Outcome
from kit.ids import new_id
from orgs.audit_streams import create_stream
from orgs.invitations import create_invitation
from orgs.models import Organization
from orgs.role_bindings import Assignment, Principal, bind
from orgs.service_accounts import create_service_account, delete_service_account
from orgs.tenancy import tenant
from projects.models import Project
from projects.projects import create_project
from tests.api.conftest import Caller
from tests.matrix.admin_rows import ROWS
from tests.matrix.walk import filled, mounted_routes
from tests.support.admin import AdminCaller, sign_up
from tests.support.world import World
from tests.webhooks.hooks import hook


def places(world: World, where: Organization, project: Project) -> dict[str, str]:
    """One thing of each kind in that organization."""
    account, _ = create_service_account(OPERATOR, where, name="target")
    roles = [Assignment(Role.ORG_MEMBER)]
    invitation, _ = create_invitation(OPERATOR, where, email="nina@example.com", assignments=roles)
    person = world.people["bob" if where.pk == world.organization.pk else "mallory"]
    with tenant(where.pk):
        binding, _ = bind(where, Principal.of(person), Assignment(Role.ORG_BILLING_ADMIN))
    stream = create_stream(
        OPERATOR, where, name="siem", kind="http", config={"url": "https://siem.invalid/"}
    )
    return {
        "organization_id": where.public_id,
        "project_id": str(project.pk),
        "api_key_id": str(world.key(project=project)[0].pk),
        "user_id": str(person.pk),
        "invite_id": str(invitation.pk),
        "service_account_id": str(account.pk),
        "role_binding_id": str(binding.pk),
        "webhook_id": str(hook(where).webhook.pk),
        "delivery_id": str(new_id()),
        "job_id": str(new_id()),
        "stream_id": str(stream.stream.pk),
    }


def nowhere() -> dict[str, str]:
    names = ("organization", "project", "api_key", "user", "invite", "service_account",
             "role_binding", "webhook", "delivery", "stream", "job")  # fmt: skip
    return {f"{name}_id": str(new_id()) for name in names}


def path(route: str, values: dict[str, str]) -> str:
    return filled(route, values).removeprefix("/admin")


def test_a_method_without_a_row_is_not_answered(owner: AdminCaller) -> None:
    for route in mounted_routes("api.urls"):
        if not route.startswith("admin/"):
            continue
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            if f"{method} {route}" not in ROWS:
                assert owner.call(method, path(route, nowhere()))[0] == 405, (method, route)


NO_TOKENS = {
    "nothing": lambda _world, _caller: {},
    "an API key": lambda world, _caller: {"Api-Key": world.key()[1]},
    "an API key as bearer": lambda world, _caller: {"Authorization": f"Bearer {world.key()[1]}"},
    "garbage": lambda _world, _caller: {"Authorization": "Bearer garbage"},
    "a made-up token": lambda _world, _caller: {
        "Authorization": f"Bearer {mint(SecretKind.ACCESS_TOKEN).value}"
    },
    "Basic": lambda _world, _caller: {"Authorization": "Basic YTpi"},
    "a revoked token": lambda _world, caller: {"Authorization": f"Bearer {revoked(caller).token}"},
}


def revoked(caller: AdminCaller) -> AdminCaller:
    delete_service_account(OPERATOR, caller.account)
    return caller


@pytest.mark.parametrize("version", ["2025-10", "2026-07"])
@pytest.mark.parametrize("kind", NO_TOKENS)
def test_without_a_valid_token_every_route_answers_401_in_json(
    world: World, owner: AdminCaller, kind: str, version: str
) -> None:
    headers = NO_TOKENS[kind](world, owner)
    for key, row in ROWS.items():
        method, _, route = key.partition(" ")
        caller = Caller(version=version)
        response = caller.call(method, filled(route, nowhere()), row.body, **headers)
        assert response.status_code == 401, key
        assert json.loads(response.content)["error"]["code"] == "UNAUTHENTICATED"
        assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_token_opens_nothing_but_the_admin_api(world: World, owner: AdminCaller) -> None:
    world.index()
    for headers in ({"Authorization": f"Bearer {owner.token}"}, {"Api-Key": owner.token}):
        assert Caller().call("GET", "/indexes", **headers).status_code == 401


def test_what_is_anothers_and_what_is_missing_are_answered_alike(
    world: World, owner: AdminCaller
) -> None:
    theirs, missing = places(world, world.elsewhere, world.their_project), nowhere()
    before = Event.objects.using("system").filter(outcome=Outcome.SUCCESS).count()
    for key, row in ROWS.items():
        method, _, route = key.partition(" ")
        if "<" not in route:
            continue
        answers = []
        for named in (theirs, missing):
            assert owner.call(method, path(route, named), row.body or None)[0] == 404, key
            asked = next(named[name] for name in named if f"<str:{name}>" in route)
            answers.append(owner.last.content.replace(asked.encode(), b"ID"))
        assert answers[0] == answers[1], key
    assert Event.objects.using("system").filter(outcome=Outcome.SUCCESS).count() == before


@pytest.mark.parametrize("text", ["x", "0" * 33, "..", "a" * 500, "6ba7b810"])
def test_what_is_no_id_names_nothing(owner: AdminCaller, text: str) -> None:
    for noun in ("projects", "api-keys", "users", "invites", "service-accounts", "role-bindings"):
        assert owner.call("GET", f"/{noun}/{text}")[0] == 404


def test_a_project_owner_sees_no_other_project(world: World) -> None:
    create_project(OPERATOR, world.organization, name="Hidden")
    status, answer = sign_up(world, Role.PROJECT_OWNER).call("GET", "/projects")
    assert (status, [one["name"] for one in answer["data"]]) == (200, ["Search"])
