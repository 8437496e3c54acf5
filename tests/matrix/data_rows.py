"""The matrix' rows of the Vector API: REST routes and RPCs, what they need, what a probe gets."""

from dataclasses import dataclass
from typing import Any

from tests.matrix.reference import DATA_READ, DATA_WRITE


@dataclass(frozen=True, slots=True)
class RestRow:
    """`allowed` is the status for who holds the right; the body changes nothing.

    `effective` is one that would change something: keys of other namespaces are refused it.
    `is_of_all_namespaces`: keys of chosen ones may not change it, whichever these are.
    """

    right: str
    allowed: int
    body: Any = None
    effective: Any = None
    is_of_all_namespaces: bool = False


@dataclass(frozen=True, slots=True)
class RpcRow:
    """The same with messages; the numbers are google.rpc.Code."""

    right: str
    allowed: int
    message: bytes = b""
    effective: bytes = b""


_OK, _INVALID, _NOT_FOUND = 0, 3, 5
_ABSENT = b"\x0a\x06absent"  # the namespace of that name
_TOO_SHORT = {"vectors": [{"id": "a", "values": [1.0]}]}
_RECORD = {"id": "a", "values": [1, 2, 3, 4]}
_A = b"\x0a\x01a"  # the record of that id
_VECTOR = _A + b"\x12\x10" + b"\x00\x00\x80\x3f" * 4  # with values

REST: dict[str, RestRow] = {
    "POST /vectors/upsert": RestRow(DATA_WRITE, 400, _TOO_SHORT, {"vectors": [_RECORD]}),
    "POST /query": RestRow(DATA_READ, 200, {"vector": [1, 2, 3, 4], "topK": 1}),
    "GET /vectors/fetch": RestRow(DATA_READ, 400),
    "POST /vectors/fetch_by_metadata": RestRow(DATA_READ, 200, {"filter": {"a": {"$eq": 1}}}),
    "GET /vectors/list": RestRow(DATA_READ, 200),
    "POST /vectors/update": RestRow(DATA_WRITE, 400, {}, _RECORD),
    "POST /vectors/delete": RestRow(DATA_WRITE, 400, {}, {"ids": ["a"]}),
    "DELETE /vectors/delete": RestRow(DATA_WRITE, 400, {}, {"ids": ["a"]}),
    "POST /describe_index_stats": RestRow(DATA_READ, 200, {}),
    "GET /describe_index_stats": RestRow(DATA_READ, 200),
    "GET /namespaces": RestRow(DATA_READ, 200),
    "POST /namespaces": RestRow(DATA_WRITE, 400, {}, {"name": "absent"}),
    "GET /namespaces/{namespace}": RestRow(DATA_READ, 404),
    "DELETE /namespaces/{namespace}": RestRow(DATA_WRITE, 404),
    "POST /bulk/imports": RestRow(
        DATA_WRITE, 400, {}, {"uri": "s3://bucket/folder"}, is_of_all_namespaces=True
    ),
    "GET /bulk/imports": RestRow(DATA_READ, 200),
    "GET /bulk/imports/{id}": RestRow(DATA_READ, 404),
    "DELETE /bulk/imports/{id}": RestRow(DATA_WRITE, 404, is_of_all_namespaces=True),
}

RPC: dict[str, RpcRow] = {
    "Upsert": RpcRow(DATA_WRITE, _INVALID, effective=b"\x0a\x15" + _VECTOR),
    "Query": RpcRow(DATA_READ, _INVALID),
    "Fetch": RpcRow(DATA_READ, _INVALID),
    "FetchByMetadata": RpcRow(DATA_READ, _INVALID),
    "List": RpcRow(DATA_READ, _OK),
    "Update": RpcRow(DATA_WRITE, _INVALID, effective=_VECTOR),
    "Delete": RpcRow(DATA_WRITE, _INVALID, effective=_A),
    "DescribeIndexStats": RpcRow(DATA_READ, _OK),
    "ListNamespaces": RpcRow(DATA_READ, _OK),
    "CreateNamespace": RpcRow(DATA_WRITE, _INVALID, effective=_ABSENT),
    "DescribeNamespace": RpcRow(DATA_READ, _NOT_FOUND, _ABSENT),
    "DeleteNamespace": RpcRow(DATA_WRITE, _NOT_FOUND, _ABSENT),
}
