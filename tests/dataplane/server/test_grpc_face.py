"""Every operation over gRPC, through the generated stub."""

from typing import Any

import grpc
import pytest

from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from tests.dataplane.server.conftest import Served


class Caller:
    """The stub with the index's metadata on every call."""

    def __init__(self, stub: VectorServiceStub, *metadata: tuple[str, str]) -> None:
        self._stub = stub
        self._metadata = metadata

    def __getattr__(self, method: str) -> Any:
        return lambda request: getattr(self._stub, method)(request, metadata=self._metadata)


@pytest.fixture
def caller(served: Served, stub: VectorServiceStub) -> Caller:
    return Caller(stub, ("x-stonepine-index", str(served.index_id)), ("api-key", served.key.value))


def _vector(id_: str, *values: float, **metadata: Any) -> pb.Vector:
    vector = pb.Vector(id=id_, values=values or [1, 2, 3, 4])
    if metadata:
        vector.metadata.update(metadata)
    return vector


def test_records_go_in_and_come_back(caller: Caller) -> None:
    request = pb.UpsertRequest(vectors=[_vector("a", 1, 0, 0, 0.1, year=2020), _vector("b")])
    assert caller.Upsert(request).upserted_count == 2
    query = pb.QueryRequest(
        top_k=1, vector=[1, 0, 0, 0], include_values=True, include_metadata=True
    )
    query.filter.update({"year": {"$gte": 2000}})
    reply = caller.Query(query)
    assert [match.id for match in reply.matches] == ["a"]
    assert list(reply.matches[0].values) == pytest.approx([1, 0, 0, 0.1])
    assert reply.matches[0].metadata["year"] == 2020
    assert reply.usage.read_units == 1
    fetched = caller.Fetch(pb.FetchRequest(ids=["a", "x"]))
    assert list(fetched.vectors) == ["a"]


def test_both_faces_see_the_same(served: Served, caller: Caller) -> None:
    served.upsert("a", kind="x")
    caller.Upsert(pb.UpsertRequest(vectors=[_vector("b", kind="x", n=1)]))
    assert served.ids() == [item.id for item in caller.List(pb.ListRequest()).vectors]
    record = served.client.get("/vectors/fetch?ids=b").json()["vectors"]["b"]
    assert record["metadata"] == {"kind": "x", "n": 1}


def test_lists_come_in_pages(caller: Caller) -> None:
    caller.Upsert(pb.UpsertRequest(vectors=[_vector(f"a{n}") for n in range(3)]))
    first = caller.List(pb.ListRequest(prefix="a", limit=2))
    second = caller.List(pb.ListRequest(limit=2, pagination_token=first.pagination.next))
    assert [item.id for item in [*first.vectors, *second.vectors]] == ["a0", "a1", "a2"]
    assert not second.HasField("pagination")


def test_updates_and_deletes(caller: Caller) -> None:
    caller.Upsert(pb.UpsertRequest(vectors=[_vector("a", kind="x"), _vector("b", kind="y")]))
    update = pb.UpdateRequest(id="a", values=[4, 3, 2, 1])
    update.set_metadata.update({"kind": "z"})
    assert caller.Update(update).matched_records == 1
    by_filter = pb.UpdateRequest()
    by_filter.filter.update({"kind": "y"})
    by_filter.set_metadata.update({"kind": "z"})
    assert caller.Update(by_filter).matched_records == 1
    find = pb.FetchByMetadataRequest(limit=1)
    find.filter.update({"kind": "z"})
    page = caller.FetchByMetadata(find)
    assert list(page.vectors) == ["a"]
    assert page.pagination.next
    caller.Delete(pb.DeleteRequest(ids=["a"]))
    assert [item.id for item in caller.List(pb.ListRequest()).vectors] == ["b"]
    caller.Delete(pb.DeleteRequest(delete_all=True))
    assert not caller.List(pb.ListRequest()).vectors


def test_namespaces_and_stats(caller: Caller) -> None:
    create = pb.CreateNamespaceRequest(name="n")
    create.schema.fields["genre"].filterable = True
    assert caller.CreateNamespace(create).schema.fields["genre"].filterable
    caller.Upsert(pb.UpsertRequest(vectors=[_vector("a")], namespace="n"))
    described = caller.DescribeNamespace(pb.DescribeNamespaceRequest(namespace="n"))
    assert described.record_count == 1
    listed = caller.ListNamespaces(pb.ListNamespacesRequest())
    assert [one.name for one in listed.namespaces] == ["n"]
    stats = caller.DescribeIndexStats(pb.DescribeIndexStatsRequest())
    assert (stats.namespaces["n"].vector_count, stats.dimension) == (1, 4)
    caller.DeleteNamespace(pb.DeleteNamespaceRequest(namespace="n"))
    with pytest.raises(grpc.RpcError) as refusal:
        caller.DescribeNamespace(pb.DescribeNamespaceRequest(namespace="n"))
    assert refusal.value.code() is grpc.StatusCode.NOT_FOUND


def test_lsns_stand_in_the_metadata(served: Served, stub: VectorServiceStub) -> None:
    metadata = [("x-stonepine-index", str(served.index_id)), ("api-key", served.key.value)]
    request = pb.UpsertRequest(vectors=[_vector("a")])
    _, call = stub.Upsert.with_call(request, metadata=metadata)
    initial = dict(call.initial_metadata())
    assert (initial["x-pinecone-request-lsn"], initial["x-pinecone-lsn-committed"]) == ("1", "1")
    assert len(initial["x-pinecone-request-id"]) == 32
    _, call = stub.Query.with_call(pb.QueryRequest(top_k=1, id="a"), metadata=metadata)
    assert dict(call.initial_metadata())["x-pinecone-max-indexed-lsn"] == "1"
    assert dict(call.initial_metadata())["x-stonepine-path"] == "memtable=1"


def _nan() -> pb.UpsertRequest:
    return pb.UpsertRequest(vectors=[_vector("a", 1, float("nan"), 3, 4)])


@pytest.mark.parametrize(
    ("method", "request_", "code", "message"),
    [
        ("Upsert", _nan(), "INVALID_ARGUMENT", "vectors[0].values[1] is not a finite number"),
        ("Upsert", pb.UpsertRequest(), "INVALID_ARGUMENT", "1 to 1000 records"),
        ("Query", pb.QueryRequest(top_k=1, vector=[1]), "INVALID_ARGUMENT", "dimension 1 does not"),
        ("Query", pb.QueryRequest(vector=[1, 1, 1, 1]), "INVALID_ARGUMENT", "topK must be between"),
        ("Fetch", pb.FetchRequest(), "INVALID_ARGUMENT", "1 to 1000 ids"),
        ("Delete", pb.DeleteRequest(), "INVALID_ARGUMENT", "exactly one"),
        (
            "Upsert",
            pb.UpsertRequest(vectors=[_vector("a" * 500, *([0.1] * 600_000))]),
            "OUT_OF_RANGE",
            "exceeds the limit of 2097152 bytes",
        ),
    ],
)
def test_wrong_requests_are_refused(
    caller: Caller, method: str, request_: Any, code: str, message: str
) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        getattr(caller, method)(request_)
    assert refusal.value.code().name == code
    assert message in refusal.value.details()
    assert dict(refusal.value.trailing_metadata())["x-pinecone-request-id"]


def test_what_is_no_message_is_refused(served: Served) -> None:
    with served.plane.channel() as channel:
        call = channel.unary_unary("/VectorService/Query")
        metadata = [("x-stonepine-index", str(served.index_id)), ("api-key", served.key.value)]
        with pytest.raises(grpc.RpcError) as refusal:
            call(b"\x0a\xff\xff", metadata=metadata)
    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
