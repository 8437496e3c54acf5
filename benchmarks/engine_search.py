"""The engine's core in one process: microseconds per query and recall by path, writes, adoption.

Run with `python -m benchmarks.engine_search --records 50000 --segments 4`. Without the real
embeddings it makes clustered ones of the same shape.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import orjson

from benchmarks.packages50k import FOLDER, SHARDS, Packages, load
from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.spec import IndexSpec, Metric
from kit.ids import new_id
from storage.write_log.operations import Operation, UpsertOperation
from tests.support.workshop import Workshop

TOP_K = 10
BATCH = 100
INDEX = new_id()
TOLERANCE = 1e-6  # scores closer than this count as equal


@dataclass(frozen=True)
class Case:
    name: str
    filter: dict[str, object] | None
    rows: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--segments", type=int, default=4)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--metric", choices=[str(metric) for metric in Metric], default="cosine")
    options = parser.parse_args()
    data = load(options.records) if FOLDER.is_dir() else synthetic(options.records)
    spec = IndexSpec(data.vectors.shape[1], Metric(options.metric))
    namespace = Namespace(spec)
    log = write_all(namespace, data)
    measure_queries("memtable", namespace, data, options.queries // 10)
    measure_together("memtable", namespace, data)
    workshop = move_to_segments(namespace, log, -(-len(data.ids) // options.segments))
    measure_queries("segments", namespace, data, options.queries)
    merge(namespace, workshop)
    measure_queries("merged", namespace, data, options.queries)
    started = time.perf_counter()
    workshop.open()
    print(f"opening {len(data.ids)} records: {1e3 * (time.perf_counter() - started):.0f} ms")


def synthetic(count: int) -> Packages:
    """Unit vectors around 200 centres."""
    random = np.random.default_rng(11)
    centres = random.normal(size=(200, 384))

    def draw(rows: int) -> np.ndarray:
        spread = random.normal(scale=0.7, size=(rows, 384))
        points = centres[random.integers(0, len(centres), rows)] + spread
        return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)

    shards = random.integers(0, SHARDS, count)
    metadata = [
        {"section": f"s{shard % 50}", "size": int(shard) * 7, "shard": int(shard)}
        for shard in shards
    ]
    return Packages([f"id-{i}" for i in range(count)], draw(count), draw(1000), metadata, shards)


def write_all(namespace: Namespace, data: Packages) -> list[tuple[int, Operation]]:
    log: list[tuple[int, Operation]] = []
    for start in range(0, len(data.ids), BATCH):
        part = slice(start, start + BATCH)
        metadata = [orjson.dumps(fields) for fields in data.metadata[part]]
        sparse = [None] * len(metadata)
        operation = UpsertOperation(data.ids[part], data.vectors[part], sparse, metadata)
        log.append((len(log) + 1, operation))
    started = time.process_time()
    for lsn, operation in log:
        namespace.apply(lsn, operation)
    seconds = time.process_time() - started
    print(f"apply: {1e6 * seconds / len(data.ids):.1f} us of CPU per record, in batches of {BATCH}")
    return log


def move_to_segments(
    namespace: Namespace, log: list[tuple[int, Operation]], records: int
) -> Workshop:
    workshop = Workshop(namespace.spec)
    building = 0.0
    while workshop.manifest.lsn < len(log):
        started = time.perf_counter()
        workshop.build(log[workshop.manifest.lsn :], max_records=records)
        building += time.perf_counter() - started
    count = namespace.record_count
    print(f"build: {count / building:.0f} records/s, {len(workshop.manifest.segments)} segments")
    opened = {id_: workshop.segment(id_) for id_ in namespace.missing_segments(workshop.manifest)}
    started = time.perf_counter()
    namespace.adopt(workshop.manifest, opened)
    print(f"adoption of {count} records: {1e3 * (time.perf_counter() - started):.0f} ms")
    return workshop


def merge(namespace: Namespace, workshop: Workshop) -> None:
    started = time.perf_counter()
    workshop.merge()
    seconds = time.perf_counter() - started
    print(f"merge: {namespace.record_count / seconds:.0f} records/s")
    opened = {id_: workshop.segment(id_) for id_ in namespace.missing_segments(workshop.manifest)}
    started = time.perf_counter()
    namespace.adopt(workshop.manifest, opened)
    print(f"adoption of the merged segment: {1e3 * (time.perf_counter() - started):.0f} ms")


def cases(data: Packages) -> list[Case]:
    everything = np.arange(len(data.ids))
    shares = {"0.1 %": 1, "1 %": 10, "10 %": 100, "50 %": 500, "90 %": 900}
    sections = np.array([fields["section"] for fields in data.metadata])
    correlated = [name for name in ("python", "games") if (sections == name).any()]
    return [
        Case("no filter", None, everything),
        *[
            Case(name, {"shard": {"$lt": bound}}, np.flatnonzero(data.shards < bound))
            for name, bound in shares.items()
        ],
        *[
            Case(f"section={name}", {"section": name}, np.flatnonzero(sections == name))
            for name in correlated
        ],
    ]


def measure_queries(title: str, namespace: Namespace, data: Packages, count: int) -> None:
    queries = data.queries[:count]
    for case in cases(data):
        filter_json = None if case.filter is None else orjson.dumps(case.filter)
        answers, times = [], []
        busy = time.process_time()
        for query in queries:
            request = messages.Query(
                index_id=INDEX, top_k=TOP_K, vector=query.tobytes(), filter=filter_json
            )
            answer, seconds = timed(lambda request=request: namespace.query(request))
            answers.append(answer)
            times.append(seconds)
        cpu = 1e6 * (time.process_time() - busy) / len(queries)
        share = recall(answers, truth(namespace.spec.metric, data, queries, case.rows))
        p50, p99 = np.percentile(np.array(times) * 1e6, [50, 99])
        print(
            f"{title:9} {case.name:15} {len(case.rows):6} rows  p50 {p50:6.0f} us  "
            f"p99 {p99:6.0f} us  cpu {cpu:6.0f} us  recall@{TOP_K} {share:.4f}  {answers[0].path}"
        )


def measure_together(title: str, namespace: Namespace, data: Packages) -> None:
    """CPU a query of batches that arrived together, and how it compares with one at a time."""
    requests = [
        messages.Query(index_id=INDEX, top_k=TOP_K, vector=query.tobytes())
        for query in data.queries[:32]
    ]
    medians = {}
    for size in (1, 4, 16):
        rounds = []
        for _ in range(5):
            busy = time.process_time()
            for start in range(0, len(requests), size):
                namespace.query_all(requests[start : start + size])
            rounds.append((time.process_time() - busy) / len(requests))
        medians[size] = float(np.median(rounds))
        ratio = medians[1] / medians[size]
        print(f"{title:9} {size:2} together: {1e6 * medians[size]:.0f} us of CPU, {ratio:.1f} ×")


def timed(act: Callable[[], messages.Matches]) -> tuple[messages.Matches, float]:
    started = time.perf_counter()
    answer = act()
    return answer, time.perf_counter() - started


def truth(metric: Metric, data: Packages, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The score that a hit must reach, per query; rows and queries are of unit length."""
    bars = data.neighbours(queries, rows, TOP_K)
    return 2 - 2 * bars if metric is Metric.EUCLIDEAN else bars


def recall(answers: list[messages.Matches], bars: np.ndarray) -> float:
    """The share of hits that are as near as the true ones: equal distances count."""
    is_higher_better = answers[0].matches[0].score >= answers[0].matches[-1].score
    good = 0
    for answer, bar in zip(answers, bars, strict=True):
        scores = np.array([match.score for match in answer.matches])
        good += int(
            (scores >= bar - TOLERANCE if is_higher_better else scores <= bar + TOLERANCE).sum()
        )
    return good / sum(len(answer.matches) for answer in answers)


if __name__ == "__main__":
    main()
