"""One index on one engine and on two: memory, shared segments counted once, and who answers.

Run with `python -m benchmarks.replicas --records 30000`. It starts a data plane of its own, writes
clustered vectors, has their segments built, and asks over REST. Client, front and engines share the
machine's cores: with two of them, more engines than one take from the client what they gain.
"""

import argparse
import tempfile
import threading
import time
from pathlib import Path
from uuid import UUID

import numpy as np
import psutil

from tests.support.dataplane import DataPlane, running_data_plane
from tests.support.postgres import running_postgres
from tests.support.waiting import wait_until

_DIMENSION, _BATCH, _CLIENTS, _SECONDS = 384, 100, 8, 5.0
_MIB = 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=30_000)
    records = parser.parse_args().records
    with (
        running_postgres() as server,
        tempfile.TemporaryDirectory() as folder,
        running_data_plane(server, Path(folder), engines=2) as plane,
    ):
        project = plane.project()
        index_id = plane.index(project, dimension=_DIMENSION)
        key = plane.api_key(project).value
        vectors = _vectors(records)
        _write(plane, index_id, key, vectors)
        _build(plane, index_id)
        for engines in ((0,), (0, 1)):
            plane.move(index_id, *engines)
            _measure(plane, index_id, key, vectors, engines=engines)


def _vectors(count: int) -> np.ndarray:
    random = np.random.default_rng(7)
    centres = random.standard_normal((200, _DIMENSION))
    noise = random.standard_normal((count, _DIMENSION))
    return (centres[random.integers(0, 200, count)] + 0.5 * noise).astype(np.float32)


def _write(plane: DataPlane, index_id: UUID, key: str, vectors: np.ndarray) -> None:
    with plane.client(index_id, key) as client:
        for start in range(0, len(vectors), _BATCH):
            rows = vectors[start : start + _BATCH].tolist()
            batch = [{"id": f"r{start + at}", "values": row} for at, row in enumerate(rows)]
            client.post("/vectors/upsert", json={"vectors": batch}).raise_for_status()


def _build(plane: DataPlane, index_id: UUID) -> None:
    [(namespace_id,)] = plane.rows(
        "SELECT namespace_id FROM log_namespace WHERE index_id = %s", [index_id]
    )
    while '"built"' in plane.build_segments(index_id, namespace_id):
        pass


def _measure(
    plane: DataPlane, index_id: UUID, key: str, vectors: np.ndarray, *, engines: tuple[int, ...]
) -> None:
    # Started anew, they hold what they need and no more.
    for name in ("engine", "engine-1"):
        plane.kill(name)
    for number in (0, 1):
        plane.start_engine(number)
    processes = [psutil.Process(plane.pid(name)) for name in ("engine", "engine-1")]
    empty = sum(process.memory_full_info().pss for process in processes)
    _ask(plane, index_id, key, vectors, seconds=2.0)
    if len(engines) > 1:
        wait_until(lambda: _holds_segments(processes[1]), timeout_s=30, what="both hold it")
    before = [_cpu_s(process) for process in processes]
    rate = _ask(plane, index_id, key, vectors, seconds=_SECONDS)
    used = [_cpu_s(process) - start for process, start in zip(processes, before, strict=True)]
    shares = " + ".join(f"{1e6 * one / (rate * _SECONDS):.0f}" for one in used)
    held = sum(process.memory_full_info().pss for process in processes) - empty
    print(
        f"{len(engines)} engine(s): {held / _MIB:6.0f} MiB for {vectors.nbytes / _MIB:.0f} MiB of "
        f"vectors, {rate:6.0f} queries/s at {_CLIENTS} clients, {shares} µs of engines' CPU a query"
    )


def _cpu_s(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


def _holds_segments(process: psutil.Process) -> bool:
    return "stonepine-segment" in Path(f"/proc/{process.pid}/maps").read_text()


def _ask(
    plane: DataPlane, index_id: UUID, key: str, vectors: np.ndarray, *, seconds: float
) -> float:
    counts = [0] * _CLIENTS
    deadline = time.perf_counter() + seconds

    def run(number: int) -> None:
        with plane.client(index_id, key) as client:
            while time.perf_counter() < deadline:
                vector = vectors[(number * 977 + counts[number]) % len(vectors)].tolist()
                client.post("/query", json={"topK": 10, "vector": vector}).raise_for_status()
                counts[number] += 1

    threads = [threading.Thread(target=run, args=[number]) for number in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


if __name__ == "__main__":
    main()
