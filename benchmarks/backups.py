"""What backups cost those who write: latencies quiet and meanwhile; and how much a backup moves.

Run with `python -m benchmarks.backups`. The index holds 50,000 real embeddings in segments. A
first backup is taken, 1 % of the records are written anew, a second one is taken; then single
records are written, first quietly, then while one backup after the other is taken.
"""

import argparse
import multiprocessing
import time
from multiprocessing.synchronize import Event

from benchmarks import bodies, closed_loop
from benchmarks.closed_loop import Dialogue, Run
from benchmarks.packages50k import Packages, load
from benchmarks.real_data import (
    BATCH,
    Installation,
    create_index,
    ingest,
    installation,
    wait_for_segments,
)

_AT_ONCE = 50
_LOOK_EVERY_S = 0.02
_MIB = 1024 * 1024


def taken(target: Installation) -> dict:
    """A backup, once it is ready."""
    backup = target.call("POST", "/indexes/bench/backups", {"name": "benchmark"})
    while backup["status"] == "Initializing":
        time.sleep(_LOOK_EVERY_S)
        backup = target.call("GET", f"/backups/{backup['backup_id']}")
    assert backup["status"] == "Ready", backup
    return backup


def written(target: Installation) -> int:
    """Bytes of all backups and of the archived log, which backups share."""
    objects = target.home / "objects"
    paths = [*objects.glob("backups/*/**/*"), *objects.glob("indexes/*/*/log/*")]
    return sum(path.stat().st_size for path in paths if path.is_file())


def measure_bytes(target: Installation, host: str, data: Packages, records: int) -> None:
    at_first = written(target)
    first = taken(target)
    after_first = written(target)
    batches = bodies.upserts(
        data.ids[:records], data.vectors[:records], data.metadata[:records], batch=BATCH
    )
    asked = target.posts(host, "/vectors/upsert", batches)
    closed_loop.run(asked, range(len(batches)), clients=1)
    second = taken(target)
    after_second = written(target)
    told = (
        ("first", first, after_first - at_first),
        ("second", second, after_second - after_first),
    )
    for name, one, own in told:
        whole = one["size_bytes"]
        print(
            f"{name} backup: {one['record_count']} records, {whole / _MIB:.1f} MiB, "
            f"of it written since, log and all, {own / _MIB:.2f} MiB ({100 * own / whole:.1f} %)"
        )


def take_backups(target: Installation, count: int, is_over: Event) -> None:
    begin = time.perf_counter()
    for _ in range(count):
        taken(target)
    print(f"{count} backups, {(time.perf_counter() - begin) / count:.2f} s each")
    is_over.set()


def measure_writes(target: Installation, asked: Dialogue, writes: int, backups: int) -> None:
    quiet = closed_loop.run(asked, range(writes), clients=1)
    is_over = multiprocessing.Event()
    taker = multiprocessing.Process(target=take_backups, args=(target, backups, is_over))
    taker.start()
    busy, at = Run(), 0
    while not is_over.is_set():
        run = closed_loop.run(asked, range(at, at + _AT_ONCE), clients=1)
        busy.latencies_s += run.latencies_s
        at += _AT_ONCE
    taker.join()
    for name, run in ((f"{writes} quiet", quiet), (f"{len(busy.latencies_s)} meanwhile", busy)):
        print(f"{name}: p50 {run.percentile_ms(50):.2f} ms, p99 {run.percentile_ms(99):.2f} ms")
    print(f"p99: {busy.percentile_ms(99) / quiet.percentile_ms(99):.1f} × its quiet value")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=21680)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--writes", type=int, default=2_000)
    parser.add_argument("--backups", type=int, default=20)
    options = parser.parse_args()
    data = load(options.records)
    with installation(options.port) as target:
        host = create_index(target, data.vectors.shape[1])
        ingest(target, host, data, clients=4)
        wait_for_segments(target, host, data)
        measure_bytes(target, host, data, options.records // 100)
        singles = bodies.upserts(
            data.ids[: options.writes], data.vectors[: options.writes],
            data.metadata[: options.writes], batch=1,
        )  # fmt: skip
        asked = target.posts(host, "/vectors/upsert", singles)
        measure_writes(target, asked, options.writes, options.backups)


if __name__ == "__main__":
    main()
