"""A data plane of its own: engine and front as child processes over a real PostgreSQL.

The control plane's views are stand-in tables here, and its verbs are plain rows.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import grpc
import httpx
import psycopg
from psycopg import sql

from access import keys
from cli.embedded.postgres import OWNER, SYSTEM, EmbeddedPostgres
from keyring.data_keys import new_data_key, open_data_key
from keyring.envelope import DataKey
from keyring.local import LocalKeyring
from kit.ids import new_id
from storage import schema
from storage.integrations import seal_credentials
from storage.key_namespaces import seal_namespaces
from storage.rate_limits import RateLimit
from tests.support.waiting import wait_until

VIEWS = """
CREATE TABLE dataplane_index (index_id uuid PRIMARY KEY, org_id uuid, project_id uuid, name text,
    dimension int, metric text, vector_type text, state text, node_name text, generation int,
    is_pod boolean DEFAULT false, engines smallint[] DEFAULT ARRAY[0],
    shards int DEFAULT 1, is_released boolean DEFAULT true);
CREATE TABLE dataplane_node (id uuid, name text PRIMARY KEY, capacity int, engines int,
    created_at timestamptz, place text, address text, memory_bytes bigint, heard_at timestamptz,
    heard_version bigint, lease_ends_at timestamptz, overdue_since timestamptz,
    is_draining boolean, zone text);
GRANT SELECT, INSERT, UPDATE ON dataplane_node TO {role};
CREATE TABLE dataplane_api_key (public_id text PRIMARY KEY, org_id uuid, project_id uuid,
    digest bytea, pepper_id int, roles text[], expires_at timestamptz, revoked_at timestamptz,
    index_ids uuid[] DEFAULT ARRAY[]::uuid[], sealed_namespaces bytea,
    networks text[] DEFAULT ARRAY[]::text[], key_id uuid,
    data_plane_networks text[] DEFAULT ARRAY[]::text[], private_endpoint text DEFAULT 'off');
CREATE TABLE dataplane_key_use (public_id text PRIMARY KEY, last_used_at timestamptz,
    last_used_from inet, digest bytea, pepper_id int);
CREATE TABLE dataplane_project_key (project_id uuid, version int, wrapped bytea, provider text);
CREATE TABLE dataplane_outer_key (key_id uuid PRIMARY KEY, project_id uuid, kind text,
    settings jsonb, sealed_secret bytea, disabled_at timestamptz);
CREATE TABLE dataplane_version (version bigint);
INSERT INTO dataplane_version VALUES (1);
CREATE VIEW dataplane_metered AS SELECT index_id, org_id, project_id, name AS index_name,
    'a project' AS project_name FROM dataplane_index WHERE state <> 'Terminating';
CREATE VIEW dataplane_project_name AS
    SELECT DISTINCT project_id, 'a project' AS project_name FROM dataplane_project_key;
CREATE TABLE plan_limits (org_id uuid PRIMARY KEY, namespaces_per_index int, storage_bytes bigint,
    read_units_per_month bigint, write_units_per_month bigint, rates jsonb);
CREATE VIEW dataplane_allowance AS SELECT o.org_id, namespaces_per_index, storage_bytes,
    read_units_per_month, write_units_per_month, coalesce(rates, jsonb_build_object()) AS rates
    FROM (SELECT DISTINCT org_id FROM dataplane_index) o LEFT JOIN plan_limits USING (org_id);
CREATE TABLE billing_usagereporter (id uuid PRIMARY KEY, last_report bigint,
    reported_at timestamptz);
CREATE TABLE billing_usage (organization_id uuid, project_id uuid, index_id uuid, day date,
    project_name text, index_name text, read_units bigint DEFAULT 0, write_units bigint DEFAULT 0,
    upserts bigint DEFAULT 0, queries bigint DEFAULT 0, fetches bigint DEFAULT 0,
    lists bigint DEFAULT 0, updates bigint DEFAULT 0, deletes bigint DEFAULT 0,
    others bigint DEFAULT 0, storage_bytes bigint, last_bytes bigint,
    PRIMARY KEY (organization_id, project_id, index_id, day));
CREATE TABLE metrics_activity (organization_id uuid, index_id uuid, span_s int,
    start timestamptz, operation text, requests bigint, took_us bigint, histogram jsonb,
    errors jsonb, PRIMARY KEY (organization_id, index_id, span_s, start, operation));
CREATE TABLE metrics_level (organization_id uuid, index_id uuid, span_s int, start timestamptz,
    records bigint, size_bytes bigint, measured_at timestamptz,
    PRIMARY KEY (organization_id, index_id, span_s, start));
GRANT SELECT, INSERT, UPDATE ON metrics_activity, metrics_level TO {role};
GRANT SELECT ON dataplane_outer_key TO {role};
GRANT SELECT ON dataplane_index, dataplane_api_key, dataplane_project_key, dataplane_version,
    dataplane_metered, dataplane_project_name, dataplane_allowance TO {role};
GRANT SELECT, UPDATE ON dataplane_key_use TO {role};
GRANT SELECT, INSERT, UPDATE ON billing_usage, billing_usagereporter TO {role};
CREATE TABLE indexes_import (id uuid PRIMARY KEY, organization_id uuid, index_id uuid, key_id text,
    uri text, integration_id uuid, on_error text, status text, created_at timestamptz,
    finished_at timestamptz, due_at timestamptz, percent_complete float8, records_imported bigint,
    records_refused bigint, failures int, sealed_cursor bytea, sealed_error bytea);
CREATE TABLE indexes_storageintegration (id uuid PRIMARY KEY, project_id uuid, provider text,
    place jsonb, sealed_credentials bytea);
GRANT SELECT, INSERT, UPDATE, DELETE ON indexes_import TO {role};
GRANT SELECT ON indexes_storageintegration TO {role};
CREATE TABLE dataplane_event (place bigint GENERATED ALWAYS AS IDENTITY, given jsonb);
CREATE PROCEDURE dataplane_record_event(given jsonb) LANGUAGE sql AS
    'INSERT INTO dataplane_event (given) VALUES (given)';
GRANT SELECT, INSERT ON dataplane_event TO {role};
"""


@dataclass(frozen=True)
class Project:
    org_id: UUID
    project_id: UUID


Rates = Mapping[RateLimit, int]
_LIMITS = (
    "namespaces_per_index", "storage_bytes", "read_units_per_month", "write_units_per_month",
    "rates",
)  # fmt: skip


@dataclass
class DataPlane:
    """`owner_url` is for the stand-in of the control plane, `system_url` for the node."""

    folder: Path
    owner_url: str
    system_url: str
    keyring: LocalKeyring
    engines: int = 1
    settings: dict[str, str] = field(default_factory=dict)
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def rest_socket(self) -> Path:
        return self.folder / "node-rest.sock"

    @property
    def grpc_socket(self) -> Path:
        return self.folder / "node-grpc.sock"

    def engine_socket(self, number: int = 0) -> Path:
        return self.folder / f"{_engine(number)}.sock"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "STONEPINE_HOME": str(self.folder),
            "STONEPINE_RUN_DIR": str(self.folder),
            "STONEPINE_KEYRING_DIR": str(self.folder / "keyring"),
            "DATABASE_SYSTEM_URL": self.system_url,
            "OBJECT_STORE_URL": f"file://{self.folder}/objects",
            "OPENBLAS_NUM_THREADS": "1",
            "STONEPINE_USAGE_REPORT_S": "0.1",
            "STONEPINE_CORS_ORIGINS": "https://app.example.com",
            "STONEPINE_ENGINES": str(self.engines),
            **self.settings,
        }

    # Processes

    def start(self) -> None:
        for number in range(self.engines):
            self._spawn(_engine(number), STONEPINE_ENGINE_NUMBER=str(number))
        for number in range(self.engines):
            self._wait_for_engine(number)
        self.start_front()

    def start_engine(self, number: int = 0) -> None:
        self._spawn(_engine(number), STONEPINE_ENGINE_NUMBER=str(number))
        self._wait_for_engine(number)

    def _wait_for_engine(self, number: int) -> None:
        wait_until(self.engine_socket(number).exists, timeout_s=60, what="the engine listens")

    def start_front(self) -> None:
        self._spawn("front")
        with self.client() as client:
            wait_until(lambda: self._is_serving(client), timeout_s=60, what="the front serves")

    def kill(self, name: str) -> None:
        child = self._children[name]
        child.kill()
        child.wait()
        if name.startswith("engine"):
            (self.folder / f"{name}.sock").unlink(missing_ok=True)

    def stop(self, name: str) -> int:
        """Ask it to end; its exit status."""
        child = self._children.pop(name)
        child.send_signal(signal.SIGTERM)
        return child.wait(timeout=20)

    def close(self) -> None:
        for child in self._children.values():
            child.kill()
            child.wait()

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def logs(self) -> str:
        return "\n".join(path.read_text()[-2000:] for path in self.folder.glob("*.log"))

    def build_segments(self, index_id: UUID, namespace_id: UUID) -> str:
        """One run of the builder: its line of JSON."""
        result = self.build(index_id, namespace_id)
        result.check_returncode()
        return result.stdout

    def build(self, index_id: UUID, namespace_id: UUID) -> "subprocess.CompletedProcess[str]":
        """One run of the builder, whatever comes of it."""
        return subprocess.run(
            [sys.executable, "-m", "dataplane.builder",
             "--index", str(index_id), "--namespace", str(namespace_id)],
            env=self.environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def import_turn(self, import_id: str, *, turn_s: float = 30, **settings: str) -> dict[str, Any]:
        """One turn of the importer: its line of JSON."""
        with self.importer(import_id, turn_s=turn_s, **settings) as child:
            output, _ = child.communicate(timeout=120)
        assert child.returncode == 0, output.decode()
        found: dict[str, Any] = json.loads(output.splitlines()[-1])
        return found

    def importer(
        self, import_id: str, *, turn_s: float = 30, **settings: str
    ) -> "subprocess.Popen[bytes]":
        """The importer's process, to be waited for or killed."""
        return subprocess.Popen(
            [sys.executable, "-m", "dataplane.importer",
             "--id", import_id, "--turn-s", str(turn_s)],
            env=self.environment | settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    # Clients

    def client(self, index_id: UUID | None = None, key: str | None = None) -> httpx.Client:
        headers = {}
        if index_id is not None:
            headers["x-stonepine-index"] = str(index_id)
        if key is not None:
            headers["api-key"] = key
        return httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.rest_socket)),
            base_url="http://index",
            headers=headers,
            timeout=30,
        )

    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(f"unix:{self.grpc_socket}")

    # What the control plane would do

    def project(self, *, org_id: UUID | None = None) -> Project:
        project = Project(org_id or new_id(), new_id())
        self.keyring.create_key(project.project_id)
        _, wrapped = new_data_key(self.keyring, project.project_id)
        self._change(
            "INSERT INTO dataplane_project_key VALUES (%s, 1, %s, 'local')",
            [project.project_id, wrapped],
        )
        return project

    def rotate_data_key(self, project: Project) -> int:
        """Make a new version of the project's data key; its number."""
        rows = self.rows(
            "SELECT max(version) FROM dataplane_project_key WHERE project_id = %s",
            [project.project_id],
        )
        version = int(rows[0][0]) + 1
        _, wrapped = new_data_key(self.keyring, project.project_id, version)
        self._change(
            "INSERT INTO dataplane_project_key VALUES (%s, %s, %s, 'local')",
            [project.project_id, version, wrapped],
        )
        return version

    def index(
        self,
        project: Project,
        *,
        dimension: int | None = 4,
        metric: str = "cosine",
        state: str = "Ready",
        engines: Sequence[int] = (0,),
        is_pod: bool = False,
        shards: int = 1,
    ) -> UUID:
        index_id = new_id()
        vector_type = "sparse" if dimension is None else "dense"
        self._change(
            "INSERT INTO dataplane_index"
            " VALUES (%s, %s, %s, 'test', %s, %s, %s, %s, 'local', 1, %s, %s, %s)",
            [
                index_id, project.org_id, project.project_id, dimension, metric, vector_type,
                state, is_pod, list(engines), shards,
            ],
        )  # fmt: skip
        return index_id

    def move(self, index_id: UUID, *engines: int, node: str = "local") -> None:
        """Let other engines serve the index, perhaps of another node; the first one writes."""
        self._change(
            "UPDATE dataplane_index SET engines = %s, node_name = %s WHERE index_id = %s",
            [list(engines), node, index_id],
        )

    def withhold(self, index_id: UUID, *, is_released: bool = False) -> None:
        """As long as the node before may still serve the index."""
        self._change(
            "UPDATE dataplane_index SET is_released = %s WHERE index_id = %s",
            [is_released, index_id],
        )

    def limit(self, project: Project, *, rates: Rates | None = None, **limits: int) -> None:
        """Put caps on the project's organization, named as `plan_limits` does; others go."""
        told = None if rates is None else json.dumps(rates)
        row: dict[str, object] = {**dict.fromkeys(_LIMITS), **limits, "rates": told}
        columns = sql.SQL(", ").join(map(sql.Identifier, row))
        places = sql.SQL(", ").join([sql.Placeholder()] * len(row))
        # One statement: nobody sees a moment without limits.
        statement = sql.SQL(
            "INSERT INTO plan_limits (org_id, {columns}) VALUES (%s, {places}) "
            "ON CONFLICT (org_id) DO UPDATE SET ({columns}) = ROW({excluded})"
        ).format(
            columns=columns,
            places=places,
            excluded=sql.SQL(", ").join(sql.Identifier("excluded", name) for name in row),
        )
        self._change(statement, [project.org_id, *row.values()])

    def storage_integration(
        self, project: Project, provider: str, credentials: dict[str, str], **place: str
    ) -> str:
        integration_id = new_id()
        sealed = seal_credentials(self._data_key(project), integration_id, credentials)
        self._change(
            "INSERT INTO indexes_storageintegration VALUES (%s, %s, %s, %s, %s)",
            [integration_id, project.project_id, provider, json.dumps(place), sealed],
        )
        return str(integration_id)

    def delete_index(self, index_id: UUID) -> None:
        self._change("DELETE FROM dataplane_index WHERE index_id = %s", [index_id])

    def api_key(
        self,
        project: Project,
        *roles: str,
        expires_at: datetime | None = None,
        index_ids: Sequence[UUID] = (),
        namespaces: Sequence[str] = (),
        networks: Sequence[str] = (),
    ) -> keys.PlainKey:
        key = keys.mint(keys.SecretKind.API_KEY)
        key_id, (pepper_id, pepper) = new_id(), self.keyring.current_pepper()
        sealed = self._sealed(project, key_id, namespaces) if namespaces else None
        self._change(
            "INSERT INTO dataplane_api_key"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, NULL, %s, %s, %s, %s)",
            [
                key.public_id, project.org_id, project.project_id, keys.digest(key, pepper),
                pepper_id, list(roles) or ["ProjectEditor"], expires_at,
                list(index_ids), sealed, list(networks), key_id,
            ],
        )  # fmt: skip
        self._change(
            "INSERT INTO dataplane_key_use (public_id, pepper_id) VALUES (%s, %s)",
            [key.public_id, pepper_id],
        )
        return key

    def _sealed(self, project: Project, key_id: UUID, namespaces: Sequence[str]) -> bytes:
        return seal_namespaces(self._data_key(project), key_id, namespaces)

    def _data_key(self, project: Project) -> DataKey:
        ((wrapped,),) = self.rows(
            "SELECT wrapped FROM dataplane_project_key WHERE project_id = %s", [project.project_id]
        )
        return open_data_key(self.keyring, project.project_id, 1, wrapped)

    def confine(
        self, project: Project, *, networks: Sequence[str] = (), private_endpoint: str = "off"
    ) -> None:
        """The project's network policy, as far as nodes know it."""
        self._change(
            "UPDATE dataplane_api_key SET data_plane_networks = %s, private_endpoint = %s"
            " WHERE project_id = %s",
            [list(networks), private_endpoint, project.project_id],
        )

    def revoke(self, key: keys.PlainKey) -> None:
        self._change(
            "UPDATE dataplane_api_key SET revoked_at = now() WHERE public_id = %s", [key.public_id]
        )

    def change(self, *statements: str) -> None:
        """As the owner of the tables, with nobody told."""
        with psycopg.connect(self.owner_url) as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.owner_url) as connection:
            return connection.execute(query, parameters or []).fetchall()

    def events(self, index_id: UUID) -> list[dict[str, Any]]:
        """The audit events of the index, the oldest first, as nodes handed them over."""
        rows = self.rows(
            "SELECT given FROM dataplane_event WHERE given->>'index_id' = %s ORDER BY place",
            [str(index_id)],
        )
        return [row[0] for row in rows]

    def _change(self, statement: str | sql.Composed, parameters: list[Any]) -> None:
        with psycopg.connect(self.owner_url) as connection:
            connection.execute(statement, parameters)
            connection.execute("UPDATE dataplane_version SET version = version + 1")
            connection.execute("NOTIFY stonepine_access")

    def _is_serving(self, client: httpx.Client) -> bool:
        assert self._children["front"].poll() is None, self.logs()
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(self.rest_socket)) != 0:
                return False
        return client.get("/.stonepine/healthz").status_code == 200

    def _spawn(self, name: str, **settings: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(
                [sys.executable, "-m", f"dataplane.{name.partition('-')[0]}"],
                env=self.environment | settings, stdout=log, stderr=log,
            )  # fmt: skip


def _engine(number: int) -> str:
    return f"engine-{number}" if number else "engine"


class Hammer:
    """Calls `act(number)` from a thread, again and again, until the block ends."""

    def __init__(self, act: Any) -> None:
        self._act = act
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_stopping.set()
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        number = 0
        try:
            while not self._is_stopping.is_set():
                self._act(number)
                number += 1
        except BaseException as error:  # noqa: BLE001 - raised again by the test's own thread
            self.error = error


@contextmanager
def running_beside(plane: DataPlane, folder: Path, *, node: str, **own: str) -> Iterator[DataPlane]:
    """Another node in a folder of its own, with database, keyring and objects of the first."""
    shared = {
        name: plane.environment[name] for name in ("STONEPINE_KEYRING_DIR", "OBJECT_STORE_URL")
    }
    settings = plane.settings | shared | {"STONEPINE_NODE_NAME": node} | own
    beside = replace(plane, folder=folder, settings=settings, _children={})
    try:
        beside.start()
        yield beside
    finally:
        beside.close()


@contextmanager
def running_data_plane(
    server: EmbeddedPostgres, folder: Path, *, engines: int = 1, **settings: str
) -> Iterator[DataPlane]:
    """Engines and front over a database of their own."""
    with prepared_data_plane(server, folder, engines=engines, **settings) as plane:
        try:
            plane.start()
            yield plane
        finally:
            plane.close()


@contextmanager
def prepared_data_plane(
    server: EmbeddedPostgres, folder: Path, *, engines: int = 1, **settings: str
) -> Iterator[DataPlane]:
    """A database, a keyring and a place for objects; no processes yet."""
    database = f"dp_{new_id().hex}"
    server.ensure_database(database)
    owner_url = server.url(OWNER, database)
    try:
        with psycopg.connect(server.url("postgres", database), autocommit=True) as connection:
            connection.execute(
                sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(sql.Identifier(OWNER))
            )
        with psycopg.connect(owner_url) as connection:
            connection.execute(schema.sql_text())
            connection.execute(schema.grants(SYSTEM))
            connection.execute(VIEWS.format(role=SYSTEM))
        keyring = LocalKeyring.create(folder / "keyring")
        (folder / "objects").mkdir()
        system_url = server.url(SYSTEM, database)
        yield DataPlane(folder, owner_url, system_url, keyring, engines, dict(settings))
    finally:
        server.drop_database(database)
