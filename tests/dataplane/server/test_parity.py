"""REST and gRPC accept and refuse the same things, with the same answers.

Each program runs over REST on one index and over gRPC on its twin. The JSON form of a message is
the REST body, so each call is written once.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import grpc
import httpx
import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from protocol.versions import NAMES
from tests.support.dataplane import DataPlane

Body = dict[str, Any]
Step = tuple[str, Body]

_POSTED = {
    "Upsert": "/vectors/upsert",
    "Query": "/query",
    "FetchByMetadata": "/vectors/fetch_by_metadata",
    "Update": "/vectors/update",
    "Delete": "/vectors/delete",
    "DescribeIndexStats": "/describe_index_stats",
    "CreateNamespace": "/namespaces",
}
_GOT = {"Fetch": "/vectors/fetch", "List": "/vectors/list", "ListNamespaces": "/namespaces"}
_REPLIES = {
    "Delete": pb.DeleteResponse,
    "DeleteNamespace": pb.DeleteResponse,
    "CreateNamespace": pb.NamespaceDescription,
    "DescribeNamespace": pb.NamespaceDescription,
}
_LSN_HEADERS = (
    "x-pinecone-request-lsn", "x-pinecone-lsn-committed",
    "x-pinecone-max-indexed-lsn", "x-pinecone-lsn-reconciled",
)  # fmt: skip
_KINDS: dict[str, dict[str, Any]] = {
    "dense": {},
    "hybrid": {"metric": "dotproduct"},
    "euclidean": {"metric": "euclidean"},
    "sparse": {"dimension": None, "metric": "dotproduct"},
    "pod": {"is_pod": True},
}


@dataclass
class Answer:
    """`code` is the gRPC code, 0 for success."""

    code: int
    message: str
    reply: Message | None
    headers: dict[str, str]


@dataclass
class Twins:
    """Two indexes alike: `rest` is called over REST only, `grpc` over gRPC only."""

    rest: UUID
    grpc: UUID
    client: httpx.Client
    stub: VectorServiceStub
    key: str

    def both(self, method: str, body: Body, version: str | None = None) -> tuple[Answer, Answer]:
        return self._over_rest(method, body, version), self._over_grpc(method, body, version)

    def _over_rest(self, method: str, body: Body, version: str | None) -> Answer:
        reply = self.client.request(
            *_route(method, body),
            headers={"x-stonepine-index": str(self.rest)} | _versioned(version),
            json=body if method in _POSTED else None,
            params=None if method in _POSTED else _params(body),
        )
        told = reply.json()
        headers = {name: reply.headers[name] for name in _LSN_HEADERS if name in reply.headers}
        if not reply.is_success:
            assert told["details"] == []
            return Answer(told["code"], told["message"], None, headers)
        # Stands there in both spellings, of which a message has one.
        told.pop("memory_fullness", None)
        told.pop("storage_fullness", None)
        return Answer(0, "", ParseDict(told, _kind_of_reply(method)()), headers)

    def _over_grpc(self, method: str, body: Body, version: str | None) -> Answer:
        metadata = {"x-stonepine-index": str(self.grpc), "api-key": self.key} | _versioned(version)
        request = ParseDict(body, getattr(pb, f"{method}Request")())
        call = getattr(self.stub, method)
        try:
            reply, answered = call.with_call(request, metadata=list(metadata.items()))
        except grpc.RpcError as error:
            number: int = error.code().value[0]
            return Answer(number, error.details(), None, {})
        told = {item.key: item.value for item in answered.initial_metadata()}
        headers = {name: told[name] for name in _LSN_HEADERS if name in told}
        return Answer(0, "", reply, headers)


def _route(method: str, body: Body) -> tuple[str, str]:
    if method in _POSTED:
        return "POST", _POSTED[method]
    if method in _GOT:
        return "GET", _GOT[method]
    verb = "GET" if method == "DescribeNamespace" else "DELETE"
    return verb, f"/namespaces/{quote(body['namespace'], safe='')}"


def _params(body: Body) -> list[tuple[str, str]]:
    pairs = ((key, value if isinstance(value, list) else [value]) for key, value in body.items())
    return [(key, str(item)) for key, values in pairs for item in values]


def _versioned(version: str | None) -> dict[str, str]:
    return {} if version is None else {"x-pinecone-api-version": version}


def _kind_of_reply(method: str) -> type[Message]:
    found: type[Message] = _REPLIES.get(method) or getattr(pb, f"{method}Response")
    return found


@pytest.fixture(scope="module")
def twins(plane: DataPlane) -> Iterator[dict[str, Twins]]:
    """A pair of each kind, with the same records."""
    project = plane.project()
    key = plane.api_key(project).value
    with plane.client(key=key) as client, plane.channel() as channel:
        stub = VectorServiceStub(channel)
        pairs = {
            kind: Twins(
                plane.index(project, **shape), plane.index(project, **shape), client, stub, key
            )
            for kind, shape in _KINDS.items()
        }
        for kind, pair in pairs.items():
            for rest, over_grpc in [pair.both("Upsert", body) for body in _seed(kind)]:
                assert (rest.code, over_grpc.code) == (0, 0), (rest, over_grpc)
        yield pairs


def _seed(kind: str) -> list[Body]:
    return [
        {"vectors": [_record(kind, number) for number in range(12)], "namespace": namespace}
        for namespace in ("", "films")
    ]


def _record(kind: str, number: int) -> Body:
    record: Body = {"id": f"r{number:02}"}
    if kind != "sparse":
        record["values"] = [number + 1, 2, -3, 0.1]
    if kind in {"hybrid", "sparse"}:
        record["sparseValues"] = {"indices": [number, 2**32 - 1], "values": [0.1, number + 1]}
    if number % 3:
        record["metadata"] = {"year": 2000 + number, "tags": ["a", f"t{number % 2}"], "seen": True}
    return record


_V = [1, 2, 3, 4]
_SPARSE = {"indices": [1, 3], "values": [0.5, 2]}
_LONG = "x" * 513

# What only reads, of each kind of index.
_READS: list[Step] = [
    ("Query", {"topK": 3, "vector": _V}),
    ("Query", {"topK": 3, "vector": _V, "namespace": "films"}),
    ("Query", {"topK": 3, "vector": _V, "namespace": "__default__"}),
    ("Query", {"topK": 3, "vector": _V, "namespace": "missing"}),
    ("Query", {"topK": 3, "vector": _V, "includeValues": True, "includeMetadata": True}),
    ("Query", {"topK": 3, "vector": _V, "sparseVector": _SPARSE, "includeValues": True}),
    ("Query", {"topK": 3, "sparseVector": _SPARSE, "includeValues": True}),
    ("Query", {"topK": 10_000, "id": "r03", "includeMetadata": True}),
    ("Query", {"topK": 1, "id": "missing"}),
    ("Query", {"topK": 1, "id": _LONG}),
    ("Query", {"topK": 1, "id": "r03", "vector": _V}),
    ("Query", {"topK": 1}),
    ("Query", {"topK": 0, "vector": _V}),
    ("Query", {"topK": 10_001, "vector": _V}),
    ("Query", {"topK": 1, "vector": [1, 2, 3]}),
    ("Query", {"topK": 1, "vector": [0, 0, 0, 0]}),
    ("Query", {"topK": 1, "vector": _V, "queries": [{"values": _V}]}),
    ("Query", {"topK": 1, "vector": _V, "scanFactor": 0.5, "maxCandidates": 100_000}),
    ("Query", {"topK": 1, "vector": _V, "scanFactor": 0.25}),
    ("Query", {"topK": 1, "vector": _V, "scanFactor": 4.5}),
    ("Query", {"topK": 1, "vector": _V, "maxCandidates": 0}),
    ("Query", {"topK": 1, "vector": _V, "maxCandidates": 100_001}),
    ("Query", {"topK": 1, "vector": _V, "namespace": "é"}),
    ("Query", {"topK": 1, "vector": _V, "namespace": _LONG}),
    ("Query", {"topK": 1, "vector": _V, "sparseVector": {"indices": [1], "values": []}}),
    ("Query", {"topK": 1, "vector": _V, "sparseVector": {"indices": [1, 1], "values": [1, 2]}}),
    *[
        ("Query", {"topK": 12, "vector": _V, "filter": condition})
        for condition in (
            {}, {"year": 2004}, {"year": {"$gte": 2004, "$lt": 2008}}, {"tags": {"$in": ["t1"]}},
            {"$or": [{"seen": True}, {"year": {"$exists": False}}]}, {"seen": {"$ne": True}},
            {"year": {"$regex": "x"}}, {"year": None}, {"tags": ["a"]}, {"$and": []},
            {"year": {"$gt": "2004"}}, {"a": {"b": {"c": 1}}}, {"$nor": [{"year": 1}]},
            {"year": {"$in": []}}, {"year": {"$exists": 1}}, {"year": {}},
        )
    ],
    ("Fetch", {"ids": ["r01", "missing", "r01", "r00"]}),
    ("Fetch", {"ids": ["r01"], "namespace": "films"}),
    ("Fetch", {"ids": []}),
    ("Fetch", {"ids": [""]}),
    ("Fetch", {"ids": ["é"]}),
    ("Fetch", {"ids": [str(number) for number in range(1001)]}),
    ("FetchByMetadata", {"filter": {"year": {"$gt": 2004}}}),
    ("FetchByMetadata", {"filter": {"seen": True}, "limit": 2, "namespace": "films"}),
    ("FetchByMetadata", {"filter": {"seen": True}, "limit": 0}),
    ("FetchByMetadata", {"filter": {"seen": True}, "limit": 10_001}),
    ("FetchByMetadata", {"filter": {"seen": True}, "paginationToken": "wrong"}),
    ("FetchByMetadata", {"filter": {}}),
    ("FetchByMetadata", {}),
    ("List", {}),
    ("List", {"prefix": "r1", "limit": 1, "namespace": "films"}),
    ("List", {"prefix": "é"}),
    ("List", {"limit": 0}),
    ("List", {"limit": 101}),
    ("List", {"paginationToken": "wrong"}),
    ("List", {"namespace": "missing"}),
    ("DescribeIndexStats", {}),
    ("DescribeIndexStats", {"filter": {}}),
    ("DescribeIndexStats", {"filter": {"year": {"$gt": 2004}}}),
    ("DescribeIndexStats", {"filter": {"year": {"$regex": "x"}}}),
    ("ListNamespaces", {}),
    ("ListNamespaces", {"limit": 1}),
    ("ListNamespaces", {"prefix": "fi"}),
    ("ListNamespaces", {"prefix": "__"}),
    ("ListNamespaces", {"limit": 101}),
    ("DescribeNamespace", {"namespace": "films"}),
    ("DescribeNamespace", {"namespace": "__default__"}),
    ("DescribeNamespace", {"namespace": "missing"}),
]  # fmt: skip

_NEW = {"id": "new", "values": _V}

# What writes, in this order: each step sees what those before it have left.
_WRITES: list[Step] = [
    ("Upsert", {"vectors": []}),
    ("Upsert", {"vectors": [_NEW, _NEW | {"values": [4, 3, 2, 1]}], "namespace": "w"}),
    ("Upsert", {"vectors": [_NEW | {"metadata": {"n": 1, "s": "x", "l": ["y"], "b": False}}]}),
    ("Upsert", {"vectors": [_NEW | {"id": ""}]}),
    ("Upsert", {"vectors": [_NEW | {"id": "é"}]}),
    ("Upsert", {"vectors": [_NEW | {"id": _LONG}]}),
    ("Upsert", {"vectors": [{"id": "new"}]}),
    ("Upsert", {"vectors": [_NEW | {"values": [1, 2, 3]}]}),
    ("Upsert", {"vectors": [_NEW | {"values": [0, 0, 1e-9, 0]}]}),
    ("Upsert", {"vectors": [_NEW | {"sparseValues": _SPARSE}]}),
    ("Upsert", {"vectors": [{"id": "new", "sparseValues": _SPARSE}]}),
    ("Upsert", {"vectors": [_NEW | {"sparseValues": {"indices": [1], "values": [1, 2]}}]}),
    *[
        ("Upsert", {"vectors": [_NEW | {"metadata": metadata}]})
        for metadata in (
            {"a": None}, {"a": {"b": 1}}, {"a": [1]}, {"$a": 1}, {"": 1}, {"é_": "ü"},
            {"a": "x" * 40_950}, {"a": "x" * 40_960}, {"a": 1e300}, {"a": 2**53}, {"a": -0.5},
        )
    ],
    ("Upsert", {"vectors": [_NEW] * 1001}),
    ("Upsert", {"vectors": [_NEW], "namespace": "a/b c?"}),
    ("Upsert", {"vectors": [_NEW], "namespace": _LONG}),
    ("Update", {"id": "r01", "setMetadata": {"year": 1, "more": "x"}}),
    ("Update", {"id": "r01", "values": [9, 8, 7, 6]}),
    ("Update", {"id": "r01", "sparseValues": _SPARSE}),
    ("Update", {"id": "r01"}),
    ("Update", {"id": "missing", "setMetadata": {"year": 1}}),
    ("Update", {"id": "r01", "setMetadata": {"year": None}}),
    ("Update", {"id": "r01", "values": [0, 0, 0, 0]}),
    ("Update", {"id": "r01", "filter": {"year": 1}, "setMetadata": {"a": 1}}),
    ("Update", {"id": "r01", "setMetadata": {"a": 1}, "dryRun": True}),
    ("Update", {"filter": {"seen": True}, "setMetadata": {"a": 1}, "dryRun": True}),
    ("Update", {"filter": {"seen": True}, "dryRun": True}),
    ("Update", {"filter": {"seen": True}, "setMetadata": {"a": 1}}),
    ("Update", {"filter": {"seen": True}}),
    ("Update", {"filter": {"seen": True}, "values": _V}),
    ("Update", {"filter": {}, "setMetadata": {"a": 1}}),
    ("Update", {"filter": {"year": {"$x": 1}}, "setMetadata": {"a": 1}}),
    ("Update", {"filter": {"seen": True}, "setMetadata": {"a": 1}, "namespace": "missing"}),
    ("Update", {"setMetadata": {"a": 1}}),
    ("Delete", {"ids": ["r02", "missing"]}),
    ("Delete", {"filter": {"year": {"$gt": 2010}}}),
    ("Delete", {"filter": {}}),
    ("Delete", {"filter": {"year": {"$x": 1}}}),
    ("Delete", {}),
    ("Delete", {"ids": ["r03"], "deleteAll": True}),
    ("Delete", {"ids": ["r03"], "deleteAll": False}),
    ("Delete", {"ids": ["r04"], "namespace": "missing"}),
    ("Delete", {"ids": ["é"]}),
    ("Delete", {"deleteAll": True, "namespace": "missing"}),
    ("Delete", {"deleteAll": True, "namespace": "w"}),
    ("CreateNamespace", {"name": "made", "schema": {"fields": {"year": {"filterable": True}}}}),
    ("CreateNamespace", {"name": "made"}),
    ("CreateNamespace", {"name": "bare"}),
    ("CreateNamespace", {"name": "__default__"}),
    ("CreateNamespace", {"name": ""}),
    ("CreateNamespace", {}),
    ("CreateNamespace", {"name": "é"}),
    ("CreateNamespace", {"name": "n", "schema": {"fields": {"a": {"filterable": False}}}}),
    ("CreateNamespace", {"name": "n", "schema": {"fields": {"$a": {"filterable": True}}}}),
    ("CreateNamespace", {"name": "empty", "schema": {"fields": {}}}),
    ("DescribeNamespace", {"namespace": "made"}),
    ("ListNamespaces", {}),
    ("DeleteNamespace", {"namespace": "made"}),
    ("DeleteNamespace", {"namespace": "made"}),
    ("DeleteNamespace", {"namespace": "a/b c?"}),
    ("DeleteNamespace", {"namespace": "__default__"}),
    ("DescribeIndexStats", {}),
    ("List", {}),
    ("List", {"namespace": "films"}),
    ("FetchByMetadata", {"filter": {"a": {"$exists": True}}, "namespace": "films"}),
]  # fmt: skip


def _is_alike(rest: Answer, over_grpc: Answer) -> bool:
    for answer in (rest, over_grpc):
        usage = getattr(answer.reply, "usage", None)
        if usage is not None and usage.HasField("egress_bytes"):
            # How many bytes a reply has depends on its form.
            usage.ClearField("egress_bytes")
    return (rest.code, rest.message, rest.reply) == (
        over_grpc.code, over_grpc.message, over_grpc.reply,
    ) and (rest.code != 0 or rest.headers == over_grpc.headers)  # fmt: skip


def _differences(pair: Twins, steps: list[Step], version: str | None = None) -> list[str]:
    found = []
    for method, body in steps:
        rest, over_grpc = pair.both(method, body, version)
        if not _is_alike(rest, over_grpc):
            found.append(f"{method} {json.dumps(body)[:300]}\n  {rest}\n  {over_grpc}")
    return found


@pytest.mark.parametrize("kind", _KINDS)
def test_reads_are_answered_alike(twins: dict[str, Twins], kind: str) -> None:
    differences = _differences(twins[kind], _READS)
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("version", [*NAMES.values(), "2020-01", "x" * 100])
def test_every_version_is_answered_alike(twins: dict[str, Twins], version: str) -> None:
    differences = _differences(twins["hybrid"], _READS[::5], version)
    assert not differences, "\n".join(differences)


@pytest.mark.parametrize("kind", _KINDS)
def test_writes_leave_the_same_behind(plane: DataPlane, kind: str) -> None:
    project = plane.project()
    key = plane.api_key(project).value
    shape = _KINDS[kind]
    with plane.client(key=key) as client, plane.channel() as channel:
        pair = Twins(
            plane.index(project, **shape), plane.index(project, **shape),
            client, VectorServiceStub(channel), key,
        )  # fmt: skip
        differences = _differences(pair, [("Upsert", body) for body in _seed(kind)] + _WRITES)
    assert not differences, "\n".join(differences)


def test_the_table_tries_what_is_taken_and_what_is_refused(twins: dict[str, Twins]) -> None:
    codes = {twins["dense"].both(*step)[0].code for step in _READS}
    assert codes == {0, 3, 5}


@pytest.mark.parametrize(
    ("condition", "counts"), [({"year": {"$gt": 2004}}, [5, 5]), ({"seen": True}, [8, 8])]
)
def test_stats_of_a_pod_count_what_matches(
    twins: dict[str, Twins], condition: Body, counts: list[int]
) -> None:
    for answer in twins["pod"].both("DescribeIndexStats", {"filter": condition}):
        assert isinstance(answer.reply, pb.DescribeIndexStatsResponse)
        assert [one.vector_count for one in answer.reply.namespaces.values()] == counts
        assert answer.reply.total_vector_count == 24


@pytest.mark.parametrize(("who", "code"), [("stranger", 16), ("foreigner", 5), ("viewer", 7)])
def test_who_may_not_is_refused_alike(
    plane: DataPlane, twins: dict[str, Twins], who: str, code: int
) -> None:
    ours = plane.project()
    keys = {
        "stranger": "pcsk_wrong",
        "foreigner": plane.api_key(plane.project()).value,
        "viewer": plane.api_key(ours, "ProjectViewer").value,
    }
    with plane.client(key=keys[who]) as client:
        pair = Twins(plane.index(ours), plane.index(ours), client, twins["dense"].stub, keys[who])
        for method, body in [
            ("Upsert", {"vectors": [_NEW]}), ("Upsert", {"vectors": []}),
            ("Update", {"id": "a"}), ("Delete", {"deleteAll": True}),
            ("CreateNamespace", {"name": "n"}), ("DeleteNamespace", {"namespace": "n"}),
        ]:  # fmt: skip
            rest, over_grpc = pair.both(method, body)
            assert (rest.code, rest.message) == (over_grpc.code, over_grpc.message)
            assert rest.code == code, rest
