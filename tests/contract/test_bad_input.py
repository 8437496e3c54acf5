"""Bad input over plain HTTP: the right status, code and words, and nothing is changed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.stack import Stack
from tests.support.wire import Wire, dense_index

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

GOOD = {"id": "good", "values": [1.0, 2.0, 3.0]}


def upsert(*values: Any) -> bytes:
    return json.dumps({"vectors": [{"id": "bad", "values": list(values)}]}).encode()


def many(count: int) -> bytes:
    return json.dumps({"vectors": [GOOD | {"id": f"bad-{n}"} for n in range(count)]}).encode()


def query(condition: Any) -> bytes:
    return json.dumps({"topK": 1, "vector": [1, 2, 3], "filter": condition}).encode()


UPSERT, QUERY = "/vectors/upsert", "/query"

# path, body, HTTP status, gRPC code, words that the message must hold
DATA_PLANE = {
    "wrong dimension": (UPSERT, upsert(1, 2), 400, 3, ["dimension", "2", "3"]),
    "NaN": (UPSERT, upsert(1, float("nan"), 3), 400, 3, []),
    "infinity": (UPSERT, upsert(1, float("inf"), 3), 400, 3, []),
    "over float32": (UPSERT, upsert(1, 1e39, 3), 400, 3, ["vectors[0].values[1]"]),
    "3 MB body": (UPSERT, b" " * 3_145_728, 413, 11, ["3145728", "2097152"]),
    "unknown operator": (QUERY, query({"a": {"$near": 1}}), 400, 3, ["$near"]),
    "1001 vectors": (UPSERT, many(1001), 400, 3, ["1001", "1000"]),
    "broken JSON": (UPSERT, b'{"vectors": [', 400, 3, []),
    "invalid UTF-8": (UPSERT, b'{"vectors": [{"id": "\xff\xfe"}]}', 400, 3, []),
    "wrong type": (UPSERT, b'{"vectors": 7}', 400, 3, ["vectors"]),
    "null in metadata": (
        UPSERT,
        json.dumps({"vectors": [GOOD | {"id": "bad", "metadata": {"a": None}}]}).encode(),
        400, 3, ["a"],
    ),
    "empty id": (UPSERT, json.dumps({"vectors": [GOOD | {"id": ""}]}).encode(), 400, 3, ["id"]),
    "zero top_k": (QUERY, b'{"topK": 0, "vector": [1, 2, 3]}', 400, 3, ["topK"]),
    "zero vector": (UPSERT, upsert(0, 0, 0), 400, 3, ["zero"]),
    "no selector": ("/vectors/delete", b"{}", 400, 3, []),
}  # fmt: skip

# change to a good body, HTTP status, code, words
CONTROL_PLANE: dict[str, tuple[dict[str, Any] | bytes, int, str, list[str]]] = {
    "dot in the name": ({"name": "a.b"}, 400, "INVALID_ARGUMENT", ["alphanumeric"]),
    "capital in the name": ({"name": "Abc"}, 400, "INVALID_ARGUMENT", ["alphanumeric"]),
    "name of 46": ({"name": "a" * 46}, 400, "INVALID_ARGUMENT", ["45"]),
    "unknown cloud": (
        {"deployment": {"deployment_type": "managed", "cloud": "nimbus", "region": "r"}},
        404, "NOT_FOUND", ["nimbus"],
    ),
    "dimension 0": (
        {"schema": {"fields": {"_values": {"type": "dense_vector", "dimension": 0,
                                           "metric": "cosine"}}}},
        400, "INVALID_ARGUMENT", ["dimension"],
    ),
    "dimension 20001": (
        {"schema": {"fields": {"_values": {"type": "dense_vector", "dimension": 20_001,
                                           "metric": "cosine"}}}},
        400, "INVALID_ARGUMENT", ["dimension"],
    ),
    "unknown metric": (
        {"schema": {"fields": {"_values": {"type": "dense_vector", "dimension": 3,
                                           "metric": "hamming"}}}},
        400, "INVALID_ARGUMENT", ["metric"],
    ),
    "unknown key": ({"colour": "red"}, 422, "UNPROCESSABLE_ENTITY", ["colour"]),
    "broken JSON": (b'{"name": ', 400, "INVALID_ARGUMENT", ["JSON"]),
    "invalid UTF-8": (b'{"name": "\xff"}', 400, "INVALID_ARGUMENT", []),
    "3 MB body": (b" " * 3_145_728, 413, "PAYLOAD_TOO_LARGE", ["1048576"]),
}  # fmt: skip


@pytest.mark.parametrize("case", DATA_PLANE)
def test_the_data_plane_refuses(open_index: Callable[..., Wire], case: str) -> None:
    path, body, status, code, words = DATA_PLANE[case]
    index = open_index(dimension=3)
    assert index.post(UPSERT, {"vectors": [GOOD]}).status == 200
    before = index.post("/describe_index_stats", {}).json()

    reply = index.post(path, body)

    assert (reply.status, reply.json()["code"]) == (status, code), reply
    assert [word for word in words if word not in reply.json()["message"]] == [], reply
    assert reply.request_id
    assert index.post("/describe_index_stats", {}).json() == before
    assert index.get("/vectors/fetch?ids=bad&ids=bad-1").json()["vectors"] == {}


@pytest.mark.parametrize("case", CONTROL_PLANE)
def test_the_control_plane_refuses(api: Wire, name: str, case: str) -> None:
    change, status, code, words = CONTROL_PLANE[case]
    body = change if isinstance(change, bytes) else dense_index(name) | change
    before = api.get("/indexes").json()

    reply = api.post("/indexes", body)

    error = reply.json()["error"]
    assert (reply.status, reply.json()["status"], error["code"]) == (status, status, code), reply
    assert [word for word in words if word not in error["message"]] == [], reply
    assert "Traceback" not in reply.body.decode()
    assert reply.request_id
    assert api.get("/indexes").json() == before


@pytest.mark.parametrize("version", ["2024-01", "banana", "2099-01"])
def test_an_unknown_api_version_is_refused_on_both_planes(
    stack: Stack, api: Wire, open_index: Callable[..., Wire], version: str
) -> None:
    asked = {"X-Pinecone-Api-Version": version}
    control_reply = api.get("/indexes", headers=asked)
    assert (control_reply.status, control_reply.json()["error"]["code"]) == (
        400,
        "INVALID_ARGUMENT",
    )
    data_reply = open_index().post("/describe_index_stats", {}, headers=asked)
    assert (data_reply.status, data_reply.json()["code"]) == (400, 3)
    assert version in data_reply.json()["message"]


@pytest.mark.parametrize("path", ["/nowhere", "/indexes/a/b/c", "/i/nobody/query"])
def test_an_unknown_route_is_answered_in_the_planes_own_shape(api: Wire, path: str) -> None:
    reply = api.get(path)
    assert reply.status == 404
    assert "error" in reply.json() or reply.json()["code"] == 5
