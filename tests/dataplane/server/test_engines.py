"""Several engines on one machine: each index has its own, and others do not notice its troubles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from cli.embedded.postgres import EmbeddedPostgres
from cli.memory import held_memory
from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from tests.dataplane.server.conftest import Served, serve
from tests.support.dataplane import DataPlane, running_data_plane
from tests.support.waiting import wait_until

_VECTOR = {"values": [1, 2, 3, 4]}
_QUERY: dict[str, Any] = {"vector": [1, 2, 3, 4], "topK": 1}


@pytest.fixture(scope="module")
def twins(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataPlane]:
    folder: Path = tmp_path_factory.mktemp("dp")
    with running_data_plane(postgres_server, folder, engines=2) as running:
        yield running


def holder(served: Served) -> str:
    """The number of the engine that holds the index's lease."""
    [(name,)] = served.plane.rows(
        "SELECT holder FROM log_lease WHERE index_id = %s", [served.index_id]
    )
    return str(name).split("/")[1]


def test_an_engine_that_is_gone_takes_down_its_own_indexes_only(twins: DataPlane) -> None:
    with serve(twins, 0) as first, serve(twins, 1) as second:
        first.upsert("a")
        second.upsert("b")
        assert (holder(first), holder(second)) == ("0", "1")
        twins.kill("engine-1")
        first.upsert("c")
        assert first.ids() == ["a", "c"]
        twins.start_engine(1)
        assert second.ids() == ["b"]
        second.upsert("d")
        assert second.ids() == ["b", "d"]


def test_an_index_that_moves_is_followed_by_both_faces(twins: DataPlane) -> None:
    with serve(twins, 0) as served, twins.channel() as channel:
        served.upsert("a")
        twins.move(served.index_id, 1)

        def is_followed() -> bool:
            body = {"vectors": [{"id": "b", **_VECTOR}]}
            is_written = served.post("/vectors/upsert", body).status_code == 200
            return is_written and holder(served) == "1"

        wait_until(is_followed, timeout_s=60, what="the other engine writes")
        assert served.ids() == ["a", "b"]
        metadata = [("api-key", served.key.value), ("x-stonepine-index", str(served.index_id))]
        stats = VectorServiceStub(channel).DescribeIndexStats(
            pb.DescribeIndexStatsRequest(), metadata=metadata
        )
        assert stats.total_vector_count == 2


def test_a_paused_index_answers_nobody_and_has_everything_afterwards(twins: DataPlane) -> None:
    with serve(twins, 0) as served, twins.channel() as channel:
        served.upsert("a")
        metadata = [("api-key", served.key.value), ("x-stonepine-index", str(served.index_id))]
        twins.move(served.index_id)
        wait_until(lambda: refusal(served, "/query", _QUERY) == 412, timeout_s=60, what="paused")
        assert refusal(served, "/vectors/upsert", {"vectors": [{"id": "b", **_VECTOR}]}) == 412
        query = pb.QueryRequest(vector=_QUERY["vector"], top_k=1)
        with pytest.raises(grpc.RpcError) as refused:
            VectorServiceStub(channel).Query(query, metadata=metadata)
        assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "0 replicas" in refused.value.details()
        wait_until(
            lambda: str(served.index_id) not in held_indexes(twins),
            timeout_s=60, what="the engine let go of it",
        )  # fmt: skip
        twins.move(served.index_id, 1)
        wait_until(lambda: refusal(served, "/query", _QUERY) == 200, timeout_s=60, what="resumed")
        assert served.ids() == ["a"]
        served.upsert("b")


def refusal(served: Served, path: str, body: object) -> int:
    return served.post(path, body).status_code


def held_indexes(plane: DataPlane) -> set[str]:
    """Of engine 0."""
    run_dir = plane.engine_socket(0).parent
    return {str(one.index_id) for one in held_memory(run_dir) if one.engine == "node-engine"}


def test_use_of_all_engines_is_reported(twins: DataPlane) -> None:
    with serve(twins, 0) as first, serve(twins, 1) as second:
        for served in (first, second):
            served.upsert("a")

        def is_reported() -> bool:
            rows = twins.rows(
                "SELECT count(*) FROM billing_usage WHERE index_id = ANY(%s) AND last_bytes > 0",
                [[first.index_id, second.index_id]],
            )
            return rows == [(2,)]

        wait_until(is_reported, timeout_s=60, what="both indexes' bytes are told")
