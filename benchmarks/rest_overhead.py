"""What REST costs on an index of ten vectors, where searching costs nothing.

Run with `python -m benchmarks.rest_overhead`. The same query is asked through the gateway, of the
front directly (the gateway's share is the difference), and of the engine directly.
"""

import argparse
import socket
from pathlib import Path
from uuid import UUID

import numpy as np
import orjson

from benchmarks import bodies, closed_loop
from benchmarks.closed_loop import Dialogue
from benchmarks.real_data import Installation, create_index, installation
from benchmarks.wires import http_posts
from dataplane.engine import messages

_WIDTH = 384
_QUESTIONS, _ROUNDS = 2000, 5


def unix(path: Path) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX)
    opened.connect(str(path))
    return opened


def frame_length(buffer: bytes) -> int | None:
    if len(buffer) < messages.HEADER.size:
        return None
    length, _ = messages.HEADER.unpack_from(buffer)
    whole: int = messages.HEADER.size + length
    return whole if len(buffer) >= whole else None


def ways(target: Installation, host: str, index_id: UUID) -> dict[str, Dialogue]:
    rng = np.random.default_rng(1)
    queries = rng.normal(size=(50, _WIDTH)).astype(np.float32)
    asked = bodies.queries(queries)
    key = {"Api-Key": target.api_key}
    named = {**key, "x-stonepine-index": str(index_id), "x-forwarded-for": "127.0.0.1"}
    netloc = host.removeprefix("http://")
    run = target.home / "run"
    frames = [
        messages.pack(number, messages.Query(index_id=index_id, top_k=10, vector=query.tobytes()))
        for number, query in enumerate(queries)
    ]
    direct = http_posts(netloc, "/query", asked, named)
    return {
        "through the gateway": http_posts(netloc, "/query", asked, key),
        "of the front": direct._replace(open=lambda: unix(run / "node-rest.sock")),
        "of the engine": Dialogue(lambda: unix(run / "engine.sock"), frames, frame_length),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=21580)
    options = parser.parse_args()
    with installation(options.port) as target:
        host = create_index(target, _WIDTH)
        vectors = np.random.default_rng(2).normal(size=(10, _WIDTH)).astype(np.float32)
        batch = bodies.upserts([f"{row}" for row in range(10)], vectors, [{}] * 10, batch=10)
        post = target.posts(host, "/vectors/upsert", batch)
        closed_loop.run(post, range(1), clients=1)
        asked = ways(target, host, index_of(target))
        runs: dict[str, list[closed_loop.Run]] = {name: [] for name in asked}
        for _ in range(_ROUNDS):
            for name, dialogue in asked.items():
                runs[name].append(closed_loop.run(dialogue, range(_QUESTIONS), clients=1))
        for name, found in runs.items():
            p50, p99 = (
                np.median([run.percentile_ms(percent) for run in found]) for percent in (50, 99)
            )
            print(f"{name:22} p50 {p50:.3f} ms, p99 {p99:.3f} ms")


def index_of(target: Installation) -> UUID:
    """The id of the only index, as the gateway knows it."""
    listed = (target.home / "gateway" / "listeners.json").read_text()
    (resource,) = orjson.loads(listed)["resources"]
    return UUID(resource["name"].removeprefix("index-"))


if __name__ == "__main__":
    main()
