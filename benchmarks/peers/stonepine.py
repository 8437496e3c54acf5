"""Stonepine itself, over REST: gateway, authentication, durable storage."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.packages50k import Packages
from benchmarks.peers import closed_loop
from benchmarks.peers.closed_loop import Dialogue
from benchmarks.peers.contenders import TOP_K, Filter
from benchmarks.peers.wires import http_body, http_posts
from benchmarks.real_data import Installation, create_index, installation, wait_for_segments

# As many as 2 MB of JSON hold.
_BATCH = 200


class Stonepine:
    def __init__(self, target: Installation) -> None:
        self._target = target
        self._host = ""

    def ingest(self, data: Packages) -> float:
        self._host = create_index(self._target, data.vectors.shape[1])
        bodies = []
        for start in range(0, len(data.ids), _BATCH):
            rows = range(start, min(start + _BATCH, len(data.ids)))
            vectors = [
                {"id": data.ids[row], "values": data.vectors[row], "metadata": data.metadata[row]}
                for row in rows
            ]
            bodies.append(orjson.dumps({"vectors": vectors}, option=orjson.OPT_SERIALIZE_NUMPY))
        asked = self._posts("/vectors/upsert", bodies)
        return closed_loop.run(asked, range(len(bodies)), clients=4).elapsed_s

    def settle(self, data: Packages) -> None:
        wait_for_segments(self._target, self._host, data)

    def dialogue(self, data: Packages, kind: Filter) -> Dialogue:
        bodies = []
        for query in data.queries:
            body: dict[str, Any] = {"topK": TOP_K, "vector": query}
            if kind.limit is not None:
                body["filter"] = {"shard": {"$lt": kind.limit}}
            if kind.section is not None:
                body["filter"] = {"section": kind.section}
            bodies.append(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY))
        return self._posts("/query", bodies)

    def ids(self, answer: bytes) -> list[str]:
        return [match["id"] for match in orjson.loads(http_body(answer))["matches"]]

    def _posts(self, path: str, bodies: list[bytes]) -> Dialogue:
        headers = {"Api-Key": self._target.api_key}
        return http_posts(urlsplit(self._host).netloc, path, bodies, headers)


@contextmanager
def start(folder: Path, port: int) -> Iterator[Stonepine]:
    del folder  # it makes a scratch home of its own
    with installation(port) as target:
        yield Stonepine(target)
