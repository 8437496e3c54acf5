"""What metering and metrics cost: their calls, a report of them, and the CPU of a whole request.

`python -m benchmarks.metering` starts a data plane of its own. CPU time, not wall time: on a shared
machine it moves less. The number after it is the interval of reports in seconds.
"""

import statistics
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from dataplane.engine import messages
from dataplane.front.allowances import Allowances
from dataplane.front.call import Call
from dataplane.front.meter import Meter
from dataplane.front.stopwatch import Stopwatch
from kit import clock
from kit.histograms import bucket
from kit.ids import new_id
from storage import usage
from storage.activity import Activity, Subject
from storage.catalog import IndexRow
from storage.database import connect
from storage.usage import Report
from tests.support.dataplane import DataPlane, running_data_plane
from tests.support.postgres import running_postgres

DIMENSION, RECORDS, BATCH = 128, 5_000, 100
ROUNDS, REQUESTS = 5, 4_000


def main() -> None:
    _calls_alone()
    every_s = sys.argv[1] if len(sys.argv) > 1 else "5"
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgres() as server,
        running_data_plane(server, Path(folder), STONEPINE_USAGE_REPORT_S=every_s) as plane,
    ):
        _reports(plane)
        project = plane.project()
        index_id = plane.index(project, dimension=DIMENSION)
        with plane.client(index_id, plane.api_key(project).value) as client:
            _measure(plane, client)


def _calls_alone() -> None:
    values: dict[str, Any] = {field.name: None for field in fields(IndexRow)}
    ids = {name: new_id() for name in ("index_id", "org_id", "project_id")}
    index = IndexRow(**{**values, **ids, "name": "x"})
    meter, stopwatch, allowances = Meter(), Stopwatch(), Allowances()
    call = Call(index=index, operation="Query")
    query = messages.Query(index_id=index.index_id, top_k=10, vector=bytes(4 * DIMENSION))
    matches = messages.Matches(matches=[], read_units=1, max_indexed_lsn=1)
    ids_of_batch = [f"r{number:05}" for number in range(BATCH)]
    upsert = messages.Upsert(
        index_id=index.index_id, ids=ids_of_batch, values=bytes(4 * DIMENSION * BATCH)
    )
    written = messages.Written(lsn=1, count=BATCH)
    for name, act in (
        ("caps looked at", lambda: allowances.require(index, "Query", query)),
        ("a call noted for metrics", lambda: stopwatch.note(call)),
        ("a query counted", lambda: meter.count(index, "Query", query, matches)),
        ("an upsert of 100 counted", lambda: meter.count(index, "Upsert", upsert, written)),
    ):
        took_s = min(timeit.repeat(act, number=20_000, repeat=5)) / 20_000
        print(f"{name}: {took_s * 1e6:.1f} µs")


def _reports(plane: DataPlane) -> None:
    """What PostgreSQL and the reporter take for one report, over a connection as nodes have it."""
    random = np.random.default_rng(7)
    with connect(plane.system_url, name="benchmark") as connection:
        for indexes in (10, 100, 1000):
            subjects = [
                Subject(new_id(), new_id(), operation)
                for _ in range(indexes)
                for operation in ("Query", "Upsert", "Fetch")
            ]
            reporter, took = new_id(), []
            for number in range(1, 6):
                report = Report(number, {}, clock.now().date(), {}, {
                    subject: _activity(random) for subject in subjects
                })  # fmt: skip
                started = time.perf_counter()
                usage.apply(connection, reporter, report)
                took.append(time.perf_counter() - started)
            print(f"a report of {indexes} indexes, 3 operations each: {min(took) * 1000:.1f} ms")


def _activity(random: np.random.Generator) -> Activity:
    """Fifty requests, as they fall into buckets."""
    activity = Activity(requests=50, took_us=100_000)
    for took_us in random.lognormal(7, 0.7, 50):
        number = bucket(took_us)
        activity.histogram[number] = activity.histogram.get(number, 0) + 1
    return activity


def _measure(plane: DataPlane, client: httpx.Client) -> None:
    random = np.random.default_rng(7)
    vectors = random.standard_normal((RECORDS, DIMENSION)).astype(np.float32).tolist()

    def upsert(number: int) -> httpx.Response:
        first = number * BATCH % RECORDS
        rows = [{"id": f"r{first + n}", "values": vectors[first + n]} for n in range(BATCH)]
        return client.post("/vectors/upsert", json={"vectors": rows})

    def query(number: int) -> httpx.Response:
        return client.post("/query", json={"topK": 10, "vector": vectors[number % RECORDS]})

    for number in range(RECORDS // BATCH):
        assert upsert(number).status_code == 200
    for name, act, requests in (("query", query, REQUESTS), ("upsert of 100", upsert, 200)):
        rounds = [_round(plane, act, requests) for _ in range(ROUNDS)]
        front, engine, p50 = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{name}: front {front:.0f} µs, engine {engine:.0f} µs of CPU, p50 {p50:.2f} ms")


def _round(
    plane: DataPlane, act: Callable[[int], httpx.Response], requests: int
) -> tuple[float, float, float]:
    before = [_cpu_s(plane, name) for name in ("front", "engine")]
    took = []
    for number in range(requests):
        started = time.perf_counter()
        assert act(number).status_code == 200
        took.append(time.perf_counter() - started)
    after = [_cpu_s(plane, name) for name in ("front", "engine")]
    front, engine = ((b - a) / requests * 1e6 for a, b in zip(before, after, strict=True))
    return front, engine, statistics.median(took) * 1000


def _cpu_s(plane: DataPlane, name: str) -> float:
    times = psutil.Process(plane.pid(name)).cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
