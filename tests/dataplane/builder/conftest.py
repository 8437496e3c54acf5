"""A node's database, keyring and objects, without its processes."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cli.embedded.postgres import OWNER, SYSTEM, EmbeddedPostgres
from keyring.local import LocalKeyring
from kit.ids import new_id
from storage import schema
from tests.dataplane.builder.yard import Yard
from tests.support.dataplane import VIEWS, DataPlane


@pytest.fixture(scope="package")
def plane(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataPlane]:
    folder: Path = tmp_path_factory.mktemp("builder")
    database = f"builder_{new_id().hex}"
    postgres_server.ensure_database(database)
    with psycopg.connect(postgres_server.url("postgres", database), autocommit=True) as connection:
        connection.execute(
            sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(sql.Identifier(OWNER))
        )
    owner_url = postgres_server.url(OWNER, database)
    with psycopg.connect(owner_url) as connection:
        connection.execute(schema.sql_text())
        connection.execute(schema.grants(SYSTEM))
        connection.execute(VIEWS.format(role=SYSTEM))
    keyring = LocalKeyring.create(folder / "keyring")
    yield DataPlane(folder, owner_url, postgres_server.url(SYSTEM, database), keyring)
    postgres_server.drop_database(database)


@pytest.fixture
def yard(plane: DataPlane) -> Iterator[Yard]:
    """A namespace of its own, empty."""
    with Yard.open(plane) as yard:
        yield yard
