"""Sweeping up segments and manifests that nothing needs any more."""

from uuid import UUID

import structlog

from indexes.deployment.backups import (
    forget_deleted_backups,
    indexes_being_filled,
    project_of_backed_up,
)
from indexes.deployment.verifications import scratch_places
from keyring.data_keys import open_data_key
from keyring.envelope import DataKey
from kit import clock
from kit.environment import environment
from orgs.secrets import installation_keyring
from storage.catalog import load_index, load_project_key
from storage.database import Connection, connect
from storage.garbage import Sweep
from storage.objects import open_object_store

_log = structlog.get_logger(__name__)


def collect_objects() -> int:
    """Delete what has been unneeded for the grace period; how many objects. Crosses tenants."""
    here = environment()
    before_s = clock.now().timestamp() - here.object_grace_s
    store = open_object_store(here.object_store_url)
    with connect(here.database_system_url.get_secret_value(), name="garbage") as connection:
        forget_deleted_backups(connection, store, before_s=before_s)
        spared = frozenset([*indexes_being_filled(), *scratch_places()])
        sweep = Sweep(
            connection, store, lambda index_id: _key(connection, index_id), before_s, spared
        )
        count = sweep.collect()
    if count:
        _log.info("objects_collected", count=count)
    return count


def _key(connection: Connection, index_id: UUID) -> DataKey | None:
    index = load_index(connection, index_id)
    project_id = index.project_id if index is not None else project_of_backed_up(index_id)
    row = load_project_key(connection, project_id) if project_id is not None else None
    if project_id is None or row is None:
        return None
    return open_data_key(installation_keyring(), project_id, row.version, row.wrapped)
