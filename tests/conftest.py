"""Fixtures that every kind of test may use."""

from collections.abc import Iterator

import pytest

from cli.embedded.postgres import EmbeddedPostgres
from tests.support.postgres import running_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """One throw-away PostgreSQL for the session (one per worker process under xdist)."""
    with running_postgres() as server:
        yield server
