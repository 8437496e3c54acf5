"""What both faces note of each operation, as it arrives in PostgreSQL."""

from typing import Any

import grpc
import pytest

from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from tests.dataplane.server.conftest import Served
from tests.support.waiting import wait_until


def activity(served: Served) -> dict[str, tuple[int, int, dict[str, int]]]:
    """By operation: requests, answered in time measured, errors; of all time."""
    rows = served.plane.rows(
        "SELECT operation, requests, histogram, errors, took_us FROM metrics_activity"
        " WHERE index_id = %s AND span_s = 0",
        [served.index_id],
    )
    assert all(bool(row[2]) == (row[4] > 0) for row in rows)
    return {row[0]: (row[1], sum(row[2].values()), row[3]) for row in rows}


def wait_for_activity(served: Served, expected: dict[str, Any]) -> None:
    wait_until(lambda: activity(served) == expected, timeout_s=20, what=f"{expected}")


def test_requests_their_durations_and_errors_are_noted_by_both_faces(
    served: Served, stub: VectorServiceStub
) -> None:
    served.upsert("a", "b")
    for _ in range(3):
        served.post("/query", {"topK": 1, "id": "a"})
    served.post("/query", {"topK": 0, "id": "a"})
    served.client.get("/nothing")
    with served.plane.client(served.index_id, "pcsk_wrong") as stranger:
        assert stranger.post("/query", json={"topK": 1, "id": "a"}).status_code == 401
    metadata = (("x-stonepine-index", str(served.index_id)), ("api-key", served.key.value))
    stub.Query(pb.QueryRequest(top_k=1, id="a"), metadata=metadata, timeout=20)
    with pytest.raises(grpc.RpcError):
        stub.Query(pb.QueryRequest(top_k=0, id="a"), metadata=metadata, timeout=20)
    wait_for_activity(served, {"Upsert": (1, 1, {}), "Query": (6, 4, {"INVALID_ARGUMENT": 2})})
    levels = "SELECT DISTINCT records, size_bytes > 0 FROM metrics_level WHERE index_id = %s"
    wait_until(
        lambda: served.plane.rows(levels, [served.index_id]) == [(2, True)],
        timeout_s=20,
        what="records and bytes",
    )
