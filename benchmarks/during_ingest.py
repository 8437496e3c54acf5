"""How much an ingest slows searches down: latencies quiet, and while another process writes.

Run with `python -m benchmarks.during_ingest`. The searched index holds all records; the same index
takes new ones meanwhile, as fast as it acknowledges them, and builds segments of them.
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
_QUESTIONS = 3000


def write(target: Installation, host: str, begun: Event, ended: Event) -> None:
    """New records, then the same again, until told to end."""
    data = load(50_000)
    ids = [f"more-{id_}" for id_ in data.ids]
    batches = bodies.upserts(ids, data.vectors, data.metadata, batch=_BATCH)
    asked = target.posts(host, "/vectors/upsert", batches)
    written, elapsed_s = 0, 0.0
    begun.set()
    while not ended.is_set():
        run = closed_loop.run(asked, range(25), clients=2)
        written, elapsed_s = written + 25 * _BATCH, elapsed_s + run.elapsed_s
    print(f"written meanwhile: {written / elapsed_s:.0f} records/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=21480)
    options = parser.parse_args()
    data = load(50_000)
    with installation(options.port) as target:
        host = create_index(target, data.vectors.shape[1])
        ingest(target, host, data, clients=4)
        wait_for_segments(target, host, data)
        asked = queries_within(target, host, data)
        quiet = closed_loop.run(asked, range(_QUESTIONS), clients=1)
        begun, ended = multiprocessing.Event(), multiprocessing.Event()
        writer = multiprocessing.Process(target=write, args=(target, host, begun, ended))
        writer.start()
        begun.wait()
        busy = closed_loop.run(asked, range(_QUESTIONS), clients=1)
        ended.set()
        writer.join()
        for name, run in (("quiet", quiet), ("during ingest", busy)):
            print(f"{name}: p50 {run.percentile_ms(50):.2f} ms, p99 {run.percentile_ms(99):.2f} ms")
        print(f"p99: {busy.percentile_ms(99) / quiet.percentile_ms(99):.1f} × its quiet value")


if __name__ == "__main__":
    main()
