"""Keys at every route of both planes: wrong, revoked, under-privileged, and somebody else's."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest

from access import keys
from kit.ids import new_id
from tests.support.stack import Stack
from tests.support.tenants import Tenants, tenants_of
from tests.support.waiting import wait_until
from tests.support.wire import Reply, Wire, control, dense_index, ready_index

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

READ, WRITE = "read", "write"
# method, path, right; auth is decided before a body is read, so none needs a good one
DATA_ROUTES = [
    ("POST", "/vectors/upsert", WRITE),
    ("POST", "/query", READ),
    ("GET", "/vectors/fetch?ids=a", READ),
    ("POST", "/vectors/fetch_by_metadata", READ),
    ("GET", "/vectors/list", READ),
    ("POST", "/vectors/update", WRITE),
    ("POST", "/vectors/delete", WRITE),
    ("POST", "/describe_index_stats", READ),
    ("GET", "/describe_index_stats", READ),
    ("GET", "/namespaces", READ),
    ("POST", "/namespaces", WRITE),
    ("GET", "/namespaces/a", READ),
    ("DELETE", "/namespaces/a", WRITE),
]
GRPC_METHODS = [
    ("Upsert", WRITE), ("Query", READ), ("Fetch", READ), ("FetchByMetadata", READ), ("List", READ),
    ("Update", WRITE), ("Delete", WRITE), ("DescribeIndexStats", READ), ("ListNamespaces", READ),
    ("DescribeNamespace", READ), ("CreateNamespace", WRITE), ("DeleteNamespace", WRITE),
]  # fmt: skip
CONTROL_ROUTES = [
    ("GET", "/indexes", READ),
    ("POST", "/indexes", WRITE),
    ("GET", "/indexes/nobody", READ),
    ("PATCH", "/indexes/nobody", WRITE),
    ("DELETE", "/indexes/nobody", WRITE),
]
MAY: dict[str, dict[str, set[str]]] = {
    "ProjectEditor": {"control": {READ, WRITE}, "data": {READ, WRITE}},
    "ProjectViewer": {"control": {READ}, "data": {READ}},
    "ControlPlaneEditor": {"control": {READ, WRITE}, "data": set()},
    "ControlPlaneViewer": {"control": {READ}, "data": set()},
    "DataPlaneEditor": {"control": set(), "data": {READ, WRITE}},
    "DataPlaneViewer": {"control": set(), "data": {READ}},
}
BROKEN = b"{"


@pytest.fixture(scope="module")
def tenants(stack: Stack) -> Tenants:
    return tenants_of(stack)


@pytest.fixture(scope="module")
def host(stack: Stack) -> Iterator[str]:
    """An index of the first project that these tests share."""
    with control(stack.api_url, stack.api_key) as api:
        yield ready_index(api, dense_index("guarded", dimension=3))
        api.request("DELETE", "/indexes/guarded")


def useless_keys(tenants: Tenants) -> dict[str, str | None]:
    genuine = tenants.by_role["ProjectEditor"]
    return {
        "none": None,
        "empty": "",
        "garbage": "garbage",
        "mistyped": genuine[:-1] + ("0" if genuine[-1] != "0" else "1"),
        "never issued": keys.mint(keys.SecretKind.API_KEY).value,
        "revoked": tenants.revoked,
        "expired": tenants.expired,
    }


@pytest.mark.parametrize(("method", "path", "right"), DATA_ROUTES)
def test_data_routes_refuse_keys_that_are_none(
    tenants: Tenants, host: str, method: str, path: str, right: str
) -> None:
    for what, key in useless_keys(tenants).items():
        with Wire(host, api_key=key) as index:
            reply = index.request(method, path, BROKEN)
        assert (reply.status, reply.json()["code"]) == (401, 16), (what, reply)
        assert reply.json()["message"] == "Invalid API key."


@pytest.mark.parametrize(("method", "path", "right"), DATA_ROUTES)
def test_data_routes_ask_for_the_right(
    tenants: Tenants, host: str, method: str, path: str, right: str
) -> None:
    for role, may in MAY.items():
        with Wire(host, api_key=tenants.by_role[role]) as index:
            reply = index.request(method, path, BROKEN)
        if right in may["data"]:
            assert reply.status in {200, 400, 404}, (role, reply)
        else:
            assert (reply.status, reply.json()["code"]) == (403, 7), (role, reply)


@pytest.mark.parametrize(("method", "right"), GRPC_METHODS)
def test_grpc_methods_ask_for_a_key_and_the_right(
    tenants: Tenants, host: str, method: str, right: str
) -> None:
    with grpc.insecure_channel(host.removeprefix("http://")) as channel:
        for what, key in useless_keys(tenants).items():
            assert grpc_code(channel, method, key) is grpc.StatusCode.UNAUTHENTICATED, what
        for role, may in MAY.items():
            code = grpc_code(channel, method, tenants.by_role[role])
            is_refused = code is grpc.StatusCode.PERMISSION_DENIED
            assert is_refused is (right not in may["data"]), (role, code)


@pytest.mark.parametrize(("method", "path", "right"), CONTROL_ROUTES)
def test_control_routes_refuse_keys_that_are_none(
    stack: Stack, tenants: Tenants, method: str, path: str, right: str
) -> None:
    for what, key in useless_keys(tenants).items():
        with control(stack.api_url, key, version="2026-04") as api:
            reply = api.request(method, path, BROKEN)
        assert (reply.status, reply.json()["error"]["code"]) == (401, "UNAUTHENTICATED"), what
        with control(stack.api_url, key) as api:
            assert (api.request(method, path, BROKEN).body, what) == (b"Invalid API key", what)


@pytest.mark.parametrize(("method", "path", "right"), CONTROL_ROUTES)
def test_control_routes_ask_for_the_right(
    stack: Stack, tenants: Tenants, host: str, method: str, path: str, right: str
) -> None:
    """Who may, asks for what is not there; who may not, is refused what is."""
    for role, may in MAY.items():
        is_allowed = right in may["control"]
        asked = path if is_allowed else path.replace("nobody", "guarded")
        body = {"tags": {"a": "b"}} if method == "PATCH" else dense_index("guarded")
        with control(stack.api_url, tenants.by_role[role]) as api:
            reply = api.request(method, asked, None if method in {"GET", "DELETE"} else body)
        if is_allowed:
            assert reply.status in {200, 404, 409}, (role, reply)
        else:
            assert reply.status == 403, (role, reply)
            assert reply.json()["error"]["code"] in {"FORBIDDEN", "PERMISSION_DENIED"}


@pytest.mark.parametrize("whose", ["other_project", "other_organization"])
@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in DATA_ROUTES])
def test_a_foreign_index_and_a_missing_one_answer_alike_to_data_calls(
    stack: Stack, tenants: Tenants, host: str, whose: str, method: str, path: str
) -> None:
    key = getattr(tenants, whose)
    foreign_id = index_id(stack, host)
    missing = ask(f"{stack.api_url}/i/{new_id()}", key, method, path)
    assert missing.status == 404
    for url in (f"{stack.api_url}/i/{foreign_id}", host):
        foreign = ask(url, key, method, path)
        assert foreign.without_request_id() == missing.without_request_id()


@pytest.mark.parametrize("whose", ["other_project", "other_organization"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_foreign_index_and_a_missing_one_answer_alike_to_control_calls(
    stack: Stack, tenants: Tenants, host: str, whose: str, method: str
) -> None:
    with control(stack.api_url, getattr(tenants, whose)) as api:
        foreign = api.request(method, "/indexes/guarded", {"tags": {"a": "b"}})
        missing = api.request(method, "/indexes/missing", {"tags": {"a": "b"}})
        assert foreign.status == 404
        assert foreign.without_request_id() == (
            missing.status,
            missing.without_request_id()[1].replace(b"missing", b"guarded"),
        )
        assert "guarded" not in api.get("/indexes").body.decode()


def test_a_name_that_somebody_else_uses_is_free(stack: Stack, tenants: Tenants, host: str) -> None:
    with control(stack.api_url, tenants.other_organization) as api:
        created = api.post("/indexes", dense_index("guarded", dimension=3))
        assert created.status == 201
        assert created.json()["host"] != host
        api.request("DELETE", "/indexes/guarded")


def test_a_revoked_key_stops_within_a_second_on_both_planes(stack: Stack, host: str) -> None:
    own = tenants_of(stack)
    key = own.by_role["ProjectEditor"]
    with Wire(host, api_key=key) as index, control(stack.api_url, key) as api:
        assert index.post("/describe_index_stats", {}).status == 200
        assert api.get("/indexes").status == 200
        own.revoke(key)
        revoked = time.monotonic()
        wait_until(
            lambda: index.post("/describe_index_stats", {}).status == 401,
            timeout_s=2, what="the data plane refuses the key",
        )  # fmt: skip
        assert time.monotonic() - revoked < 1.0
        assert api.get("/indexes").status == 401


def test_a_client_cannot_name_the_index_itself(
    stack: Stack, tenants: Tenants, host: str, open_index: Callable[..., Wire]
) -> None:
    """The gateway's own header, sent from outside, changes nothing."""
    foreign_id = index_id(stack, host)
    other = open_index(dimension=5)
    for header in ("x-stonepine-index", "X-Stonepine-Index"):
        reply = other.post("/describe_index_stats", {}, headers={header: foreign_id})
        assert reply.json()["dimension"] == 5
    with Wire(stack.api_url, api_key=stack.api_key) as base:
        reply = base.post("/describe_index_stats", {}, headers={"x-stonepine-index": foreign_id})
        assert reply.status in {401, 404, 405}


def ask(url: str, key: str, method: str, path: str) -> Reply:
    with Wire(url, api_key=key) as index:
        return index.request(method, path, BROKEN)


def index_id(stack: Stack, host: str) -> str:
    """From the gateway's listeners: ids are no part of the public API."""
    port = int(host.rsplit(":", 1)[1])
    published: Any = json.loads((stack.home / "gateway" / "listeners.json").read_text())
    for listener in published["resources"]:
        text = json.dumps(listener)
        if re.search(rf'"port_value": ?{port}\b', text):
            found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)
            assert found is not None
            return found[0]
    raise AssertionError(f"no listener on port {port}")


def grpc_code(channel: grpc.Channel, method: str, key: str | None) -> grpc.StatusCode:
    call = channel.unary_unary(f"/VectorService/{method}")
    try:
        call(b"\xff", metadata=[] if key is None else [("api-key", key)], timeout=10)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK
