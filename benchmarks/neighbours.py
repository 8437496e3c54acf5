"""A quiet tenant beside one that floods the same engine: the victim's latency, alone and beside.

Run with `python -m benchmarks.neighbours --rounds 5`. It starts a data plane of its own with one
engine. The victim asks for its ten nearest of a small index at a steady pace, first alone, then
while another organization floods from a process of its own, in one of several ways. Each round
measures both; the ratio of p99s is the median of the rounds. All processes share the machine's
cores, so a part of what the victim waits for is the flooding client itself: `--niceness 10` lets
that one run behind the others, as it would on a machine of its own.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import grpc
import httpx
import numpy as np

from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from tests.support.dataplane import DataPlane, Project, running_data_plane
from tests.support.postgres import running_postgres

_DIMENSION, _BATCH = 384, 100
_VICTIM_RECORDS, _FLOOD_RECORDS = 2_000, 20_000
_PACE_S = 0.01
_SETTLE_S = 0.5


def main() -> None:
    arguments = _arguments()
    with (
        running_postgres() as server,
        tempfile.TemporaryDirectory() as folder,
        running_data_plane(server, Path(folder)) as plane,
    ):
        victim = _tenant(plane, _VICTIM_RECORDS)
        flooder = _tenant(plane, _FLOOD_RECORDS)
        print(f"{'flood':24} {'quiet p50/p99':>16} {'beside p50/p99':>16} {'ratio of p99':>13}")
        for name, (flood, clients) in _FLOODS.items():
            if arguments.flood in ("", name):
                _report(plane, victim, flooder, (name, flood, clients), arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--niceness", type=int, default=0, help="of the flooding client")
    parser.add_argument("--flood", default="", help="only this one")
    return parser.parse_args()


Tenant = tuple[UUID, str]
Where = tuple[Path, Path, UUID, str]
Flood = Callable[[Where, int], None]


def _tenant(plane: DataPlane, records: int) -> Tenant:
    project: Project = plane.project()
    index_id = plane.index(project, dimension=_DIMENSION)
    key = plane.api_key(project).value
    vectors = _vectors(records)
    with plane.client(index_id, key) as client:
        for start in range(0, records, _BATCH):
            batch = [
                {"id": f"r{start + at}", "values": row, "metadata": {"kind": (start + at) % 10}}
                for at, row in enumerate(vectors[start : start + _BATCH].tolist())
            ]
            client.post("/vectors/upsert", json={"vectors": batch}).raise_for_status()
    [(namespace_id,)] = plane.rows(
        "SELECT namespace_id FROM log_namespace WHERE index_id = %s", [index_id]
    )
    while '"built"' in plane.build_segments(index_id, namespace_id):
        pass
    return index_id, key


def _vectors(count: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal((count, _DIMENSION)).astype(np.float32)


def _report(
    plane: DataPlane,
    victim: Tenant,
    flooder: Tenant,
    named: tuple[str, Flood, int],
    arguments: argparse.Namespace,
) -> None:
    name, flood, clients = named
    where = (plane.rest_socket, plane.grpc_socket, *flooder)
    rounds = []
    for _ in range(arguments.rounds):
        quiet = _measure(plane, victim, arguments.seconds)
        with _flooding(flood, where, clients=clients, niceness=arguments.niceness):
            rounds.append((quiet, _measure(plane, victim, arguments.seconds)))
    quiet_ms = [statistics.median(one[0][at] for one in rounds) for at in (0, 1)]
    beside_ms = [statistics.median(one[1][at] for one in rounds) for at in (0, 1)]
    ratio = statistics.median(beside[1] / quiet[1] for quiet, beside in rounds)
    print(
        f"{name:24} {quiet_ms[0]:7.1f} /{quiet_ms[1]:7.1f} {beside_ms[0]:7.1f} /{beside_ms[1]:7.1f}"
        f" {ratio:13.2f}",
        flush=True,
    )


def _measure(plane: DataPlane, victim: Tenant, seconds: float) -> tuple[float, float]:
    """p50 and p99 in milliseconds of a query every 10 ms."""
    bodies = [{"topK": 10, "vector": row.tolist()} for row in _vectors(50)]
    took: list[float] = []
    end = time.perf_counter() + seconds
    with plane.client(*victim) as client:
        due = time.perf_counter()
        while due < end:
            time.sleep(max(0.0, due - time.perf_counter()))
            begin = time.perf_counter()
            client.post("/query", json=bodies[len(took) % len(bodies)]).raise_for_status()
            took.append(time.perf_counter() - begin)
            due = max(due + _PACE_S, time.perf_counter())
    return float(np.percentile(took, 50)) * 1000, float(np.percentile(took, 99)) * 1000


@contextmanager
def _flooding(flood: Flood, where: Where, *, clients: int, niceness: int) -> Iterator[None]:
    spawn = multiprocessing.get_context("spawn")
    child = spawn.Process(target=_flood_all, args=(flood, where, clients, niceness), daemon=True)
    child.start()
    time.sleep(_SETTLE_S + 1.0)
    try:
        yield
    finally:
        child.kill()
        child.join()
        time.sleep(_SETTLE_S)


def _flood_all(flood: Flood, where: Where, clients: int, niceness: int) -> None:
    os.nice(niceness)
    threads = [threading.Thread(target=flood, args=(where, number)) for number in range(clients)]
    for thread in threads:
        thread.start()


def _rest(where: Where) -> httpx.Client:
    socket, _, index_id, key = where
    return httpx.Client(
        transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://index", timeout=30,
        headers={"x-stonepine-index": str(index_id), "api-key": key},
    )  # fmt: skip


def _post_forever(where: Where, path: str, body: dict[str, object]) -> None:
    with _rest(where) as client:
        while True:
            client.post(path, json=body)


def _queries(where: Where, number: int) -> None:
    vector = _vectors(64)[number % 64].tolist()
    _post_forever(where, "/query", {"topK": 10, "vector": vector})


def _large_queries(where: Where, number: int) -> None:
    vector = _vectors(64)[number % 64].tolist()
    _post_forever(where, "/query", {"topK": 1000, "vector": vector, "filter": {"kind": 3}})


def _upserts(where: Where, number: int) -> None:
    rows = _vectors(_BATCH).tolist()
    vectors = [{"id": f"f{number}-{at}", "values": row} for at, row in enumerate(rows)]
    _post_forever(where, "/vectors/upsert", {"vectors": vectors, "namespace": "flood"})


def _grpc_queries(where: Where, number: int) -> None:
    _, socket, index_id, key = where
    metadata = [("x-stonepine-index", str(index_id)), ("api-key", key)]
    request = pb.QueryRequest(top_k=10, vector=_vectors(64)[number % 64].tolist())
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        stub = VectorServiceStub(channel)
        while True:
            try:
                stub.Query(request, metadata=metadata)
            except grpc.RpcError:
                time.sleep(0.1)


# What floods, and from how many clients at once.
_FLOODS: dict[str, tuple[Flood, int]] = {
    "queries": (_queries, 64),
    "large filtered queries": (_large_queries, 16),
    "upserts of 100": (_upserts, 8),
    "queries over gRPC": (_grpc_queries, 64),
}


if __name__ == "__main__":
    main()
