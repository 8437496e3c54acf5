"""Stonepine beside its peers: recall, queries per second, latency and ingest, in one run.

Run with `python -m benchmarks.peers.compare` (`--records 5000 --rounds 1` for a quick look). Every
contender is started once, takes the same records and is then asked the same questions in turn,
`--rounds` times; figures are medians. Loopback only.
"""

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks import closed_loop
from benchmarks.bodies import TOP_K
from benchmarks.packages50k import Packages, load
from benchmarks.peers import chroma, pgvector, redis_vectors, stonepine
from benchmarks.peers.contenders import Filter, Running, Start

CONTENDERS: dict[str, Start] = {
    "stonepine": stonepine.start,
    "chroma": chroma.start,
    "pgvector": pgvector.start,
    "redis": redis_vectors.start,
}
FILTERS = (
    Filter("no filter"),
    Filter("1 %", limit=10),
    Filter("10 %", limit=100),
    Filter("by section", section="python"),
)
_CLIENTS = (1, 4, 16)
_FIRST_PORT = 22_080
# Slow ones are asked fewer questions: a rate needs no more.
_LEAST_QUESTIONS = 100


@dataclass
class Figures:
    recall: float = 0.0
    rates: dict[int, list[float]] = field(default_factory=dict)
    p99_ms: dict[int, list[float]] = field(default_factory=dict)


def recall(data: Packages, running: Running, answers: dict[int, bytes], kind: Filter) -> float:
    """Tie-aware recall@10 against an exact scan of what the filter lets through."""
    rows = np.flatnonzero(_passes(data, kind))
    bars = data.neighbours(data.queries, rows, TOP_K)
    number_of = {name: row for row, name in enumerate(data.ids)}
    found = 0
    for number, answer in answers.items():
        hits = [number_of[name] for name in running.ids(answer)]
        exact = data.vectors[hits] @ data.queries[number]
        found += int((exact >= bars[number] - 1e-6).sum())
    return found / (min(TOP_K, len(rows)) * len(answers))


def _passes(data: Packages, kind: Filter) -> np.ndarray:
    passes = np.ones(len(data.ids), dtype=bool)
    if kind.limit is not None:
        passes = data.shards < kind.limit
    if kind.section is not None:
        passes = np.array([about["section"] == kind.section for about in data.metadata])
    return passes


def measure(data: Packages, running: Running, kind: Filter, clients: int) -> closed_loop.Run:
    """All questions, or so many as a slow contender answers in a few seconds."""
    dialogue = running.dialogue(data, kind)
    probe = closed_loop.run(dialogue, range(_LEAST_QUESTIONS), clients=clients)
    count = min(len(data.queries), max(_LEAST_QUESTIONS, int(probe.rate * 3)))
    return closed_loop.run(dialogue, range(count), clients=clients)


def compare(data: Packages, running: dict[str, Running], rounds: int) -> None:
    for kind in FILTERS:
        found = {name: Figures() for name in running}
        for name, one in running.items():
            kept = closed_loop.run(
                one.dialogue(data, kind), range(min(500, len(data.queries))), clients=2, keep=True
            )
            found[name].recall = recall(data, one, kept.answers, kind)
        for _ in range(rounds):
            for clients in _CLIENTS:
                for name, one in running.items():
                    run = measure(data, one, kind, clients)
                    found[name].rates.setdefault(clients, []).append(run.rate)
                    found[name].p99_ms.setdefault(clients, []).append(run.percentile_ms(99))
        _print(kind, found)


def _print(kind: Filter, found: dict[str, Figures]) -> None:
    print(f"\n{kind.name}: recall@10, then for 1, 4 and 16 clients queries/s (p99 ms)")
    best = {
        clients: max(
            statistics.median(one.rates[clients])
            for name, one in found.items()
            if name != "stonepine"
        )
        for clients in _CLIENTS
        if len(found) > 1
    }
    for name, one in found.items():
        cells = [
            f"{statistics.median(one.rates[clients]):7.0f} "
            f"({statistics.median(one.p99_ms[clients]):6.1f})"
            for clients in _CLIENTS
        ]
        print(f"  {name:<10} {one.recall:.4f}  " + "  ".join(cells))
    if best:
        ratios = [
            f"{statistics.median(found['stonepine'].rates[clients]) / best[clients]:.2f}"
            for clients in _CLIENTS
        ]
        print("  stonepine over the fastest peer: " + ", ".join(ratios))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=[*CONTENDERS], default=[*CONTENDERS])
    options = parser.parse_args()
    data = load(options.records)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sp-peers-")))
        running: dict[str, Running] = {}
        for number, name in enumerate(options.only):
            (scratch / name).mkdir()
            start = CONTENDERS[name](scratch / name, _FIRST_PORT + 3_000 * number)
            running[name] = stack.enter_context(start)
            took_s = running[name].ingest(data)
            print(f"{name}: {len(data.ids) / took_s:.0f} records/s taken", flush=True)
            if isinstance(running[name], stonepine.Stonepine):
                took_s = running[name].ingest_grpc(data)
                print(f"{name} over gRPC: {len(data.ids) / took_s:.0f} records/s taken")
            running[name].settle(data)
        compare(data, running, options.rounds)


if __name__ == "__main__":
    main()
