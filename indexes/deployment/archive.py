"""Having the log archived, and knowing how long what was archived is kept."""

from datetime import timedelta
from uuid import UUID

from indexes.deployment.keys import key_of_index
from indexes.deployment.own_store import own_store
from indexes.locks import Lock
from indexes.models import Index
from keyring.envelope import DataKey
from kit.environment import environment
from orgs.retention import restore_window
from storage.archive import rows
from storage.archive.keep import Archiver
from storage.database import Connection, alone
from storage.objects import ObjectStore

# A restore to a second replays the log from a manifest that is older than this at most.
_BASE_EVERY_S = 3_600


def archive_log() -> int:
    """Bring what was acknowledged since the last time into the archive; how many batches."""
    here = environment()
    url = here.database_system_url.get_secret_value()
    with alone(url, Lock.ARCHIVING, name="archive") as connection:
        if connection is None:
            return 0
        rows.keep_bases(connection, _BASE_EVERY_S)
        return Archiver(
            connection, own_store(), lambda one: key_of_index(connection, one)
        ).archive()


def archive_index(connection: Connection, store: ObjectStore, key: DataKey, index_id: UUID) -> None:
    """Bring everything of one index into the archive. Raises where some of it cannot be."""
    Archiver(connection, store, lambda _: key).archive(index_id)


def window_s_of(index_id: UUID) -> float:
    """How many seconds back the index can be restored. Crosses tenants."""
    rows = Index.objects.using("system").select_related("organization")
    index = rows.filter(pk=index_id).first()
    window = restore_window(index.organization) if index is not None else timedelta()
    return window.total_seconds()
