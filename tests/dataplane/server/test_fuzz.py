"""Nothing that anybody sends to an index makes it fail, crash or grow.

Requests come from our own description (docs/vector-api.openapi.yaml), valid and not, and from valid
messages whose bytes went wrong. `STONEPINE_NIGHTLY=1` sends many more, with other seeds.
"""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
import schemathesis
import yaml
from schemathesis.generation import GenerationMode

from dataplane.front.operations import OPERATIONS
from protocol.v1 import vector_service_pb2 as pb
from tests.dataplane.server.conftest import Served
from tests.support.fuzzing import examples, mutated, seeded, try_all

_DESCRIPTION = Path(__file__).parents[3] / "docs" / "vector-api.openapi.yaml"
_RAW = yaml.safe_load(_DESCRIPTION.read_text())
# The index here has four dimensions: else nearly all vectors would be refused for their length.
_RAW["components"]["schemas"]["Values"] |= {"minItems": 4, "maxItems": 4}
_SCHEMA = schemathesis.openapi.from_dict(_RAW)
_DESCRIBED = {
    f"{found.ok().method.upper()} {found.ok().path}": found.ok()
    for found in _SCHEMA.get_all_operations()
}
_CASES = examples(usual=15, nightly=1500)
_MUTATIONS = examples(usual=60, nightly=20_000)
_MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
_FAILED = {
    grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS, grpc.StatusCode.DEADLINE_EXCEEDED,
}  # fmt: skip
_MIB = 1024 * 1024


def test_every_route_is_described() -> None:
    routes = {
        f"{route.method} {route.path}" for operation in OPERATIONS for route in operation.routes
    }
    assert set(_DESCRIBED) == routes


@pytest.fixture
def unharmed(served: Served) -> Any:
    """After the test the same processes serve, and the record is as it was."""
    plane = served.plane
    served.upsert("kept", namespace="safe")
    pids = [plane.pid(name) for name in ("engine", "front")]
    yield served
    assert [plane.pid(name) for name in ("engine", "front")] == pids
    assert all(psutil.Process(pid).is_running() for pid in pids)
    assert served.upsert("after").status_code == 200


@pytest.mark.parametrize("mode", _MODES, ids=lambda mode: str(mode.value))
@pytest.mark.parametrize("route", _DESCRIBED)
def test_no_described_request_fails(unharmed: Served, route: str, mode: GenerationMode) -> None:
    operation = _DESCRIBED[route]

    def send(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="http://index")
        reply = unharmed.client.request(
            sent["method"], sent["url"], params=sent.get("params"), json=sent.get("json"),
            content=sent.get("data"),
        )  # fmt: skip
        assert reply.status_code < 500, (sent, reply.text)
        if not reply.is_success:
            assert set(reply.json()) == {"code", "message", "details"}, (sent, reply.text)
        assert reply.headers["x-pinecone-request-id"]

    try_all(operation.as_strategy(generation_mode=mode), send, count=_CASES)


_STRUCT = {"year": 2020, "tags": ["a", "b"], "seen": True, "name": "x" * 40}
_VECTOR = {"id": "a", "values": [1, 2, 3, 4], "metadata": _STRUCT}


def _valid() -> dict[str, bytes]:
    filtered: Any = {"year": {"$gte": 2000}, "$or": [{"seen": True}, {"tags": {"$in": ["a"]}}]}
    upsert = pb.UpsertRequest(namespace="n")
    for number in range(3):
        vector = upsert.vectors.add(id=f"r{number}", values=[1, 2, 3, number])
        vector.metadata.update(_STRUCT)
    query = pb.QueryRequest(top_k=5, vector=[1, 2, 3, 4], namespace="n", include_values=True)
    query.filter.update(filtered)
    by_metadata = pb.FetchByMetadataRequest(limit=5)
    by_metadata.filter.update(filtered)
    update = pb.UpdateRequest(id="r1", values=[4, 3, 2, 1], namespace="n")
    update.set_metadata.update(_STRUCT)
    update_many = pb.UpdateRequest(dry_run=True)
    update_many.filter.update(filtered)
    schema = pb.CreateNamespaceRequest(name="made")
    schema.schema.fields["year"].filterable = True
    messages = {
        "Upsert": upsert,
        "Query": query,
        "Fetch": pb.FetchRequest(ids=["r1", "r2"], namespace="n"),
        "FetchByMetadata": by_metadata,
        "List": pb.ListRequest(prefix="r", limit=10, namespace="n"),
        "Update": update,
        "Delete": pb.DeleteRequest(ids=["r1"], namespace="n"),
        "DescribeIndexStats": pb.DescribeIndexStatsRequest(),
        "ListNamespaces": pb.ListNamespacesRequest(limit=10),
        "CreateNamespace": schema,
        "DescribeNamespace": pb.DescribeNamespaceRequest(namespace="n"),
        "DeleteNamespace": pb.DeleteNamespaceRequest(namespace="other"),
    }
    return {name: message.SerializeToString() for name, message in messages.items()}


def _code_of(call: Callable[[], Any]) -> grpc.StatusCode:
    try:
        call()
    except grpc.RpcError as error:
        found: grpc.StatusCode = error.code()  # type: ignore[attr-defined] # stubs do not know
        return found
    return grpc.StatusCode.OK


def _send_mutated(served: Served, chance: random.Random, count: int) -> None:
    """To every method in turn, over gRPC."""
    valid = _valid()
    others = list(valid.values())
    metadata = [("x-stonepine-index", str(served.index_id)), ("api-key", served.key.value)]
    with served.plane.channel() as channel:
        for number in range(count):
            method = list(valid)[number % len(valid)]
            content = mutated(valid[method], chance, others)
            call = channel.unary_unary(f"/VectorService/{method}")
            code = _code_of(partial(call, content, metadata=metadata, timeout=30))
            assert code not in _FAILED, (chance, method, content.hex())


def test_no_mutated_message_fails(unharmed: Served) -> None:
    _send_mutated(unharmed, seeded(7), 12 * _MUTATIONS)


def test_no_mutated_body_fails(unharmed: Served) -> None:
    chance = seeded(8)
    bodies = {
        "/vectors/upsert": b'{"vectors":[{"id":"a","values":[1,2,3,4],"metadata":{"a":["x"]}}]}',
        "/query": b'{"topK":3,"vector":[1e3,2,-3,4],"filter":{"$or":[{"a":{"$in":["x"]}}]}}',
        "/vectors/update": b'{"id":"a","setMetadata":{"year":2020,"seen":true}}',
        "/vectors/delete": b'{"ids":["b"],"namespace":"n"}',
        "/vectors/fetch_by_metadata": b'{"filter":{"a":{"$exists":true}},"limit":10}',
        "/namespaces": b'{"name":"n","schema":{"fields":{"a":{"filterable":true}}}}',
    }
    others = list(bodies.values())
    for number in range(6 * _MUTATIONS):
        path = list(bodies)[number % len(bodies)]
        content = mutated(bodies[path], chance, others)
        reply = unharmed.client.post(path, content=content)
        assert reply.status_code < 500, (chance, path, content, reply.text)


@pytest.mark.nightly
def test_memory_stays_flat(served: Served) -> None:
    """Of front and engine, once both have seen everything that they allocate for good."""
    processes = [psutil.Process(served.plane.pid(name)) for name in ("engine", "front")]
    _send_mutated(served, random.Random(1), 20_000)
    before = [one.memory_info().rss for one in processes]
    _send_mutated(served, random.Random(1), 100_000)
    grown = [one.memory_info().rss - old for one, old in zip(processes, before, strict=True)]
    assert max(grown) < 32 * _MIB, [round(one / _MIB) for one in grown]
