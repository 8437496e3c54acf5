"""A project's data key, opened for work on its log and objects."""

from uuid import UUID

from keyring.data_keys import open_data_keys
from keyring.envelope import DataKey
from keyring.provider import KeyProvider
from storage.catalog import load_project_keys
from storage.database import Connection


def project_key(connection: Connection, provider: KeyProvider, project_id: UUID) -> DataKey | None:
    """None where there is none any more. Other versions are looked up by this connection."""
    return open_data_keys(provider, project_id, lambda: load_project_keys(connection, project_id))
