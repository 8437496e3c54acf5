"""An index whose queries several engines answer together answers as one on a single engine."""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from cli.embedded.postgres import EmbeddedPostgres
from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from tests.dataplane.server.conftest import Served
from tests.support.dataplane import DataPlane, running_data_plane
from tests.support.waiting import wait_until

_IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
_METRICS = ("cosine", "dotproduct", "euclidean") if _IS_NIGHTLY else ("cosine", "euclidean")
_STEPS = 300 if _IS_NIGHTLY else 48
_GENRES = ("noir", "western", "drama")


@pytest.fixture(scope="module")
def twins(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataPlane]:
    folder: Path = tmp_path_factory.mktemp("dp")
    settings = {"STONEPINE_SEGMENT_MAX_RECORDS": "40"}
    with running_data_plane(postgres_server, folder, engines=2, **settings) as running:
        yield running


def served(plane: DataPlane, metric: str, *engines: int, shards: int) -> Served:
    project = plane.project()
    index_id = plane.index(project, metric=metric, engines=engines, shards=shards)
    key = plane.api_key(project)
    return Served(plane, project, index_id, key, plane.client(index_id, key.value))


def build(one: Served) -> None:
    for (namespace_id,) in one.plane.rows(
        "SELECT namespace_id FROM log_namespace WHERE index_id = %s", [one.index_id]
    ):
        one.plane.build_segments(one.index_id, namespace_id)


def queried(one: Served, body: dict[str, Any]) -> tuple[Any, str]:
    """The answer without what differs between indexes, and how it came about."""
    reply = one.post("/query", body)
    found = reply.json()
    if reply.status_code != 200:
        return (reply.status_code, found["message"]), ""
    return found["matches"], reply.headers.get("x-stonepine-path", "")


def is_together(one: Served) -> bool:
    """Whether both engines answer a query now."""
    return " + " in queried(one, {"topK": 10_000, "vector": [1, 2, 3, 4]})[1]


def steps(chance: random.Random, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Writes of few values, so that many scores are equal."""
    for number in range(count):
        kind = chance.choice(["upsert", "upsert", "upsert", "update", "delete", "by filter"])
        ids = [f"id{chance.randrange(60):02}" for _ in range(8)]
        if kind == "upsert":
            vectors = [
                {
                    "id": id_,
                    "values": [chance.choice([1, 2]) for _ in range(4)],
                    "metadata": {"genre": chance.choice(_GENRES), "n": number},
                }
                for id_ in dict.fromkeys(ids)
            ]
            yield "/vectors/upsert", {"vectors": vectors}
        elif kind == "update":
            yield "/vectors/update", {"id": ids[0], "setMetadata": {"genre": "noir"}}
        elif kind == "delete":
            yield "/vectors/delete", {"ids": ids[:2]}
        else:
            yield "/vectors/delete", {"filter": {"genre": "western", "n": {"$lt": number - 5}}}


def queries(chance: random.Random) -> Iterator[dict[str, Any]]:
    vector = [chance.choice([1, 2, 3]) for _ in range(4)]
    for top_k in (1, 7, 100):
        yield {"topK": top_k, "vector": vector, "includeValues": True, "includeMetadata": True}
        yield {"topK": top_k, "vector": vector, "filter": {"genre": {"$in": ["noir", "drama"]}}}
        yield {"topK": top_k, "id": f"id{chance.randrange(60):02}"}
    yield {"topK": 3, "vector": vector, "namespace": "nothing here"}
    yield {"topK": 3, "vector": vector[:3]}
    yield {"topK": 3, "vector": vector, "filter": {"genre": {"$like": 1}}}


@pytest.mark.parametrize("metric", _METRICS)
def test_random_programs_are_answered_alike_together_and_alone(
    twins: DataPlane, metric: str
) -> None:
    chance = random.Random(f"shards {metric}")
    alone = served(twins, metric, 0, shards=1)
    together = served(twins, metric, 1, 0, shards=2)
    with alone.client, together.client:
        for number, (path, body) in enumerate(steps(chance, _STEPS)):
            replies = [one.post(path, body) for one in (alone, together)]
            assert replies[0].status_code == replies[1].status_code
            if number % 48 == 24:
                build(alone)
                build(together)
                wait_until(lambda: is_together(together), timeout_s=60, what="both engines answer")
            if number % 6 == 5:
                for asked in queries(chance):
                    assert queried(alone, asked)[0] == queried(together, asked)[0], asked
        assert not is_together(alone)


def test_both_faces_ask_both_engines(twins: DataPlane) -> None:
    one = served(twins, "cosine", 0, 1, shards=2)
    with one.client, twins.channel() as channel:
        one.upsert(*[f"id{number:03}" for number in range(60)])
        build(one)
        one.upsert("new")
        wait_until(lambda: is_together(one), timeout_s=60, what="both engines answer")
        expected, _ = queried(one, {"topK": 100, "vector": [1, 2, 3, 4]})
        metadata = [("api-key", one.key.value), ("x-stonepine-index", str(one.index_id))]
        asked = pb.QueryRequest(top_k=100, vector=[1, 2, 3, 4], filter=Struct())

        def path() -> str:
            reply, call = VectorServiceStub(channel).Query.with_call(asked, metadata=metadata)
            assert [match.id for match in reply.matches] == [match["id"] for match in expected]
            return str(dict(call.initial_metadata()).get("x-stonepine-path", ""))

        wait_until(lambda: " + " in path(), timeout_s=60, what="gRPC asks both")


def test_one_engine_answers_alone_while_the_other_is_gone(twins: DataPlane) -> None:
    one = served(twins, "cosine", 0, 1, shards=2)
    with one.client:
        one.upsert(*[f"id{number:03}" for number in range(60)])
        build(one)
        one.upsert("new")
        wait_until(lambda: is_together(one), timeout_s=60, what="both engines answer")
        expected, _ = queried(one, {"topK": 100, "vector": [1, 2, 3, 4]})
        twins.kill("engine-1")
        for _ in range(4):
            assert queried(one, {"topK": 100, "vector": [1, 2, 3, 4]})[0] == expected
        twins.start_engine(1)
        wait_until(lambda: is_together(one), timeout_s=60, what="both engines answer again")
        assert queried(one, {"topK": 100, "vector": [1, 2, 3, 4]})[0] == expected
