"""A million records: real embeddings with noise added, through the whole stack.

Run with `python -m benchmarks.million` (`--records 200000` for a quick look). It shows queries per
second beside the same engine's search in process, the memory of the whole stack beside what codes,
graph and exact vectors take, and how long a restarted stack needs until its first answer.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import psutil

from benchmarks import bodies, closed_loop
from benchmarks.bodies import TOP_K
from benchmarks.packages50k import Packages, load
from benchmarks.real_data import (
    Installation,
    create_index,
    installation,
    queries_within,
    stonepine,
    wait_for_segments,
)
from benchmarks.wires import http_body

_BATCH = 200
# Of the length of a vector; real neighbours stay neighbours, and no two rows are alike.
_NOISE = 0.35
_ROUNDS = 5
_CODE_AND_LINKS = 532


def grown(data: Packages, count: int) -> Iterator[tuple[int, np.ndarray]]:
    """Pieces of rows of unit length, each with the number of its first one."""
    rng = np.random.default_rng(5)
    width = data.vectors.shape[1]
    for start in range(0, count, len(data.ids)):
        rows = data.vectors[: min(len(data.ids), count - start)]
        noise = rng.normal(scale=_NOISE / np.sqrt(width), size=rows.shape) if start else 0
        moved = rows + noise
        unit = moved / np.linalg.norm(moved, axis=1, keepdims=True)
        yield start, unit.astype(np.float32)


def ingest(target: Installation, host: str, data: Packages, count: int) -> float:
    """Seconds, without the encoding beforehand."""
    elapsed_s = 0.0
    for start, rows in grown(data, count):
        ids = [f"{start + row}" for row in range(len(rows))]
        batches = bodies.upserts(ids, rows, data.metadata, batch=_BATCH)
        posts = target.posts(host, "/vectors/upsert", batches)
        elapsed_s += closed_loop.run(posts, range(len(batches)), clients=4).elapsed_s
    return elapsed_s


def recall(data: Packages, count: int, answers: dict[int, bytes]) -> float:
    """Of ids, against an exact scan; no two rows are alike, so there are no ties."""
    numbers = sorted(answers)
    asked = data.queries[numbers]
    best = np.full((len(asked), TOP_K), -np.inf)
    names = np.zeros((len(asked), TOP_K), np.int64)
    for start, rows in grown(data, count):
        scores = np.concatenate((best, asked @ rows.T), axis=1)
        found = np.broadcast_to(np.arange(start, start + len(rows)), (len(asked), len(rows)))
        found = np.concatenate((names, found), axis=1)
        chosen = np.argpartition(-scores, TOP_K - 1, axis=1)[:, :TOP_K]
        best, names = (np.take_along_axis(kept, chosen, axis=1) for kept in (scores, found))
    hits = 0
    for at, number in enumerate(numbers):
        matches = orjson.loads(http_body(answers[number]))["matches"]
        hits += len({int(match["id"]) for match in matches} & set(names[at].tolist()))
    return hits / (TOP_K * len(numbers))


def first_answer_s(target: Installation, asked: closed_loop.Dialogue) -> float:
    """Stop the stack; the time from its start to its first answer."""
    stonepine("down", "--home", str(target.home))
    begin = time.perf_counter()
    stonepine("up", "--home", str(target.home), "--detach")
    while True:
        try:
            closed_loop.run(asked, range(1), clients=1)
        except (OSError, RuntimeError):
            continue
        return time.perf_counter() - begin


def engine_environment(target: Installation) -> dict[str, str]:
    status = json.loads(stonepine("status", "--home", str(target.home), "--json"))
    pids = [one["pid"] for one in status["processes"] if one["name"] == "node-engine"]
    return psutil.Process(pids[0]).environ()


def in_process(target: Installation) -> dict[str, float]:
    """Queries a second of the engine's own code on the same segments, in a process of its own."""
    environment = engine_environment(target)
    command = [sys.executable, "-m", "benchmarks.in_process"]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        command, cwd=root, env=environment, check=True, text=True, stdout=subprocess.PIPE
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def rates(asked: closed_loop.Dialogue, clients: int) -> float:
    runs = [closed_loop.run(asked, range(1000), clients=clients).rate for _ in range(_ROUNDS)]
    return statistics.median(runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--port", type=int, default=21380)
    options = parser.parse_args()
    data = load(50_000)
    width = data.vectors.shape[1]
    with installation(options.port) as target:
        host = create_index(target, width)
        took_s = ingest(target, host, data, options.records)
        print(f"ingest {options.records / took_s:.0f} records/s", flush=True)
        wait_for_segments(target, host, data, limit_s=3600)
        asked = queries_within(target, host, data)
        kept = closed_loop.run(asked, range(300), clients=2, keep=True)
        print(f"recall@{TOP_K} {recall(data, options.records, kept.answers):.4f}")
        through = {clients: rates(asked, clients) for clients in (1, 4, 16)}
        usage = target.memory_mb()
        floor = options.records * (_CODE_AND_LINKS + 4 * width) / 2**20
        parts = ", ".join(f"{name} {size:.0f}" for name, size in usage.items())
        print(f"memory {sum(usage.values()):.0f} MiB PSS ({parts})")
        print(f"  {sum(usage.values()) / floor:.2f} × codes, links and exact vectors")
        print(f"restart to first answer {first_answer_s(target, asked):.1f} s", flush=True)
        alone = in_process(target)
        print(f"in process: {alone}")
        for clients, rate in through.items():
            print(
                f"{clients} clients: {rate:.0f} queries/s, {rate / alone['one']:.2f} × in process"
            )


if __name__ == "__main__":
    main()
