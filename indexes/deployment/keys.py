"""The data key of an index, for work on its log and objects in a worker."""

from uuid import UUID

from indexes.deployment.backups import project_of_backed_up
from keyring.envelope import DataKey
from orgs.secrets import installation_keyring
from storage.catalog import load_index
from storage.database import Connection
from storage.project_keys import project_key


def key_of_index(connection: Connection, index_id: UUID) -> DataKey | None:
    """None where there is none any more; of an index that has gone its backups know."""
    index = load_index(connection, index_id)
    project_id = index.project_id if index is not None else project_of_backed_up(index_id)
    if project_id is None:
        return None
    return project_key(connection, installation_keyring(), project_id)
