"""Redis 8 vector sets, 8-bit quantization (their default)."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from benchmarks import closed_loop
from benchmarks.bodies import TOP_K
from benchmarks.closed_loop import Dialogue
from benchmarks.packages50k import Packages
from benchmarks.peers.contenders import Filter
from benchmarks.peers.environment import redis_server
from benchmarks.peers.processes import serving
from benchmarks.wires import connect, resp_command, resp_length, resp_strings

_KEY = "bench"
_PIPELINE = 100


class RedisVectors:
    def __init__(self, port: int) -> None:
        self._port = port

    def ingest(self, data: Packages) -> float:
        commands = [
            resp_command(
                "VADD", _KEY, "FP32", data.vectors[row].tobytes(), data.ids[row], "Q8", "EF", 128,
                "SETATTR", orjson.dumps(data.metadata[row]), "M", 16,
            )
            for row in range(len(data.ids))
        ]  # fmt: skip
        pipelines = [
            b"".join(commands[start : start + _PIPELINE])
            for start in range(0, len(commands) // _PIPELINE * _PIPELINE, _PIPELINE)
        ]
        asked = Dialogue(self._open, pipelines, resp_length(_PIPELINE))
        elapsed_s = closed_loop.run(asked, range(len(pipelines)), clients=4).elapsed_s
        rest = Dialogue(self._open, commands[len(pipelines) * _PIPELINE :], resp_length(1))
        return elapsed_s + closed_loop.run(rest, range(len(rest.requests)), clients=1).elapsed_s

    def settle(self, data: Packages) -> None:
        """Its graph is built as records arrive."""

    def dialogue(self, data: Packages, kind: Filter) -> Dialogue:
        condition: list[str] = []
        if kind.limit is not None:
            condition = ["FILTER", f".shard < {kind.limit}"]
        if kind.section is not None:
            condition = ["FILTER", f'.section == "{kind.section}"']
        asked = [
            resp_command(
                "VSIM", _KEY, "FP32", query.tobytes(), "COUNT", TOP_K, "EF", 100, *condition
            )
            for query in data.queries
        ]
        return Dialogue(self._open, asked, resp_length(1))

    def ids(self, answer: bytes) -> list[str]:
        return [name.decode() for name in resp_strings(answer)]

    def _open(self) -> socket.socket:
        return connect("127.0.0.1", self._port)


@contextmanager
def start(folder: Path, port: int) -> Iterator[RedisVectors]:
    command = [
        redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder),
        "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
    ]  # fmt: skip
    with serving(command, port, folder / "redis.log"):
        yield RedisVectors(port)
