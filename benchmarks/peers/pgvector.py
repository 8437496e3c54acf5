"""PostgreSQL with pgvector, from the wheel that Stonepine embeds, fsync on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.packages50k import Packages
from benchmarks.peers import closed_loop
from benchmarks.peers.closed_loop import Ask
from benchmarks.peers.contenders import TOP_K, Filter
from tests.support.postgres import running_postgres

_BATCH = 500


class Pgvector:
    def __init__(self, url: str) -> None:
        self._url = url

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

        def connect() -> Ask:
            connection = psycopg.connect(self._url, autocommit=True)

            def ask(number: int) -> None:
                with connection.cursor() as cursor, cursor.copy("COPY bench FROM STDIN") as copy:
                    for row in rows[number * _BATCH : (number + 1) * _BATCH]:
                        copy.write_row(row)

            return ask

        return closed_loop.run(connect, range(-(-len(rows) // _BATCH)), clients=2).elapsed_s

    def settle(self, data: Packages) -> None:
        del data
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE bench")

    def connect(self, data: Packages, kind: Filter) -> Callable[[], Ask]:
        where, value = "", None
        if kind.limit is not None:
            where, value = "WHERE shard < %(value)s", kind.limit
        if kind.section is not None:
            where, value = "WHERE section = %(value)s", kind.section
        statement = f"SELECT id FROM bench {where} ORDER BY v <=> %(query)s::vector LIMIT {TOP_K}"  # noqa: S608 - constants
        queries = [_text(query) for query in data.queries]

        def connect() -> Ask:
            connection = psycopg.connect(self._url, autocommit=True, prepare_threshold=1)
            connection.execute("SET hnsw.ef_search = 64")
            connection.execute("SET hnsw.iterative_scan = relaxed_order")

            def ask(number: int) -> list[Any]:
                asked = {"query": queries[number % len(queries)], "value": value}
                return connection.execute(statement, asked).fetchall()

            return ask

        return connect

    def ids(self, answer: Any) -> list[str]:
        return [row[0] for row in answer]


def _text(vector: Any) -> str:
    return "[" + ",".join(map(str, vector.tolist())) + "]"


@contextmanager
def start(folder: Path, port: int) -> Iterator[Pgvector]:
    del folder, port
    with running_postgres(is_durable=True) as server:
        yield Pgvector(server.url("postgres", "postgres"))
