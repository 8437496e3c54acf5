"""PostgreSQL with pgvector, from the wheel that Stonepine embeds, fsync on."""

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.bodies import TOP_K
from benchmarks.closed_loop import Dialogue
from benchmarks.packages50k import Packages
from benchmarks.peers.contenders import Filter
from tests.support.postgres import running_postgres

_BATCH = 500


class Pgvector:
    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: list[psycopg.Connection[Any]] = []

    def ingest(self, data: Packages) -> float:
        width = data.vectors.shape[1]
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            connection.execute(
                f"CREATE TABLE bench (id text PRIMARY KEY, v vector({width}), shard int, "
                "section text, size bigint)"
            )
            connection.execute(
                "CREATE INDEX ON bench USING hnsw (v vector_cosine_ops) "
                "WITH (m = 16, ef_construction = 128)"
            )
            connection.execute("CREATE INDEX ON bench (shard)")
            connection.execute("CREATE INDEX ON bench (section)")
        rows = [
            (name, _text(vector), about["shard"], about["section"], about["size"])
            for name, vector, about in zip(data.ids, data.vectors, data.metadata, strict=True)
        ]

        numbers = range(-(-len(rows) // _BATCH))
        begin = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._copy, [rows[at * _BATCH : (at + 1) * _BATCH] for at in numbers]))
        return time.perf_counter() - begin

    def _copy(self, rows: list[tuple[Any, ...]]) -> None:
        with (
            psycopg.connect(self._url, autocommit=True) as connection,
            connection.cursor() as cursor,
            cursor.copy("COPY bench FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def settle(self, data: Packages) -> None:
        del data
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE bench")

    def dialogue(self, data: Packages, kind: Filter) -> Dialogue:
        """Each connection prepares the statement once, is sent the vector in binary form, and plans
        for the values that it is asked about. Those of earlier runs are closed."""
        while self._opened:
            self._opened.pop().close()
        where, values = "", []
        if kind.limit is not None:
            where, values = "WHERE shard < $2::int", [str(kind.limit).encode()]
        if kind.section is not None:
            where, values = "WHERE section = $2::text", [kind.section.encode()]
        statement = f"SELECT id FROM bench {where} ORDER BY v <=> $1::vector LIMIT {TOP_K}"  # noqa: S608 - constants
        asked = [_bind(_binary(query), *values) for query in data.queries]
        return Dialogue(lambda: self._open(statement), asked, _answer_length)

    def ids(self, answer: bytes) -> list[str]:
        found, at = [], 0
        while at < len(answer):
            size = int.from_bytes(answer[at + 1 : at + 5])
            if answer[at : at + 1] == b"D":
                found.append(answer[at + 11 : at + 1 + size].decode())
            at += 1 + size
        return found

    def _open(self, statement: str) -> socket.socket:
        """A connection that psycopg opened; from then on it is written to directly."""
        connection = psycopg.connect(self._url, autocommit=True)
        connection.execute("SET hnsw.ef_search = 64")
        connection.execute("SET hnsw.iterative_scan = relaxed_order")
        connection.execute("SET plan_cache_mode = force_custom_plan")
        self._opened.append(connection)
        opened = socket.socket(fileno=os.dup(connection.fileno()))
        opened.settimeout(60)
        parse = b"q\0" + statement.encode() + b"\0" + bytes(2)
        opened.sendall(_message(b"P", parse) + _message(b"S", b""))
        buffer = b""
        while _answer_length(buffer) is None:
            buffer += opened.recv(4096)
        return opened


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


def _bind(vector: bytes, *values: bytes) -> bytes:
    """Bind, execute, synchronise (PostgreSQL's extended query protocol): the vector in binary."""
    given = [vector, *values]
    forms = [1, *[0 for _ in values]]
    body = b"\0q\0" + len(given).to_bytes(2) + b"".join(form.to_bytes(2) for form in forms)
    body += len(given).to_bytes(2)
    body += b"".join(len(value).to_bytes(4) + value for value in given) + bytes(2)
    return _message(b"B", body) + _message(b"E", b"\0" + bytes(4)) + _message(b"S", b"")


def _binary(vector: Any) -> bytes:
    return len(vector).to_bytes(2) + bytes(2) + vector.astype(">f4").tobytes()


def _answer_length(buffer: bytes) -> int | None:
    """Up to the message that says that the server is ready again."""
    at = 0
    while at + 5 <= len(buffer):
        kind, size = buffer[at : at + 1], int.from_bytes(buffer[at + 1 : at + 5])
        at += 1 + size
        if kind == b"E":
            raise RuntimeError(f"the answer is {buffer[:300]!r}")
        if kind == b"Z":
            return at if at <= len(buffer) else None
    return None


def _text(vector: Any) -> str:
    return "[" + ",".join(map(str, vector.tolist())) + "]"


@contextmanager
def start(folder: Path, port: int) -> Iterator[Pgvector]:
    del folder, port
    with running_postgres(is_durable=True) as server:
        yield Pgvector(server.url("postgres", "postgres"))
