"""A sparse index in one process: the inverted index against a scan of all elements.

Run with `python -m benchmarks.engine_sparse --records 100000`. The records are made up: term
frequencies fall as in language (Zipf), 80 terms a record and 20 a query.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from dataplane.engine.sparse import SparseRows
from storage.write_log.operations import SparseVector

_VOCABULARY = 30_000
_BATCH = 1000
_ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=20)
    options = parser.parse_args()
    random = np.random.default_rng(5)
    scanned, memtable = SparseRows(unindexed_elements=2**62), SparseRows()
    for start in range(0, options.records, _BATCH):
        count = min(_BATCH, options.records - start)
        batch = [vector(random, 80) for _ in range(count)]
        scanned.append(batch)
        memtable.append(batch)
        memtable.dot(batch[0])
    starts, indices, values = scanned.columns
    began = time.perf_counter()
    postings = scanned.postings
    print(f"building the postings of {len(indices)} elements: {time.perf_counter() - began:.2f} s")
    segment = SparseRows.of_columns(starts[1:], indices, values, postings=postings)
    queries = [vector(random, 20) for _ in range(options.queries)]
    one_percent = np.flatnonzero(random.random(options.records) < 0.01).astype(np.uint32)
    ways: dict[str, Callable[[SparseVector], object]] = {
        "scan": scanned.dot,
        "memtable": memtable.dot,
        "segment": segment.dot,
        "segment, 1 %": lambda query: segment.dot_at(query, one_percent),
    }
    medians: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name, act in ways.items():
            medians[name].append(statistics.median(timed(act, query) for query in queries))
    base = statistics.median(medians["scan"])
    for name, found in medians.items():
        middle = statistics.median(found)
        print(f"{name:14} {1e3 * middle:8.2f} ms a query   {base / middle:6.1f} × the scan")


def vector(random: np.random.Generator, count: int) -> SparseVector:
    drawn = np.unique(np.minimum(random.zipf(1.2, count), _VOCABULARY)).astype(np.uint32)
    return SparseVector(drawn, random.random(len(drawn)).astype(np.float32) + 0.1)


def timed(act: Callable[[SparseVector], object], query: SparseVector) -> float:
    began = time.perf_counter()
    act(query)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
