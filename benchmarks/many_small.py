"""Many small namespaces in one index, and many small indexes on one engine: memory, time, opening.

Run with `python -m benchmarks.many_small --namespaces 5000 --indexes 300`. It starts a data plane
of its own. Each namespace and each index gets three records of 128 dimensions over REST.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil

from tests.support.dataplane import DataPlane, running_data_plane
from tests.support.postgres import running_postgres

_DIMENSION, _RECORDS, _STEPS = 128, 3, 5
_MIB = 1024 * 1024

# Writes the three records of the thing of that number, and asks one query there.
Act = Callable[[int], None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--namespaces", type=int, default=5_000)
    parser.add_argument("--indexes", type=int, default=300)
    options = parser.parse_args()
    with running_postgres() as server:
        for measure, count in (
            (_measure_namespaces, options.namespaces),
            (_measure_indexes, options.indexes),
        ):
            with (
                tempfile.TemporaryDirectory() as folder,
                running_data_plane(server, Path(folder)) as plane,
            ):
                measure(plane, count)


def _measure_namespaces(plane: DataPlane, count: int) -> None:
    project = plane.project()
    index_id = plane.index(project, dimension=_DIMENSION)
    with plane.client(index_id, plane.api_key(project).value) as client:
        _grow(plane, "namespaces", count, lambda number: _use(client, f"tenant-{number}"))
        plane.kill("engine")
        plane.start_engine()
        started = time.perf_counter()
        _query(client, "tenant-0")
        print(f"opened with its first query after {time.perf_counter() - started:.2f} s")
        _print_pages(client)


def _measure_indexes(plane: DataPlane, count: int) -> None:
    project = plane.project()
    key = plane.api_key(project).value
    ids = [plane.index(project, dimension=_DIMENSION) for _ in range(count)]
    with plane.client(None, key) as client:

        def use(number: int) -> None:
            client.headers["x-stonepine-index"] = str(ids[number])
            _use(client, "")

        _grow(plane, "indexes", count, use)
        plane.kill("engine")
        plane.start_engine()
        took = []
        for index_id in ids:
            client.headers["x-stonepine-index"] = str(index_id)
            started = time.perf_counter()
            _query(client, "")
            took.append(time.perf_counter() - started)
        first, last = statistics.median(took[: count // 5]), statistics.median(took[-count // 5 :])
        print(f"opened with the first query: {1e3 * first:.1f} ms, the last {1e3 * last:.1f} ms")


def _grow(plane: DataPlane, what: str, count: int, act: Act) -> None:
    """Print what each step's share costs: flat columns mean that none pays for the others."""
    engine = psutil.Process(plane.pid("engine"))
    print(f"{what:>11} {'memory':>10} {'each':>9} {'p50':>9} {'p99':>9} {'CPU each':>9}")
    before = engine.memory_full_info().uss
    for step in range(_STEPS):
        numbers = range(step * count // _STEPS, (step + 1) * count // _STEPS)
        cpu_s = sum(engine.cpu_times()[:2])
        took = [_timed(act, number) for number in numbers]
        cpu_s = sum(engine.cpu_times()[:2]) - cpu_s
        held = engine.memory_full_info().uss
        p50, p99 = statistics.median(took), statistics.quantiles(took, n=100)[-1]
        print(
            f"{numbers.stop:11} {held / _MIB:6.0f} MiB {(held - before) / numbers.stop / 1024:5.1f}"
            f" KiB {1e3 * p50:6.2f} ms {1e3 * p99:6.2f} ms {1e3 * cpu_s / len(took):6.2f} ms"
        )


def _timed(act: Act, number: int) -> float:
    started = time.perf_counter()
    act(number)
    return time.perf_counter() - started


def _use(client: httpx.Client, namespace: str) -> None:
    vectors = [
        {"id": f"r{number}", "values": [1.0 + number] * _DIMENSION, "metadata": {"n": number}}
        for number in range(_RECORDS)
    ]
    reply = client.post("/vectors/upsert", json={"vectors": vectors, "namespace": namespace})
    assert reply.status_code == 200, reply.text
    _query(client, namespace)


def _query(client: httpx.Client, namespace: str) -> None:
    body = {"topK": 3, "vector": [1.0] * _DIMENSION, "namespace": namespace}
    reply = client.post("/query", json=body)
    assert len(reply.json()["matches"]) == _RECORDS, reply.text


def _print_pages(client: httpx.Client) -> None:
    started = time.perf_counter()
    stats = client.post("/describe_index_stats", json={}).json()
    took = time.perf_counter() - started
    print(f"stats of {len(stats['namespaces'])} namespaces in {1e3 * took:.0f} ms")
    started = time.perf_counter()
    client.get("/namespaces").raise_for_status()
    print(f"a page of 100 namespaces in {1e3 * (time.perf_counter() - started):.0f} ms")


if __name__ == "__main__":
    main()
