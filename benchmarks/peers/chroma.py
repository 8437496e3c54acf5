"""Chroma's server over HTTP, bodies encoded beforehand."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from benchmarks import closed_loop
from benchmarks.bodies import TOP_K
from benchmarks.closed_loop import Dialogue
from benchmarks.packages50k import Packages
from benchmarks.peers.contenders import Filter
from benchmarks.peers.environment import program
from benchmarks.peers.processes import serving
from benchmarks.wires import http_body, http_posts

_BASE = "/api/v2/tenants/default_tenant/databases/default_database/collections"
_BATCH = 200


class Chroma:
    def __init__(self, port: int) -> None:
        self._netloc = f"127.0.0.1:{port}"
        self._collection = ""

    def ingest(self, data: Packages) -> float:
        settings = {"hnsw": {"space": "cosine", "ef_search": 100, "ef_construction": 128}}
        body = orjson.dumps({"name": "bench", "configuration": settings})
        made = closed_loop.run(
            http_posts(self._netloc, _BASE, [body]), range(1), clients=1, keep=True
        )
        self._collection = orjson.loads(http_body(made.answers[0]))["id"]
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
        asked = http_posts(self._netloc, path, bodies)
        return closed_loop.run(asked, range(len(bodies)), clients=4).elapsed_s

    def settle(self, data: Packages) -> None:
        """Its index is built as records arrive."""

    def dialogue(self, data: Packages, kind: Filter) -> Dialogue:
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
        return http_posts(self._netloc, f"{_BASE}/{self._collection}/query", bodies)

    def ids(self, answer: bytes) -> list[str]:
        found: list[str] = orjson.loads(http_body(answer))["ids"][0]
        return found


@contextmanager
def start(folder: Path, port: int) -> Iterator[Chroma]:
    command = [program("chroma"), "run", "--path", str(folder), "--port", str(port)]
    quiet = {**os.environ, "ANONYMIZED_TELEMETRY": "False"}
    with serving([*command, "--host", "127.0.0.1"], port, folder / "chroma.log", **quiet):
        yield Chroma(port)
