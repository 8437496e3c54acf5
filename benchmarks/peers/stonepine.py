"""Stonepine itself, over REST: gateway, authentication, durable storage."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.packages50k import Packages
from benchmarks.peers import closed_loop
from benchmarks.peers.closed_loop import Ask
from benchmarks.peers.contenders import TOP_K, Filter
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
        post = lambda: self._poster("/vectors/upsert", bodies)  # noqa: E731 - one client each
        return closed_loop.run(post, range(len(bodies)), clients=4).elapsed_s

    def settle(self, data: Packages) -> None:
        wait_for_segments(self._target, self._host, data)

    def connect(self, data: Packages, kind: Filter) -> Callable[[], Ask]:
        bodies = []
        for query in data.queries:
            body: dict[str, Any] = {"topK": TOP_K, "vector": query}
            if kind.limit is not None:
                body["filter"] = {"shard": {"$lt": kind.limit}}
            if kind.section is not None:
                body["filter"] = {"section": kind.section}
            bodies.append(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY))
        return lambda: self._poster("/query", bodies)

    def ids(self, answer: Any) -> list[str]:
        return [match["id"] for match in json.loads(answer)["matches"]]

    def _poster(self, path: str, bodies: list[bytes]) -> Ask:
        connection = http.client.HTTPConnection(urlsplit(self._host).netloc, timeout=60)
        headers = {"Api-Key": self._target.api_key, "Content-Type": "application/json"}

        def ask(number: int) -> bytes:
            connection.request("POST", path, bodies[number % len(bodies)], headers)
            reply = connection.getresponse()
            content = reply.read()
            if reply.status != 200:
                raise RuntimeError(f"{reply.status} {content[:300]!r}")
            return content

        return ask


@contextmanager
def start(folder: Path, port: int) -> Iterator[Stonepine]:
    del folder  # it makes a scratch home of its own
    with installation(port) as target:
        yield Stonepine(target)
