"""Every route of both faces, tried with every kind of key that must not pass."""

from datetime import timedelta

import grpc
import pytest

from access import keys
from access.permissions import Permission
from dataplane.front.operations import OPERATIONS, Operation
from kit import clock
from kit.ids import new_id
from tests.dataplane.server.conftest import Served
from tests.support.waiting import wait_until

_ROUTES = [
    (operation, route.method, route.path.replace("{namespace}", "n"))
    for operation in OPERATIONS
    for route in operation.routes
]
_BAD_KEYS = ["none", "empty", "garbage", "wrong secret", "wrong checksum", "revoked", "expired"]


def _key(served: Served, kind: str) -> str | None:
    """The value of a key that is not valid (any more)."""
    plane, project = served.plane, served.project
    if kind in {"none", "empty", "garbage"}:
        return {"none": None, "empty": "", "garbage": "pcsk_garbage"}[kind]
    key = plane.api_key(
        project, expires_at=clock.now() - timedelta(seconds=1) if kind == "expired" else None
    )
    if kind == "revoked":
        plane.revoke(key)
    if kind == "wrong secret":
        other = keys.mint(keys.SecretKind.API_KEY)
        return _with_public_id(other, key.public_id)
    if kind == "wrong checksum":
        return key.value[:-1] + ("0" if key.value[-1] != "0" else "1")
    return key.value


def _with_public_id(other: keys.PlainKey, public_id: str) -> str:
    """A well-formed key that names a stored one but has another secret."""
    body = other.value[:-6].replace(other.public_id, public_id)
    return body + keys._checksum(body)


def _headers(key: str | None) -> dict[str, str]:
    return {} if key is None else {"api-key": key}


@pytest.fixture(params=_BAD_KEYS)
def bad_key(served: Served, request: pytest.FixtureRequest) -> str | None:
    return _key(served, request.param)


def test_no_route_opens_without_a_valid_key(served: Served, bad_key: str | None) -> None:
    with served.plane.client(served.index_id) as client:
        for _, method, path in _ROUTES:
            reply = client.request(method, path, headers=_headers(bad_key), content=b"{broken")
            assert reply.status_code == 401, (method, path)
            assert reply.json() == {"code": 16, "message": "Invalid API key.", "details": []}


def test_no_method_opens_without_a_valid_key(served: Served, bad_key: str | None) -> None:
    with served.plane.channel() as channel:
        for operation in OPERATIONS:
            error = _call(channel, operation, served, bad_key)
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED, operation.name
            assert error.details() == "Invalid API key."


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("ProjectEditor", {Permission.DATA_READ, Permission.DATA_WRITE}),
        ("ProjectViewer", {Permission.DATA_READ}),
        ("DataPlaneEditor", {Permission.DATA_READ, Permission.DATA_WRITE}),
        ("DataPlaneViewer", {Permission.DATA_READ}),
        ("ControlPlaneEditor", set()),
        ("ControlPlaneViewer", set()),
        ("NobodyKnowsThisRole", set()),
    ],
)
def test_a_role_opens_what_it_carries_and_nothing_else(
    served: Served, role: str, may: set[Permission]
) -> None:
    served.upsert("a", namespace="n")
    key = served.plane.api_key(served.project, role).value
    with served.plane.client(served.index_id, key) as client, served.plane.channel() as channel:
        for operation, method, path in _ROUTES:
            # A body that can be refused only after the right was found.
            reply = client.request(method, path, content=b"{broken")
            is_open = operation.permission in may
            assert (reply.status_code != 403) is is_open, (role, method, path)
            if not is_open:
                assert reply.json()["code"] == 7
                assert str(operation.permission) in reply.json()["message"]
            if operation.name != "DeleteNamespace" and not is_open:
                error = _call(channel, operation, served, key)
                assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    expected = [] if Permission.DATA_WRITE in may else ["a"]
    assert served.ids("n") == expected  # DELETE /namespaces/n takes no body


def test_a_foreign_index_and_a_missing_one_answer_alike(served: Served) -> None:
    stranger = served.plane.api_key(served.plane.project()).value
    sibling = served.plane.api_key(served.plane.project(org_id=served.project.org_id)).value
    for key in (stranger, sibling):
        for _, method, path in _ROUTES:
            foreign, missing = (
                _answer(served, index_id, key, method, path)
                for index_id in (served.index_id, new_id())
            )
            assert foreign[0] == 404
            assert foreign == missing
    with served.plane.channel() as channel:
        for operation in OPERATIONS:
            error = _call(channel, operation, served, stranger)
            assert error.code() is grpc.StatusCode.NOT_FOUND
            assert error.details() == "Index not found."


def _answer(
    served: Served, index_id: object, key: str, method: str, path: str
) -> tuple[int, bytes, dict[str, str]]:
    with served.plane.client(index_id, key) as client:
        reply = client.request(method, path, content=b"{}")
    own = {"x-pinecone-request-id", "x-pinecone-request-latency-ms"}
    return reply.status_code, reply.content, {
        name: value for name, value in reply.headers.items() if name not in own
    }  # fmt: skip


def test_a_revoked_key_stops_within_a_second(served: Served) -> None:
    assert served.client.get("/namespaces").status_code == 200
    served.plane.revoke(served.key)
    wait_until(
        lambda: served.client.get("/namespaces").status_code == 401,
        timeout_s=1,
        what="the revoked key is refused",
    )


def test_a_revoked_key_stops_even_when_the_notice_is_lost(served: Served) -> None:
    assert served.client.get("/namespaces").status_code == 200
    statement = "UPDATE dataplane_api_key SET revoked_at = now() WHERE public_id = %s RETURNING 1"
    served.plane.rows(statement, [served.key.public_id])
    served.plane.rows("UPDATE dataplane_version SET version = version + 1 RETURNING 1")
    wait_until(
        lambda: served.client.get("/namespaces").status_code == 401,
        timeout_s=1.5,
        what="the revoked key is refused",
    )


def test_a_key_expires_by_itself_while_it_is_cached(served: Served) -> None:
    key = served.plane.api_key(served.project, expires_at=clock.now() + timedelta(seconds=1.5))
    with served.plane.client(served.index_id, key.value) as client:
        assert client.get("/namespaces").status_code == 200
        wait_until(
            lambda: client.get("/namespaces").status_code == 401, timeout_s=3, what="it expires"
        )


def test_a_new_key_opens_although_it_was_refused_before(served: Served) -> None:
    key = keys.mint(keys.SecretKind.API_KEY)
    with served.plane.client(served.index_id, key.value) as client:
        assert client.get("/namespaces").status_code == 401
        pepper_id, pepper = served.plane.keyring.current_pepper()
        served.plane._change(
            "INSERT INTO dataplane_api_key VALUES (%s, %s, %s, %s, %s, %s, NULL, NULL)",
            [key.public_id, served.project.org_id, served.project.project_id,
             keys.digest(key, pepper), pepper_id, ["ProjectEditor"]],
        )  # fmt: skip
        wait_until(
            lambda: client.get("/namespaces").status_code == 200, timeout_s=2, what="it opens"
        )


def test_a_key_may_come_as_a_bearer_token(served: Served) -> None:
    with served.plane.client(served.index_id) as client:
        headers = {"authorization": f"Bearer {served.key.value}"}
        assert client.get("/namespaces", headers=headers).status_code == 200


@pytest.mark.parametrize("value", [b"\xff\xfe", b"x" * 5000, b"pcsk_\xc3\xa9"])
def test_a_key_of_strange_bytes_is_refused(served: Served, value: bytes) -> None:
    with served.plane.client(served.index_id) as client:
        assert client.get("/namespaces", headers={b"api-key": value}).status_code == 401


def test_a_service_account_secret_is_no_key_of_the_data_plane(served: Served) -> None:
    secret = keys.mint(keys.SecretKind.SERVICE_ACCOUNT)
    with served.plane.client(served.index_id, secret.value) as client:
        assert client.get("/namespaces").status_code == 401


def test_a_deleted_index_is_gone_within_a_second(served: Served) -> None:
    served.upsert("a")
    served.plane.delete_index(served.index_id)
    wait_until(
        lambda: served.client.get("/namespaces").status_code == 404, timeout_s=1, what="it is gone"
    )


def test_no_secret_reaches_the_logs(served: Served) -> None:
    secret = served.key.value.split("_")[2]
    served.client.get("/namespaces")
    assert secret not in served.plane.logs()


def _call(
    channel: grpc.Channel, operation: Operation, served: Served, key: str | None
) -> grpc.RpcError:
    metadata = [("x-stonepine-index", str(served.index_id)), *_headers(key).items()]
    with pytest.raises(grpc.RpcError) as refusal:
        channel.unary_unary(f"/VectorService/{operation.name}")(b"\xff", metadata=metadata)
    return refusal.value
