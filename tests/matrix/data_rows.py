"""The matrix' rows of the Vector API: REST routes and RPCs, what they need, what a probe gets."""

from dataclasses import dataclass
from typing import Any

from tests.matrix.reference import DATA_READ, DATA_WRITE


@dataclass(frozen=True, slots=True)
class RestRow:
    """`allowed` is the status for who holds the right; the body changes nothing."""

    right: str
    allowed: int
    body: Any = None


@dataclass(frozen=True, slots=True)
class RpcRow:
    """`allowed` is the message's status by who holds the right; the numbers are google.rpc.Code."""

    right: str
    allowed: int
    message: bytes = b""


_OK, _INVALID, _NOT_FOUND = 0, 3, 5
_ABSENT = b"\x0a\x06absent"  # the namespace of that name
_TOO_SHORT = {"vectors": [{"id": "a", "values": [1.0]}]}

REST: dict[str, RestRow] = {
    "POST /vectors/upsert": RestRow(DATA_WRITE, 400, _TOO_SHORT),
    "POST /query": RestRow(DATA_READ, 200, {"vector": [1, 2, 3, 4], "topK": 1}),
    "GET /vectors/fetch": RestRow(DATA_READ, 400),
    "POST /vectors/fetch_by_metadata": RestRow(DATA_READ, 200, {"filter": {"a": {"$eq": 1}}}),
    "GET /vectors/list": RestRow(DATA_READ, 200),
    "POST /vectors/update": RestRow(DATA_WRITE, 400, {}),
    "POST /vectors/delete": RestRow(DATA_WRITE, 400, {}),
    "DELETE /vectors/delete": RestRow(DATA_WRITE, 400, {}),
    "POST /describe_index_stats": RestRow(DATA_READ, 200, {}),
    "GET /describe_index_stats": RestRow(DATA_READ, 200),
    "GET /namespaces": RestRow(DATA_READ, 200),
    "POST /namespaces": RestRow(DATA_WRITE, 400, {}),
    "GET /namespaces/{namespace}": RestRow(DATA_READ, 404),
    "DELETE /namespaces/{namespace}": RestRow(DATA_WRITE, 404),
}

RPC: dict[str, RpcRow] = {
    "Upsert": RpcRow(DATA_WRITE, _INVALID),
    "Query": RpcRow(DATA_READ, _INVALID),
    "Fetch": RpcRow(DATA_READ, _INVALID),
    "FetchByMetadata": RpcRow(DATA_READ, _INVALID),
    "List": RpcRow(DATA_READ, _OK),
    "Update": RpcRow(DATA_WRITE, _INVALID),
    "Delete": RpcRow(DATA_WRITE, _INVALID),
    "DescribeIndexStats": RpcRow(DATA_READ, _OK),
    "ListNamespaces": RpcRow(DATA_READ, _OK),
    "CreateNamespace": RpcRow(DATA_WRITE, _INVALID),
    "DescribeNamespace": RpcRow(DATA_READ, _NOT_FOUND, _ABSENT),
    "DeleteNamespace": RpcRow(DATA_WRITE, _NOT_FOUND, _ABSENT),
}
