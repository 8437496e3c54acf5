"""Ingest, recall and speed on 50,000 real embeddings, through the whole stack.

Run with `make bench` (or `python -m benchmarks.real_data --records 20000 --clients 1 4 16`).
It starts a Stonepine of its own in a scratch home, and stops it again.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import numpy as np
import orjson
import psutil

from benchmarks import bodies, closed_loop
from benchmarks.bodies import TOP_K
from benchmarks.closed_loop import Dialogue, Run
from benchmarks.packages50k import SHARDS, Packages, load
from benchmarks.wires import http_body, http_header, http_posts

STONEPINE = str(Path(sys.executable).with_name("stonepine"))
BATCH = 100
RECALL_BAR = 0.98
_PATH = "x-stonepine-path"
_SETTLED_S, _SETTLING_LIMIT_S = 60, 600
FILTERS = {"no filter": SHARDS, "0.1 %": 1, "1 %": 10, "10 %": 100, "50 %": 500}


@dataclass(frozen=True)
class Installation:
    home: Path
    api_url: str
    api_key: str

    def call(self, method: str, path: str, body: object = None) -> dict:
        request = Request(  # noqa: S310 - our own loopback URL
            self.api_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Api-Key": self.api_key,
                "Content-Type": "application/json",
                "X-Pinecone-Api-Version": "2026-04",
            },
        )
        with urlopen(request, timeout=60) as reply:  # noqa: S310 - our own stack's address
            return json.loads(reply.read() or b"{}")

    def posts(self, host: str, path: str, contents: list[bytes]) -> Dialogue:
        """To an index, as a client with the first tenant's key."""
        return http_posts(urlsplit(host).netloc, path, contents, {"Api-Key": self.api_key})

    def memory_mb(self) -> dict[str, float]:
        """Proportional set size of each supervised process with its children, in MiB."""
        status = json.loads(stonepine("status", "--home", str(self.home), "--json"))
        usage: dict[str, float] = {}
        for entry in status["processes"]:
            if entry["pid"]:
                process = psutil.Process(entry["pid"])
                family = [process, *process.children(recursive=True)]
                usage[entry["name"]] = sum(p.memory_full_info().pss for p in family) / 2**20
        return usage


def stonepine(*arguments: str) -> str:
    return subprocess.run([STONEPINE, *arguments], check=True, text=True, stdout=-1).stdout


@contextmanager
def installation(port: int) -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="stonepine-bench-") as scratch:
        home = Path(scratch) / "home"
        begin = time.perf_counter()
        stonepine("up", "--home", str(home), "--port", str(port), "--detach")
        print(f"up in {time.perf_counter() - begin:.1f} s (first start of a new home)")
        try:
            tenant = json.loads(stonepine("bootstrap", "--home", str(home), "--json"))
            yield Installation(home, tenant["api_url"], tenant["api_key"])
        finally:
            stonepine("down", "--home", str(home))


def create_index(target: Installation, dimension: int, name: str = "bench") -> str:
    begin = time.perf_counter()
    spec = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
    body = {"name": name, "dimension": dimension, "metric": "cosine", "spec": spec}
    index = target.call("POST", "/indexes", body)
    while not index["status"]["ready"]:
        index = target.call("GET", f"/indexes/{name}")
    print(f"index ready in {time.perf_counter() - begin:.2f} s at {index['host']}")
    return index["host"]


def ingest(target: Installation, host: str, data: Packages, clients: int) -> Run:
    batches = bodies.upserts(data.ids, data.vectors, data.metadata, batch=BATCH)
    asked = target.posts(host, "/vectors/upsert", batches)
    return closed_loop.run(asked, range(len(batches)), clients=clients)


def queries_within(
    target: Installation, host: str, data: Packages, shard_limit: int = SHARDS
) -> Dialogue:
    """Behind a filter that shards below the limit pass, or behind none."""
    condition = {"shard": {"$lt": shard_limit}} if shard_limit < SHARDS else None
    return target.posts(host, "/query", bodies.queries(data.queries, condition))


def wait_for_segments(
    target: Installation, host: str, data: Packages, *, limit_s: float = _SETTLING_LIMIT_S
) -> None:
    """Until the parts of the namespace have stayed the same for a while: all that was due has been
    built, and merged, in the background."""
    asked = queries_within(target, host, data)
    begin = changed = time.perf_counter()
    path = ""
    while (now := time.perf_counter()) - begin < limit_s:
        answers = closed_loop.run(asked, range(1), clients=1, keep=True).answers
        found = http_header(answers[0], _PATH)
        if found != path:
            path, changed = found, now
            print(f"{path!r} after {now - begin:.1f} s")
        if "graph" in path and now - changed > _SETTLED_S:
            return
        time.sleep(0.5)
    sys.exit(f"segments are still being built after {limit_s} s: {path!r}")


def recall(data: Packages, answers: dict[int, bytes], shard_limit: int) -> float:
    """Tie-aware recall@10: a hit counts when its exact cosine reaches the 10th best one."""
    rows = np.flatnonzero(data.shards < shard_limit)
    bars = data.neighbours(data.queries, rows, TOP_K)
    wanted = min(TOP_K, len(rows))
    number_of = {name: row for row, name in enumerate(data.ids)}
    found = 0
    for query, answer in answers.items():
        hits = [number_of[match["id"]] for match in orjson.loads(http_body(answer))["matches"]]
        wrong = [row for row in hits if data.shards[row] >= shard_limit]
        if wrong:
            sys.exit(f"query {query} returned records that the filter excludes")
        exact = data.vectors[hits] @ data.queries[query]
        found += int((exact >= bars[query] - 1e-6).sum())
    return found / (wanted * len(answers))


def measure(target: Installation, host: str, data: Packages, clients: list[int]) -> bool:
    print(f"\n{'class':<10} {'recall@10':>9}  {'clients: queries/s (p50 / p99 ms)':<66} path")
    good = True
    for name, limit in FILTERS.items():
        asked = queries_within(target, host, data, limit)
        questions = range(len(data.queries))
        kept = closed_loop.run(asked, questions, clients=2, keep=True).answers
        share = recall(data, kept, limit)
        good &= share >= RECALL_BAR
        figures = []
        for count in clients:
            run = closed_loop.run(asked, questions, clients=count)
            p50, p99 = run.percentile_ms(50), run.percentile_ms(99)
            figures.append(f"{count}: {run.rate:.0f} ({p50:.1f} / {p99:.1f})")
        paths = Counter(http_header(answer, _PATH) for answer in kept.values())
        path = paths.most_common(1)[0][0]
        print(f"{name:<10} {share:>9.4f}  {', '.join(figures):<66} {path}")
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--port", type=int, default=21080)
    options = parser.parse_args()
    data = load(options.records)
    with installation(options.port) as target:
        print(f"idle memory: {sum(target.memory_mb().values()):.0f} MiB PSS")
        host = create_index(target, data.vectors.shape[1])
        run = ingest(target, host, data, clients=4)
        print(
            f"ingest {len(data.ids) / run.elapsed_s:.0f} records/s, acknowledged and durable "
            f"(batches of {BATCH}, 4 clients, "
            f"p50 {run.percentile_ms(50):.0f} ms, p99 {run.percentile_ms(99):.0f} ms)"
        )
        wait_for_segments(target, host, data)
        good = measure(target, host, data, options.clients)
        usage = target.memory_mb()
        parts = ", ".join(f"{name} {size:.0f}" for name, size in usage.items())
        print(f"\nmemory {sum(usage.values()):.0f} MiB PSS ({parts})")
    if not good:
        sys.exit(f"recall is below {RECALL_BAR}")


if __name__ == "__main__":
    main()
