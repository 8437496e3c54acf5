"""What is wrong is refused with the right status, code and message, and changes nothing."""

import json
from typing import Any

import pytest

from tests.dataplane.server.conftest import Served

_UPSERT = "/vectors/upsert"


def _vectors(*vectors: dict[str, Any]) -> dict[str, Any]:
    return {"vectors": list(vectors)}


def _vector(**changes: Any) -> dict[str, Any]:
    return {"id": "new", "values": [1, 2, 3, 4]} | changes


_THOUSAND_AND_ONE = _vectors(*[_vector(id=str(n)) for n in range(1001)])
_QUERY = {"topK": 1, "vector": [1, 2, 3, 4]}
_OPERATOR = _QUERY | {"filter": {"kind": {"$regex": "x"}}}

_BAD_BODIES: list[tuple[str, Any, int, int, str]] = [
    (_UPSERT, _vectors(_vector(values=[1, 2, 3])), 400, 3,
     "Vector dimension 3 does not match the dimension of the index 4"),
    (_UPSERT, b'{"vectors":[{"id":"new","values":[1,2,3,NaN]}]}', 400, 3, "not valid JSON"),
    (_UPSERT, b'{"vectors":[{"id":"new","values":[1,2,3,1e39]}]}', 400, 3,
     "vectors[0].values[3] is not a finite number"),
    (_UPSERT, b'{"vectors":[{"id":"new","values":[1,2,3,Infinity]}]}', 400, 3, "not valid JSON"),
    (_UPSERT, _vectors(_vector(values=[0, 0, 0, 0])), 400, 3,
     "Dense vectors must contain at least one non-zero value"),
    (_UPSERT, b'{"vectors":[{"id":"new","values":[1,2,3,4]}', 400, 3, "not valid JSON"),
    (_UPSERT, b"", 400, 3, "not valid JSON"),
    (_UPSERT, b'{"vectors":[{"id":"\xff","values":[1,2,3,4]}]}', 400, 3, "not valid UTF-8"),
    (_UPSERT, _vectors(_vector(metadata={"a": "\ud800"})), 400, 3, "not valid JSON"),
    (_UPSERT, _THOUSAND_AND_ONE, 400, 3, "vectors must hold 1 to 1000 records"),
    (_UPSERT, _vectors(), 400, 3, "vectors must hold 1 to 1000 records"),
    (_UPSERT, _vectors(_vector(id="")), 400, 3, "vectors[0].id must have 1 to 512"),
    (_UPSERT, _vectors(_vector(values=["1", 2, 3, 4])), 400, 3, "vectors[0].values[0]"),
    (_UPSERT, _vectors(_vector(metadata={"a": None})), 400, 3, "it is null"),
    (_UPSERT, _vectors(_vector(metadata={"a": {"b": 1}})), 400, 3, "a nested object"),
    (_UPSERT, _vectors(_vector(metadata={"$a": 1})), 400, 3, "must not start with '$'"),
    (_UPSERT, _vectors(_vector(metadata={"a": "x" * 50_000})), 400, 3, "limit is 40960 bytes"),
    (_UPSERT, _vectors(_vector()) | {"namespace": "é"}, 400, 3, "512 printable ASCII"),
    (_UPSERT, _vectors(_vector(sparseValues={"indices": [1], "values": [1]})), 400, 3,
     "does not support sparse values"),
    (_UPSERT, b" " * 3_145_728, 413, 11,
     "Request size 3145728 bytes exceeds the limit of 2097152 bytes."),
    ("/query", _OPERATOR, 400, 3, "$regex"),
    ("/query", _QUERY | {"filter": {"$and": []}}, 400, 3, "$and"),
    ("/query", _QUERY | {"filter": {"kind": None}}, 400, 3, "kind"),
    ("/query", _QUERY | {"filter": [1]}, 400, 3, "filter: Expected"),
    ("/query", _QUERY | {"topK": 0}, 400, 3, "topK must be between 1 and 10000"),
    ("/query", _QUERY | {"topK": 10_001}, 400, 3, "topK must be between 1 and 10000"),
    ("/query", _QUERY | {"topK": "1"}, 400, 3, "topK: Expected `int`"),
    ("/query", _QUERY | {"id": "a"}, 400, 3, "not both"),
    ("/query", {"topK": 1}, 400, 3, "needs a vector"),
    ("/query", _QUERY | {"queries": [{"values": [1, 2, 3, 4]}]}, 400, 3, "no longer supported"),
    ("/query", {"topK": 1, "sparseVector": {"indices": [1], "values": [1]}}, 400, 3, "vector"),
    ("/vectors/update", {"setMetadata": {"a": 1}}, 400, 3, "either id or filter"),
    ("/vectors/update", {"id": "kept", "values": [1, 2]}, 400, 3, "Vector dimension 2"),
    ("/vectors/update", {"filter": {"a": {"$x": 1}}, "setMetadata": {"a": 1}}, 400, 3, "$x"),
    ("/vectors/delete", {}, 400, 3, "exactly one of ids, deleteAll and filter"),
    ("/vectors/delete", {"ids": ["kept"], "deleteAll": True}, 400, 3, "exactly one"),
    ("/vectors/delete", {"filter": {"kind": {"$x": 1}}}, 400, 3, "$x"),
    ("/vectors/delete", {"ids": [str(n) for n in range(1001)]}, 400, 3, "1 to 1000 ids"),
    ("/vectors/fetch_by_metadata", {"filter": {}}, 400, 3, "at least one condition"),
    ("/vectors/fetch_by_metadata", {"filter": {"a": 1}, "limit": 0}, 400, 3, "between 1 and 10000"),
    ("/vectors/fetch_by_metadata", {"filter": {"a": 1}, "paginationToken": "x"}, 400, 3,
     "paginationToken is not valid"),
    ("/describe_index_stats", {"filter": {"a": 1}}, 400, 3, "cannot be filtered"),
    ("/namespaces", {"name": ""}, 400, 3, "name must have 1 to 512"),
    ("/namespaces", {"name": "n", "schema": {"fields": {"a": {"filterable": False}}}}, 400, 3,
     "filterable must be true"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "code", "message"), _BAD_BODIES)
def test_a_wrong_body_is_refused_and_changes_nothing(
    served: Served, path: str, body: Any, status: int, code: int, message: str
) -> None:
    served.upsert("kept", kind="x")
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = served.client.post(path, content=content)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert message in reply.json()["message"]
    assert reply.json()["details"] == []
    assert reply.headers["x-pinecone-request-id"]
    stats = served.client.get("/describe_index_stats").json()["namespaces"]
    assert stats == {"__default__": {"vectorCount": 1}}
    record = served.client.get("/vectors/fetch?ids=kept").json()["vectors"]["kept"]
    assert (record["values"], record["metadata"]) == ([1, 2, 3, 1], {"kind": "x"})


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/vectors/fetch", 400, 3),
        ("GET", "/vectors/list?limit=101", 400, 3),
        ("GET", "/vectors/list?limit=x", 400, 3),
        ("GET", "/vectors/list?paginationToken=zz", 400, 3),
        ("GET", "/vectors/list?prefix=%ff", 400, 3),
        ("GET", "/namespaces?limit=0", 400, 3),
        ("GET", "/namespaces/missing", 404, 5),
        ("GET", "/namespaces/%ff", 400, 3),
        ("GET", "/nothing", 404, 5),
        ("PUT", "/query", 405, 5),
        ("PATCH", "/vectors/upsert", 405, 5),
        ("POST", "/records/namespaces/x/search", 404, 5),
        ("POST", "/namespaces/x/documents/search", 404, 5),
    ],
)
def test_a_wrong_route_or_parameter_is_refused(
    served: Served, method: str, path: str, status: int, code: int
) -> None:
    reply = served.client.request(method, path)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_a_body_that_grows_too_large_is_refused_while_it_comes(served: Served) -> None:
    chunks = (b" " * 65_536 for _ in range(64))
    reply = served.client.post("/query", content=chunks)
    assert (reply.status_code, reply.json()["code"]) == (413, 11)
    assert served.client.get("/describe_index_stats").status_code == 200


def test_a_body_of_exactly_the_limit_is_read(served: Served) -> None:
    body = json.dumps(_QUERY).encode()
    reply = served.client.post("/query", content=body + b" " * (2_097_152 - len(body)))
    assert reply.status_code == 200


@pytest.mark.parametrize("version", ["2023-01", "latest", "2026-07-01"])
def test_an_unknown_version_is_refused(served: Served, version: str) -> None:
    reply = served.client.get("/namespaces", headers={"x-pinecone-api-version": version})
    assert (reply.status_code, reply.json()["code"]) == (400, 3)
    assert "Unknown API version" in reply.json()["message"]


@pytest.mark.parametrize(
    "version",
    ["2024-07", "2024-10", "2025-01", "2025-04", "2025-10", "2026-01.alpha", "2026-04", "2026-07",
     "unstable"],
)  # fmt: skip
def test_every_known_version_is_served(served: Served, version: str) -> None:
    reply = served.client.get("/describe_index_stats", headers={"x-pinecone-api-version": version})
    assert reply.status_code == 200
