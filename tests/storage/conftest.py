"""A database with the write log's tables, used as the system role would use it."""

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from cli.embedded.postgres import OWNER, SYSTEM, EmbeddedPostgres
from keyring.envelope import DataKey
from kit.ids import new_id, random_base62
from storage import schema
from storage.database import Connection, connect


@pytest.fixture(scope="session")
def log_database(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The name of a database with the write log's tables."""
    database = f"log_{random_base62(8).lower()}"
    postgres_server.ensure_database(database)
    with psycopg.connect(postgres_server.url(OWNER, database)) as owner:
        owner.execute(schema.sql_text())
        owner.execute(schema.grants(SYSTEM))
    yield database
    postgres_server.drop_database(database)


@pytest.fixture
def log_url(postgres_server: EmbeddedPostgres, log_database: str) -> str:
    return postgres_server.url(SYSTEM, log_database)


@pytest.fixture
def admin(postgres_server: EmbeddedPostgres, log_database: str) -> Iterator[Connection]:
    """The server's superuser, to disturb others."""
    url = postgres_server.url("postgres", log_database)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def connection(log_url: str) -> Iterator[Connection]:
    opened = connect(log_url, name="test")
    with opened:
        yield opened


@pytest.fixture
def key() -> DataKey:
    return DataKey(new_id(), 1, b"an unremarkable 32 bytes secret.")


@pytest.fixture
def index_id() -> UUID:
    return new_id()
