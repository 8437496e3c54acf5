"""Chroma's server over HTTP, bodies encoded beforehand."""

import http.client
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from benchmarks.packages50k import Packages
from benchmarks.peers import closed_loop
from benchmarks.peers.closed_loop import Ask
from benchmarks.peers.contenders import TOP_K, Filter
from benchmarks.peers.environment import program
from benchmarks.peers.processes import serving

_BASE = "/api/v2/tenants/default_tenant/databases/default_database/collections"
_BATCH = 200


class Chroma:
    def __init__(self, port: int) -> None:
        self._port = port
        self._collection = ""

    def ingest(self, data: Packages) -> float:
        settings = {"hnsw": {"space": "cosine", "ef_search": 100, "ef_construction": 128}}
        body = orjson.dumps({"name": "bench", "configuration": settings})
        self._collection = orjson.loads(self._poster(_BASE, [body])(0))["id"]
        bodies = []
        for start in range(0, len(data.ids), _BATCH):
            rows = slice(start, start + _BATCH)
            batch = {
                "ids": data.ids[rows],
                "embeddings": data.vectors[rows],
                "metadatas": data.metadata[rows],
            }
            bodies.append(orjson.dumps(batch, option=orjson.OPT_SERIALIZE_NUMPY))
        path = f"{_BASE}/{self._collection}/add"
        loop = closed_loop.run(lambda: self._poster(path, bodies), range(len(bodies)), clients=4)
        return loop.elapsed_s

    def settle(self, data: Packages) -> None:
        """Its index is built as records arrive."""

    def connect(self, data: Packages, kind: Filter) -> Callable[[], Ask]:
        bodies = []
        for query in data.queries:
            body: dict[str, Any] = {
                "query_embeddings": [query], "n_results": TOP_K, "include": ["distances"],
            }  # fmt: skip
            if kind.limit is not None:
                body["where"] = {"shard": {"$lt": kind.limit}}
            if kind.section is not None:
                body["where"] = {"section": kind.section}
            bodies.append(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY))
        return lambda: self._poster(f"{_BASE}/{self._collection}/query", bodies)

    def ids(self, answer: Any) -> list[str]:
        found: list[str] = orjson.loads(answer)["ids"][0]
        return found

    def _poster(self, path: str, bodies: list[bytes]) -> Ask:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)

        def ask(number: int) -> bytes:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", path, bodies[number % len(bodies)], headers)
            reply = connection.getresponse()
            content = reply.read()
            if reply.status not in {200, 201}:
                raise RuntimeError(f"{reply.status} {content[:300]!r}")
            return content

        return ask


@contextmanager
def start(folder: Path, port: int) -> Iterator[Chroma]:
    command = [program("chroma"), "run", "--path", str(folder), "--port", str(port)]
    quiet = {**os.environ, "ANONYMIZED_TELEMETRY": "False"}
    with serving([*command, "--host", "127.0.0.1"], port, folder / "chroma.log", **quiet):
        yield Chroma(port)
