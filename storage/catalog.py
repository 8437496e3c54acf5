"""What nodes read of the control plane: indexes, keys, and whether any of it changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from psycopg.rows import class_row, scalar_row

from access.network_policy import PrivateEndpoint
from keyring.outer.key import DISABLED, KeyRefused
from kit.errors import FailedPrecondition
from kit.ids import IndexId, OrganizationId, ProjectId
from storage.database import Connection, translated_errors

Row = TypeVar("Row")
# What is being deleted, and what could not be filled or recovered.
_NOT_SERVED = {"Terminating", "InitializationFailed"}


class IndexPaused(FailedPrecondition):
    """No engine serves the index, as its owner wishes."""


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One row of `dataplane_index`; `dimension` is None on sparse indexes."""

    index_id: IndexId
    org_id: OrganizationId
    project_id: ProjectId
    name: str
    dimension: int | None
    metric: str
    vector_type: str
    state: str
    node_name: str | None
    generation: int
    is_pod: bool = False
    # Which of the node's engines serve it; the first one writes. None while it is paused.
    engines: Sequence[int] = (0,)
    # So many of them answer a query together.
    shards: int = 1
    # Whether every node that served it before has let go of it.
    is_released: bool = True

    @property
    def is_served(self) -> bool:
        return self.state not in _NOT_SERVED

    def require_engines(self) -> None:
        if not self.engines:
            raise IndexPaused(
                "The index is paused: its read capacity has 0 replicas. Set 1 or more of them to "
                "have it serve again."
            )


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """One row of `dataplane_api_key`; revoked and expired keys are rows too.

    `revoked_at` is also set of a disabled key and of one whose organization is suspended.
    """

    public_id: str
    org_id: OrganizationId
    project_id: ProjectId
    digest: bytes = field(repr=False)
    pepper_id: int
    roles: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    index_ids: Sequence[UUID] = ()
    sealed_namespaces: bytes | None = field(default=None, repr=False)
    networks: Sequence[str] = ()
    key_id: UUID | None = None
    # Of its project: see access.network_policy.
    data_plane_networks: Sequence[str] = ()
    private_endpoint: str = PrivateEndpoint.OFF


@dataclass(frozen=True, slots=True)
class ProjectKeyRow:
    """One row of `dataplane_project_key`: a data key, wrapped by `provider`."""

    project_id: ProjectId
    version: int
    wrapped: bytes = field(repr=False)
    provider: str
    is_disabled: bool = False


def load_index(connection: Connection, index_id: UUID) -> IndexRow | None:
    return _first(
        connection,
        IndexRow,
        """SELECT index_id, org_id, project_id, name, dimension, metric, vector_type, state,
               node_name, generation, is_pod, engines, shards, is_released
           FROM dataplane_index WHERE index_id = %s""",
        [index_id],
    )


def load_api_key(connection: Connection, public_id: str) -> ApiKeyRow | None:
    return _first(
        connection,
        ApiKeyRow,
        """SELECT public_id, org_id, project_id, digest, pepper_id, roles, expires_at, revoked_at,
               index_ids, sealed_namespaces, networks, key_id, data_plane_networks,
               private_endpoint
           FROM dataplane_api_key WHERE public_id = %s""",
        [public_id],
    )


def load_project_keys(connection: Connection, project_id: UUID) -> list[ProjectKeyRow]:
    """All versions of the project's data key; more than one while it is being rotated. Raises
    `KeyRefused` while its outer key is disabled."""
    rows = class_row(ProjectKeyRow)
    with translated_errors(), connection.cursor(row_factory=rows) as cursor:
        cursor.execute(
            """SELECT project_id, version, wrapped, provider, disabled_at IS NOT NULL AS is_disabled
               FROM dataplane_project_key LEFT JOIN dataplane_outer_key USING (project_id)
               WHERE project_id = %s""",
            [project_id],
        )
        found = cursor.fetchall()
    if any(one.is_disabled for one in found):
        raise KeyRefused(DISABLED)
    return found


def project_keys(connection: Connection) -> list[ProjectKeyRow]:
    """Every data key of every project; those that are disabled too."""
    with translated_errors(), connection.cursor(row_factory=class_row(ProjectKeyRow)) as cursor:
        cursor.execute(
            """SELECT project_id, version, wrapped, provider, disabled_at IS NOT NULL AS is_disabled
               FROM dataplane_project_key LEFT JOIN dataplane_outer_key USING (project_id)
               ORDER BY project_id, version"""
        )
        return cursor.fetchall()


def version(connection: Connection) -> int:
    """Raised by every act of the control plane that changes what nodes may cache."""
    with translated_errors(), connection.cursor(row_factory=scalar_row) as cursor:
        cursor.execute("SELECT version FROM dataplane_version")
        return int(cursor.fetchone() or 0)


def _first(
    connection: Connection, kind: type[Row], query: str, parameters: Sequence[object]
) -> Row | None:
    with translated_errors(), connection.cursor(row_factory=class_row(kind)) as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone()
