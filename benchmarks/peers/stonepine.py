"""Stonepine itself, over REST: gateway, authentication, durable storage."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import orjson

from benchmarks import bodies, closed_loop
from benchmarks.closed_loop import Dialogue
from benchmarks.packages50k import Packages
from benchmarks.peers.contenders import Filter
from benchmarks.real_data import Installation, create_index, installation, wait_for_segments
from benchmarks.wires import http_body
from protocol.v1 import vector_service_pb2

# As many as 2 MB of JSON hold.
_BATCH = 200
_GRPC_BATCH = 500


class Stonepine:
    def __init__(self, target: Installation) -> None:
        self._target = target
        self._host = ""

    def ingest(self, data: Packages) -> float:
        self._host = create_index(self._target, data.vectors.shape[1])
        batches = bodies.upserts(data.ids, data.vectors, data.metadata, batch=_BATCH)
        asked = self._target.posts(self._host, "/vectors/upsert", batches)
        return closed_loop.run(asked, range(len(batches)), clients=4).elapsed_s

    def ingest_grpc(self, data: Packages) -> float:
        """The same into another index, over gRPC in larger batches."""
        host = create_index(self._target, data.vectors.shape[1], "bench-grpc")
        requests = [
            _upsert_request(data, range(start, min(start + _GRPC_BATCH, len(data.ids))))
            for start in range(0, len(data.ids), _GRPC_BATCH)
        ]
        with grpc.insecure_channel(urlsplit(host).netloc) as channel:
            upsert = channel.unary_unary("/VectorService/Upsert")
            send = partial(upsert, metadata=[("api-key", self._target.api_key)], timeout=60)
            begin = time.perf_counter()
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(send, requests))
            elapsed_s = time.perf_counter() - begin
        self._target.call("DELETE", "/indexes/bench-grpc")
        return elapsed_s

    def settle(self, data: Packages) -> None:
        wait_for_segments(self._target, self._host, data)

    def dialogue(self, data: Packages, kind: Filter) -> Dialogue:
        condition: dict[str, Any] | None = None
        if kind.limit is not None:
            condition = {"shard": {"$lt": kind.limit}}
        if kind.section is not None:
            condition = {"section": kind.section}
        asked = bodies.queries(data.queries, condition)
        return self._target.posts(self._host, "/query", asked)

    def ids(self, answer: bytes) -> list[str]:
        return [match["id"] for match in orjson.loads(http_body(answer))["matches"]]


def _upsert_request(data: Packages, rows: range) -> bytes:
    request = vector_service_pb2.UpsertRequest()
    for row in rows:
        vector = request.vectors.add(id=data.ids[row], values=data.vectors[row].tolist())
        vector.metadata.update(data.metadata[row])
    return request.SerializeToString()


@contextmanager
def start(folder: Path, port: int) -> Iterator[Stonepine]:
    del folder  # it makes a scratch home of its own
    with installation(port) as target:
        yield Stonepine(target)
