"""Sweeping up segments and manifests that nothing needs any more."""

from functools import cache

import structlog

from indexes.deployment.archive import window_s_of
from indexes.deployment.backups import (
    forget_deleted_backups,
    indexes_being_filled,
    indexes_being_read,
)
from indexes.deployment.keys import key_of_index
from indexes.deployment.own_store import own_store
from indexes.deployment.recovery import indexes_held_back
from indexes.deployment.verifications import scratch_places
from kit import clock
from kit.environment import environment
from storage.database import connect
from storage.garbage import Sweep

_log = structlog.get_logger(__name__)


def collect_objects() -> int:
    """Delete what has been unneeded for the grace period; how many objects. Crosses tenants."""
    here = environment()
    before_s = clock.now().timestamp() - here.object_grace_s
    store = own_store()
    with connect(here.database_system_url.get_secret_value(), name="garbage") as connection:
        forget_deleted_backups(connection, store, before_s=before_s)
        spared = frozenset(
            [*indexes_being_filled(), *indexes_being_read(), *indexes_held_back(),
             *scratch_places()]
        )  # fmt: skip
        sweep = Sweep(
            connection, store, lambda index_id: key_of_index(connection, index_id), before_s,
            spared, cache(window_s_of),
        )  # fmt: skip
        count = sweep.collect()
    if count:
        _log.info("objects_collected", count=count)
    return count
