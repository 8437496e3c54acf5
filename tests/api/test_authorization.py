"""Every route of the API against every kind of key: generated, so that no route is forgotten."""

import json
from collections.abc import Callable, Iterator

import pytest
from django.http import HttpResponse
from django.urls import get_resolver

from access.actor import OPERATOR
from access.permissions import Role
from audit.models import Event, Outcome
from indexes.models import Index, IndexState
from projects.api_keys import revoke_api_key
from tests.api.conftest import Caller
from tests.api.test_indexes import NEW_BODY
from tests.support.world import World

READ, WRITE = "read", "write"
# Method, path, what it needs. A route that is missing here fails the test below.
ROUTES = {
    ("GET", "indexes"): READ,
    ("POST", "indexes"): WRITE,
    ("GET", "indexes/<str:name>"): READ,
    ("GET", "indexes/<str:name>/metrics"): READ,
    ("PATCH", "indexes/<str:name>"): WRITE,
    ("DELETE", "indexes/<str:name>"): WRITE,
}
OPEN = {"healthz", "readyz", "docs/openapi.json"}
# Other secrets open these: tests/api/admin, tests/api/test_oauth.py, tests/matrix/test_scim.py.
OF_OTHER_SECRETS = ("admin/", "oauth/", "scim/", "metrics")
# Tried with every kind of key in tests/matrix, which knows what has to be there first.
OF_BACKUPS = (
    "backup", "collections", "restore-jobs",
    "indexes/<str:name>/backup", "indexes/<str:name>/create-index",
)  # fmt: skip
OF_PROJECTS = ("prometheus/", "projects/")
BODIES = {"POST": {**NEW_BODY, "name": "another"}, "PATCH": {"tags": {"a": "b"}}}
SUCCESS = {"GET": 200, "POST": 201, "PATCH": 200, "DELETE": 202}

ALLOWED = {
    Role.PROJECT_EDITOR: {READ, WRITE},
    Role.PROJECT_VIEWER: {READ},
    Role.CONTROL_PLANE_EDITOR: {READ, WRITE},
    Role.CONTROL_PLANE_VIEWER: {READ},
    Role.DATA_PLANE_EDITOR: set(),
    Role.DATA_PLANE_VIEWER: set(),
}


def api_routes() -> Iterator[tuple[str, list[str]]]:
    for entry in get_resolver("api.urls").url_patterns:
        if str(entry.pattern).startswith((*OF_OTHER_SECRETS, *OF_BACKUPS, *OF_PROJECTS)):
            continue
        view = getattr(entry.callback, "cls", None)
        methods = [
            name for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)
        ]
        yield str(entry.pattern), [name.upper() for name in methods]


def call(caller: Caller, method: str, route: str, name: str = "movies") -> HttpResponse:
    return caller.call(method, "/" + route.replace("<str:name>", name), BODIES.get(method))


def revoked(world: World) -> str:
    row, value = world.key()
    revoke_api_key(OPERATOR, row, reason="test")
    return value


def wrong_secret(world: World) -> str:
    value = world.key()[1]
    return value[:-1] + ("0" if value[-1] != "0" else "1")


NO_KEYS: dict[str, Callable[[World], str | None]] = {
    "no key": lambda _world: None,
    "empty": lambda _world: "",
    "garbage": lambda _world: "garbage",
    "a uuid": lambda _world: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "not latin": lambda _world: "pcsk_ä_€",
    "wrong secret": wrong_secret,
    "revoked": revoked,
}


def test_every_route_is_in_the_matrix() -> None:
    found = {
        (method, path) for path, methods in api_routes() if path not in OPEN for method in methods
    }
    assert found == set(ROUTES)


@pytest.mark.parametrize("kind", NO_KEYS)
@pytest.mark.parametrize(("method", "route"), ROUTES, ids=map(" ".join, ROUTES))
def test_without_a_valid_key_every_route_answers_401(
    world: World, method: str, route: str, kind: str
) -> None:
    world.index()
    response = call(Caller(NO_KEYS[kind](world)), method, route)
    assert response.status_code == 401
    assert response.content == b"Invalid API key"
    assert Index.objects.using("system").filter(state=IndexState.INITIALIZING).count() == 1


@pytest.mark.parametrize("role", ALLOWED)
@pytest.mark.parametrize(("method", "route"), ROUTES, ids=map(" ".join, ROUTES))
def test_a_role_opens_exactly_the_routes_of_its_row(
    world: World, method: str, route: str, role: Role
) -> None:
    world.index()
    caller = Caller(world.key(roles=[role])[1])
    events = Event.objects.using("system").count()
    response = call(caller, method, route)
    if ROUTES[method, route] in ALLOWED[role]:
        assert response.status_code == SUCCESS[method], response.content
        return
    assert response.status_code == 403
    assert json.loads(response.content)["error"]["code"] == "PERMISSION_DENIED"
    assert Index.objects.using("system").get().tags == {}
    recorded = Event.objects.using("system").count() - events
    # A mutating act that was denied leaves one event; reading leaves none.
    assert recorded == (1 if ROUTES[method, route] == WRITE else 0)


@pytest.mark.parametrize(
    ("method", "action"), [("PATCH", "index.configured"), ("DELETE", "index.deleted")]
)
def test_who_may_not_even_read_leaves_the_same_event_for_any_name(
    world: World, method: str, action: str
) -> None:
    world.index()
    caller = Caller(world.key(roles=[Role.DATA_PLANE_EDITOR])[1])
    replies = {
        call(caller, method, "indexes/<str:name>", name).content for name in ("movies", "absent")
    }
    assert len(replies) == 1
    missing, existing = Event.objects.using("system").order_by("-id")[:2]
    for event, name in ((existing, "movies"), (missing, "absent")):
        assert (event.action, event.outcome) == (action, Outcome.DENIED)
        assert (event.target_type, event.target_name) == ("project", "Search")
        assert event.parameters == {"name": name}


@pytest.mark.parametrize(("method", "route"), [one for one in ROUTES if "<" in one[1]])
def test_a_foreign_index_and_a_missing_one_are_answered_alike(
    world: World, method: str, route: str
) -> None:
    world.index("theirs", project=world.their_project)
    caller = Caller(world.key()[1])
    foreign, missing = call(caller, method, route, "theirs"), call(caller, method, route, "absent")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content.replace(b"theirs", b"absent") == missing.content
    differing = {
        name for name in {*foreign.headers, *missing.headers}
        if foreign.headers.get(name) != missing.headers.get(name)
    }  # fmt: skip
    assert differing == {"x-pinecone-request-id"}
    assert Index.objects.using("system").get().state == IndexState.INITIALIZING


def test_a_key_lists_only_its_own_project(world: World) -> None:
    world.index("ours")
    world.index("theirs", project=world.their_project)
    listed = json.loads(Caller(world.key()[1]).call("GET", "/indexes").content)
    assert [one["name"] for one in listed["indexes"]] == ["ours"]


def test_a_bearer_token_may_hold_the_key(world: World) -> None:
    response = Caller().call("GET", "/indexes", Authorization=f"Bearer {world.key()[1]}")
    assert response.status_code == 200


@pytest.mark.parametrize("route", sorted(OPEN))
def test_open_routes_need_no_key(database: None, route: str) -> None:
    assert Caller().call("GET", f"/{route}").status_code in {200, 503}
