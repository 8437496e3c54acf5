"""How much an ingest slows searches down: latencies quiet, and while another process writes.

Run with `python -m benchmarks.during_ingest`. The searched index holds all records and takes as
many new ones meanwhile, as fast as it acknowledges them; segments are built of them at the same
time. `--passes` writes them so many times, which is more than two processors keep up with.
"""

import argparse
import multiprocessing
from multiprocessing.synchronize import Event

from benchmarks import bodies, closed_loop
from benchmarks.packages50k import load
from benchmarks.real_data import (
    Installation,
    create_index,
    ingest,
    installation,
    queries_within,
    wait_for_segments,
)

_BATCH = 200
_QUESTIONS, _AT_ONCE = 3000, 50


def write(target: Installation, host: str, begun: Event, passes: int) -> None:
    """New records, then the same again."""
    data = load(50_000)
    ids = [f"more-{id_}" for id_ in data.ids]
    batches = bodies.upserts(ids, data.vectors, data.metadata, batch=_BATCH)
    asked = target.posts(host, "/vectors/upsert", batches)
    begun.set()
    runs = [closed_loop.run(asked, range(len(batches)), clients=2) for _ in range(passes)]
    rate = passes * len(ids) / sum(run.elapsed_s for run in runs)
    print(f"written meanwhile: {rate:.0f} records/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=21480)
    parser.add_argument("--passes", type=int, default=1)
    options = parser.parse_args()
    data = load(50_000)
    with installation(options.port) as target:
        host = create_index(target, data.vectors.shape[1])
        ingest(target, host, data, clients=4)
        wait_for_segments(target, host, data)
        asked = queries_within(target, host, data)
        quiet = closed_loop.run(asked, range(_QUESTIONS), clients=1)
        begun = multiprocessing.Event()
        arguments = (target, host, begun, options.passes)
        writer = multiprocessing.Process(target=write, args=arguments)
        writer.start()
        begun.wait()
        busy, at = closed_loop.Run(), 0
        while writer.is_alive():
            run = closed_loop.run(asked, range(at, at + _AT_ONCE), clients=1)
            busy.latencies_s += run.latencies_s
            at = (at + _AT_ONCE) % _QUESTIONS
        for name, run in (("quiet", quiet), (f"{len(busy.latencies_s)} during ingest", busy)):
            print(f"{name}: p50 {run.percentile_ms(50):.2f} ms, p99 {run.percentile_ms(99):.2f} ms")
        print(f"p99: {busy.percentile_ms(99) / quiet.percentile_ms(99):.1f} × its quiet value")


if __name__ == "__main__":
    main()
