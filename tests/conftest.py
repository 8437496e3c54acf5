"""Fixtures that every kind of test may use."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django.plugin import DjangoDbBlocker

from cli.embedded.postgres import EmbeddedPostgres
from keyring.local import LocalKeyring
from kit.environment import environment
from tests.support.postgres import running_postgres

if TYPE_CHECKING:
    from storage.database import Connection
    from tests.support.database import Tables
    from tests.support.past import Past
    from tests.support.world import World

_DATABASE = "control_plane"
_LONGEST_FIRST = ("chaos", "stack", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long campaigns run only in `make nightly`. What takes longest begins first, so that no test
    process is alone with it at the end; and folder by folder, so that what a folder's tests share
    is started once and ends with them."""
    items.sort(key=_place)
    if os.environ.get("STONEPINE_NIGHTLY") == "1":
        return
    for item in items:
        if item.get_closest_marker("nightly"):
            item.add_marker(pytest.mark.skip(reason="long: runs with STONEPINE_NIGHTLY=1"))


def _place(item: pytest.Item) -> tuple[int, str]:
    marks = [place for place, mark in enumerate(_LONGEST_FIRST) if item.get_closest_marker(mark)]
    return min(marks, default=len(_LONGEST_FIRST)), str(item.path.parent)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """One throw-away PostgreSQL for the session (one per worker process under xdist)."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def installation(
    postgres_server: EmbeddedPostgres,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Path:
    """A home folder with keyring and object store, and a migrated database behind Django."""
    from tests.support.database import migrated_database

    home = tmp_path_factory.mktemp("home")
    LocalKeyring.create(home / "keyring")
    (home / "objects").mkdir()
    (home / "gateway").mkdir()
    os.environ.update(
        {
            "STONEPINE_HOME": str(home),
            "STONEPINE_RUN_DIR": str(home / "run"),
            "STONEPINE_KEYRING_DIR": str(home / "keyring"),
            "OBJECT_STORE_URL": f"file://{home}/objects",
            "STONEPINE_CREATE_WAIT_S": "0",
            # Key providers of the tests are on this machine, and asked anew each time.
            "STONEPINE_OUTBOUND_ALLOW": "kms=127.0.0.0/8",
            "STONEPINE_DATA_KEY_CACHE_S": "0.5",
            # Below the ephemeral ports, and apart from test processes beside this one.
            "STONEPINE_INDEX_PORT_FIRST": str(20_000 + os.getpid() % 200 * 50),
            "STONEPINE_INDEX_PORT_COUNT": "50",
        }
    )
    environment.cache_clear()
    with django_db_blocker.unblock():
        migrated_database(postgres_server, _DATABASE)
    return home


@pytest.fixture(scope="session")
def tables(installation: Path, postgres_server: EmbeddedPostgres) -> "Iterator[Tables]":
    """All tables of the control plane, to be emptied and filled between tests."""
    from tests.support.database import Tables

    with Tables.of(postgres_server, _DATABASE) as found:
        yield found


@pytest.fixture
def database(tables: "Tables", django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The control plane's tables, used as the application and system roles; empty before and after.

    Transactions really commit: three roles on their own connections see each other's work.
    """
    from django.core.cache import cache
    from django.test import override_settings

    from tests.support.database import close_connections

    cache.clear()
    with (
        django_db_blocker.unblock(),
        override_settings(
            PASSWORD_HASHERS=["tests.support.hashing.QuickArgon2"],
            WHITENOISE_AUTOREFRESH=True,  # else each of many clients reads through all files first
        ),
    ):
        try:
            yield
        finally:
            close_connections()
            tables.empty()


@pytest.fixture
def db(database: None) -> None:
    """pytest-django's name for the same."""


@pytest.fixture
def control(database: None) -> "Iterator[Connection]":
    """A connection of the system role, as nodes have it."""
    from storage.database import connect

    url = environment().database_system_url.get_secret_value()
    with connect(url, name="test") as connection:
        yield connection


@pytest.fixture
def past(control: "Connection") -> "Past":
    """Plants what indexes used on earlier days."""
    from tests.support.past import Past

    return Past(control)


@pytest.fixture
def is_open(installation: Path) -> Iterator[None]:
    """The operator lets strangers sign up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STONEPINE_SIGN_UP", "true")
        environment.cache_clear()
        yield
    environment.cache_clear()


@pytest.fixture
def audit_context() -> Iterator[None]:
    """Acts of the test itself have an origin, as those of requests and tasks do."""
    from audit.context import AuditContext, Source, acting_from

    with acting_from(
        AuditContext(request_id="test-request", source=Source.CONSOLE, ip="192.0.2.1")
    ):
        yield


@pytest.fixture(scope="session")
def world_before() -> "list[World]":
    """The world as it was built first; its rows are kept, for building takes longer than most
    tests."""
    return []


@pytest.fixture
def world(
    database: None, audit_context: None, tables: "Tables", world_before: "list[World]"
) -> "World":
    """Alice, Bob, Vera and Mallory, each in place."""
    from tests.support.world import world_in

    return world_in(tables, world_before)
