"""Bulk import beside what a client can do: records a second, memory against the size of the file.

Run with `python -m benchmarks.bulk_import --records 100000`. It starts a data plane of its own and
brings the same vectors in three ways, each into an index of its own, taking turns: from a Parquet
file, over REST (encoded beforehand, batches of 100, 4 connections) and over gRPC (encoded
beforehand, batches of 500, 4 at once). No segments are built meanwhile. Vectors are made up: what
counts here are bytes.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from protocol.v1 import vector_service_pb2 as pb
from tests.support.dataplane import DataPlane, Project, running_data_plane
from tests.support.postgres import running_postgres

_DIMENSION, _CONNECTIONS = 384, 4
_ROUNDS = 3
_MIB = 1024 * 1024


class Bench:
    """The records in the form of each way, made before anything is measured."""

    def __init__(self, plane: DataPlane, project: Project, folder: Path, count: int) -> None:
        self._plane = plane
        self._project = project
        self._key = plane.api_key(project).value
        self._folder = folder
        self.count = count
        random = np.random.default_rng(7)
        self._vectors = random.standard_normal((count, _DIMENSION)).astype(np.float32)
        self.file_mb = self._write_file() / _MIB
        self.peak_mb = 0.0

    def run(self, way: Callable[[UUID], None]) -> float:
        """Seconds into a fresh index, whose records are counted afterwards."""
        index_id = self._plane.index(self._project, dimension=_DIMENSION)
        started = time.perf_counter()
        way(index_id)
        seconds = time.perf_counter() - started
        with self._plane.client(index_id, self._key) as client:
            found = client.post("/describe_index_stats", json={}).json()["totalVectorCount"]
        assert found == self.count, found
        self._plane.delete_index(index_id)
        return seconds

    def imported(self, index_id: UUID) -> None:
        with self._plane.client(index_id, self._key) as client:
            started = client.post("/bulk/imports", json={"uri": f"file://{self._folder}"}).json()
            turn = self._plane.import_turn(started["id"])
            found = client.get(f"/bulk/imports/{started['id']}").json()
        assert found["status"] == "Completed", found
        self.peak_mb = max(self.peak_mb, turn["peak_mb"])

    def over_rest(self, index_id: UUID) -> None:
        bodies = self._bodies

        def act(part: int) -> None:
            with self._plane.client(index_id, self._key) as client:
                for body in bodies[part::_CONNECTIONS]:
                    client.post("/vectors/upsert", content=body).raise_for_status()

        _all_at_once(act)

    def over_grpc(self, index_id: UUID) -> None:
        metadata = [("x-stonepine-index", str(index_id)), ("api-key", self._key)]

        def act(part: int) -> None:
            with self._plane.channel() as channel:
                call = channel.unary_unary("/VectorService/Upsert")
                for message in self._messages[part::_CONNECTIONS]:
                    call(message, metadata=metadata)

        _all_at_once(act)

    def encode(self) -> None:
        """For the two ways over the wire; the file is there already."""
        self._bodies = [
            _json(start, self._vectors[start : start + 100]) for start in range(0, self.count, 100)
        ]
        self._messages = [
            _proto(start, self._vectors[start : start + 500]) for start in range(0, self.count, 500)
        ]

    def _write_file(self) -> int:
        path = self._folder / "films" / "a.parquet"
        path.parent.mkdir(parents=True)
        flat = pa.array(self._vectors.reshape(-1))
        values = pa.FixedSizeListArray.from_arrays(flat, _DIMENSION).cast(pa.list_(pa.float32()))
        pq.write_table(pa.table({"id": _ids(0, self.count), "values": values}), path)
        return path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    records = parser.parse_args().records
    with running_postgres() as server, tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch).resolve() / "files"
        (Path(scratch) / "plane").mkdir()
        settings = {"STONEPINE_IMPORT_FOLDERS": str(files)}
        with running_data_plane(server, Path(scratch) / "plane", **settings) as plane:
            bench = Bench(plane, plane.project(), files, records)
            bench.encode()
            _compare(bench)


def _compare(bench: Bench) -> None:
    ways = {"import": bench.imported, "REST": bench.over_rest, "gRPC": bench.over_grpc}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name, way in ways.items():
            seconds[name].append(bench.run(way))
    imported = statistics.median(seconds["import"])
    for name, found in seconds.items():
        median = statistics.median(found)
        print(
            f"{name:8} {bench.count / median:9,.0f} records/s, {median / imported:5.2f} times the "
            f"import's time, rounds {', '.join(f'{one:.1f}' for one in found)} s"
        )
    print(f"file {bench.file_mb:,.0f} MB, the importer's peak {bench.peak_mb:,.0f} MB")


def _all_at_once(act: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(act, range(_CONNECTIONS)))


def _ids(start: int, count: int) -> list[str]:
    return [f"r{number}" for number in range(start, start + count)]


def _json(start: int, rows: np.ndarray) -> bytes:
    vectors = [
        {"id": id_, "values": row} for id_, row in zip(_ids(start, len(rows)), rows, strict=True)
    ]
    body = {"vectors": vectors, "namespace": "films"}
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def _proto(start: int, rows: np.ndarray) -> bytes:
    vectors = [
        pb.Vector(id=id_, values=row)
        for id_, row in zip(_ids(start, len(rows)), rows.tolist(), strict=True)
    ]
    return pb.UpsertRequest(vectors=vectors, namespace="films").SerializeToString()


if __name__ == "__main__":
    main()
