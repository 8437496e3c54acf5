"""Redis 8 vector sets, 8-bit quantization (their default), over redis-py with its C parser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import redis

from benchmarks.packages50k import Packages
from benchmarks.peers import closed_loop
from benchmarks.peers.closed_loop import Ask
from benchmarks.peers.contenders import TOP_K, Filter
from benchmarks.peers.environment import redis_server
from benchmarks.peers.processes import serving

_KEY = "bench"
_PIPELINE = 100


class RedisVectors:
    def __init__(self, port: int) -> None:
        self._port = port

    def ingest(self, data: Packages) -> float:
        commands = [
            ("VADD", _KEY, "FP32", data.vectors[row].tobytes(), data.ids[row], "Q8", "EF", "128",
             "SETATTR", orjson.dumps(data.metadata[row]), "M", "16")
            for row in range(len(data.ids))
        ]  # fmt: skip

        def connect() -> Ask:
            client = self._client()

            def ask(number: int) -> None:
                pipeline = client.pipeline(transaction=False)
                for command in commands[number * _PIPELINE : (number + 1) * _PIPELINE]:
                    pipeline.execute_command(*command)
                pipeline.execute()

            return ask

        count = -(-len(commands) // _PIPELINE)
        return closed_loop.run(connect, range(count), clients=4).elapsed_s

    def settle(self, data: Packages) -> None:
        """Its graph is built as records arrive."""

    def connect(self, data: Packages, kind: Filter) -> Callable[[], Ask]:
        condition: list[str] = []
        if kind.limit is not None:
            condition = ["FILTER", f".shard < {kind.limit}"]
        if kind.section is not None:
            condition = ["FILTER", f'.section == "{kind.section}"']
        blobs = [query.tobytes() for query in data.queries]

        def connect() -> Ask:
            client = self._client()

            def ask(number: int) -> Any:
                blob = blobs[number % len(blobs)]
                return client.execute_command(
                    "VSIM", _KEY, "FP32", blob, "COUNT", TOP_K, "EF", 100, *condition
                )

            return ask

        return connect

    def ids(self, answer: Any) -> list[str]:
        return [name.decode() for name in answer]

    def _client(self) -> redis.Redis:
        return redis.Redis(port=self._port)


@contextmanager
def start(folder: Path, port: int) -> Iterator[RedisVectors]:
    command = [
        redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder),
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
    ]  # fmt: skip
    with serving(command, port, folder / "redis.log"):
        yield RedisVectors(port)
