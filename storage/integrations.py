"""Storage integrations as rows: how to read a bucket, the credentials sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from keyring.envelope import DataKey
from storage.database import Connection, translated_errors
from storage.sealing import seal_named, unseal_named

PURPOSE = "storage integration"
_decode = msgspec.json.Decoder(dict[str, str]).decode

_LOAD = """
    SELECT id, project_id, provider, place, sealed_credentials FROM indexes_storageintegration
    WHERE id = %s AND project_id = %s
"""


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """`place` may have "region" and "endpoint"."""

    id: UUID
    project_id: UUID
    provider: str
    place: dict[str, Any]
    sealed_credentials: bytes = field(repr=False)

    def credentials(self, key: DataKey) -> dict[str, str]:
        return _decode(unseal_named(key, self.sealed_credentials, PURPOSE, self.id))


def seal_credentials(key: DataKey, integration_id: UUID, credentials: Mapping[str, str]) -> bytes:
    return seal_named(key, msgspec.json.encode(dict(credentials)), PURPOSE, integration_id)


def load_integration(
    connection: Connection, project_id: UUID, integration_id: UUID
) -> IntegrationRow | None:
    """Of that project: one of another is none."""
    with translated_errors(), connection.cursor(row_factory=class_row(IntegrationRow)) as cursor:
        return cursor.execute(_LOAD, [integration_id, project_id]).fetchone()
