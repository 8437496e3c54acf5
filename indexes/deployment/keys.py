"""The data key of an index, for work on its log and objects in a worker."""

from uuid import UUID

from indexes.deployment.backups import project_of_backed_up
from keyring.data_keys import open_data_key
from keyring.envelope import DataKey
from orgs.secrets import installation_keyring
from storage.catalog import load_index, load_project_key
from storage.database import Connection


def key_of_index(connection: Connection, index_id: UUID) -> DataKey | None:
    """None where there is none any more; of an index that has gone its backups know."""
    index = load_index(connection, index_id)
    project_id = index.project_id if index is not None else project_of_backed_up(index_id)
    row = load_project_key(connection, project_id) if project_id is not None else None
    if project_id is None or row is None:
        return None
    return open_data_key(installation_keyring(), project_id, row.version, row.wrapped)
