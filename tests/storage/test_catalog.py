"""What nodes read of the control plane, and how soon they hear of changes."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cli.embedded.postgres import OWNER, SYSTEM, EmbeddedPostgres
from kit.errors import Unavailable
from kit.ids import new_id, random_base62
from storage import catalog
from storage.access_watch import AccessWatch
from storage.database import Connection, HeldLock, connect
from tests.support.waiting import wait_until

STAND_INS = """
CREATE TABLE dataplane_index (index_id uuid, org_id uuid, project_id uuid, name text,
    dimension int, metric text, vector_type text, state text, node_name text, generation bigint,
    is_pod boolean DEFAULT false, engines smallint[] DEFAULT '{0}', shards int DEFAULT 1,
    is_released boolean DEFAULT true);
CREATE TABLE dataplane_api_key (public_id text, org_id uuid, project_id uuid, digest bytea,
    pepper_id int, roles text[], expires_at timestamptz, revoked_at timestamptz,
    index_ids uuid[] DEFAULT '{}', sealed_namespaces bytea, networks text[] DEFAULT '{}',
    key_id uuid, data_plane_networks text[] DEFAULT '{}', private_endpoint text DEFAULT 'off');
CREATE TABLE dataplane_project_key (project_id uuid, version int, wrapped bytea, provider text);
CREATE TABLE dataplane_outer_key (key_id uuid PRIMARY KEY, project_id uuid, kind text,
    settings jsonb, sealed_secret bytea, disabled_at timestamptz);
CREATE TABLE dataplane_version (version bigint);
INSERT INTO dataplane_version VALUES (1);
GRANT ALL ON ALL TABLES IN SCHEMA public TO stonepine_system;
"""


@pytest.fixture(scope="module")
def catalog_url(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    database = f"catalog_{random_base62(8).lower()}"
    postgres_server.ensure_database(database)
    with psycopg.connect(postgres_server.url(OWNER, database)) as owner:
        owner.execute(STAND_INS)
    yield postgres_server.url(SYSTEM, database)
    postgres_server.drop_database(database)


@pytest.fixture
def control(catalog_url: str) -> Iterator[Connection]:
    with connect(catalog_url, name="test") as connection:
        yield connection


def insert(control: Connection, table: str, *values: object) -> None:
    places = sql.SQL(", ").join([sql.Placeholder()] * len(values))
    statement = sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(table), places)
    control.execute(statement, values)


def test_an_index_is_loaded_or_missing(control: Connection) -> None:
    index_id, org, project = new_id(), new_id(), new_id()
    insert(control, "dataplane_index", index_id, org, project, "docs", None, "dotproduct",
           "sparse", "Ready", "local", 3)  # fmt: skip
    row = catalog.load_index(control, index_id)
    assert (row.index_id, row.org_id, row.project_id) == (index_id, org, project)
    assert (row.name, row.dimension, row.metric, row.generation) == ("docs", None, "dotproduct", 3)
    assert list(row.engines) == [0]
    assert catalog.load_index(control, new_id()) is None


def test_an_api_key_is_loaded_without_showing_its_digest(control: Connection) -> None:
    revoked_at = datetime(2026, 1, 1, tzinfo=UTC)
    insert(control, "dataplane_api_key", "abc", new_id(), new_id(), b"digest-bytes", 1,
           ["ProjectEditor", "DataPlaneViewer"], None, revoked_at)  # fmt: skip
    row = catalog.load_api_key(control, "abc")
    assert (row.digest, row.roles) == (b"digest-bytes", ["ProjectEditor", "DataPlaneViewer"])
    assert (row.expires_at, row.revoked_at) == (None, revoked_at)
    assert "digest-bytes" not in repr(row)
    assert catalog.load_api_key(control, "missing") is None


def test_all_versions_of_a_projects_key_are_loaded(control: Connection) -> None:
    project = new_id()
    insert(control, "dataplane_project_key", project, 1, b"old", "local")
    insert(control, "dataplane_project_key", project, 2, b"new", "local")
    rows = sorted(catalog.load_project_keys(control, project), key=lambda row: row.version)
    assert [(row.version, row.wrapped, row.provider) for row in rows] == [
        (1, b"old", "local"), (2, b"new", "local"),
    ]  # fmt: skip
    assert catalog.load_project_keys(control, new_id()) == []


class Heard:
    """Counts the calls of a watch."""

    def __init__(self) -> None:
        self.count = 0
        self.event = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        self.event.set()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def watch(catalog_url: str, heard: Heard) -> Iterator[AccessWatch]:
    watch = AccessWatch(catalog_url, heard)
    watch.start()
    assert watch.wait_until_heard(timeout_s=5)
    assert heard.count == 1
    yield watch
    watch.stop()


def raise_version(control: Connection, *, with_notice: bool) -> None:
    with control.transaction():
        control.execute("UPDATE dataplane_version SET version = version + 1")
        if with_notice:
            control.execute("NOTIFY stonepine_access")


@pytest.mark.parametrize("with_notice", [True, False], ids=["with a notice", "without one"])
def test_a_change_is_heard_within_a_second(
    watch: AccessWatch, heard: Heard, control: Connection, with_notice: bool
) -> None:
    heard.event.clear()
    raise_version(control, with_notice=with_notice)
    assert heard.event.wait(1.0)


def test_a_notice_without_a_change_calls_nobody(
    watch: AccessWatch, heard: Heard, control: Connection
) -> None:
    before = heard.count
    control.execute("NOTIFY stonepine_access")
    raise_version(control, with_notice=True)
    wait_until(lambda: heard.count > before, timeout_s=2, what="the change is heard")
    assert heard.count == before + 1


def test_the_watch_reconnects_and_tells_how_long_it_heard_nothing(
    watch: AccessWatch, heard: Heard, control: Connection
) -> None:
    before = heard.count
    control.execute(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'stonepine access watch'"""
    )
    wait_until(lambda: heard.count > before, timeout_s=5, what="the watch is back")
    wait_until(lambda: watch.seconds_since_heard() < 1, timeout_s=5, what="it hears again")


def test_a_watch_without_a_server_has_heard_nothing(tmp_path: Path, heard: Heard) -> None:
    watch = AccessWatch(f"postgresql://nobody@/none?host={tmp_path}", heard)
    watch.start()
    assert watch.seconds_since_heard() == float("inf")
    assert not watch.wait_until_heard(timeout_s=0)
    watch.stop()
    assert heard.count == 0


def test_a_lost_database_is_unavailable(control: Connection, catalog_url: str) -> None:
    with connect(catalog_url, name="victim") as victim:
        control.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE application_name = 'stonepine victim'"""
        )
        with pytest.raises(Unavailable):
            catalog.version(victim)


def test_nothing_counts_as_heard_before_the_node_was(catalog_url: str, heard: Heard) -> None:
    told: list[int] = []
    may_beat = threading.Event()

    def beat(_connection: Connection, version: int) -> bool:
        told.append(version)
        return may_beat.is_set()

    watch = AccessWatch(catalog_url, heard, beat=beat)
    watch.start()
    wait_until(lambda: len(told) > 1, timeout_s=5, what="it tries again")
    assert watch.seconds_since_heard() == float("inf")
    assert heard.count == 1, "what it read it has passed on before"
    may_beat.set()
    assert watch.wait_until_heard(timeout_s=5)
    watch.stop()


def test_of_two_who_want_a_lock_for_good_the_second_has_it_when_the_first_is_gone(
    control: Connection, catalog_url: str
) -> None:
    first, second = (HeldLock(catalog_url, 4711, name=name) for name in ("first", "second"))
    assert first.take()
    assert first.is_held()
    assert not second.take()
    control.execute(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'stonepine first'"""
    )
    wait_until(second.take, timeout_s=5, what="it is free")
    assert not first.is_held()
    assert second.is_held()
    second.release()
    assert not second.is_held()
