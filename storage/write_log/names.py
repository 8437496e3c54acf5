"""Namespaces as rows: their names and schemas sealed, found by a keyed digest."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from keyring.envelope import DataKey
from kit.ids import IndexId, NamespaceId
from storage.sealing import resealed, seal_named, unseal_named

_NAME, _SCHEMA = "namespace name", "namespace schema"


@dataclass(frozen=True, slots=True)
class NewNamespace:
    """A namespace row that is about to be written, for the batch that is its first use."""

    namespace_id: NamespaceId
    name_digest: bytes
    name_sealed: bytes
    schema_sealed: bytes | None


@dataclass(frozen=True, slots=True)
class NamespaceRow:
    """A namespace as the log knows it; `manifest_version` 0 means that it has no manifest yet."""

    index_id: IndexId
    namespace_id: NamespaceId
    name_sealed: bytes
    schema_sealed: bytes | None
    manifest_version: int
    manifest_lsn: int
    created_at: datetime

    def name(self, key: DataKey) -> str:
        return open_name(key, self.name_sealed, self.index_id, self.namespace_id)

    def schema(self, key: DataKey) -> bytes | None:
        """JSON bytes of the metadata schema, or None."""
        return open_schema(key, self.schema_sealed, self.index_id, self.namespace_id)


def open_name(key: DataKey, sealed: bytes, index_id: UUID, namespace_id: UUID) -> str:
    return unseal_named(key, sealed, _NAME, index_id, namespace_id).decode()


def open_schema(
    key: DataKey, sealed: bytes | None, index_id: UUID, namespace_id: UUID
) -> bytes | None:
    return None if sealed is None else unseal_named(key, sealed, _SCHEMA, index_id, namespace_id)


def reseal_names(
    key: DataKey, name: bytes, schema: bytes | None, place: tuple[UUID, UUID]
) -> tuple[bytes, bytes | None]:
    """A sealed name and schema of that index and namespace under the newest version of the key."""
    return (
        resealed(key, name, _NAME, *place),
        None if schema is None else resealed(key, schema, _SCHEMA, *place),
    )


def new_namespace(
    key: DataKey,
    index_id: UUID,
    namespace_id: UUID,
    name: str,
    *,
    schema: bytes | None = None,
) -> NewNamespace:
    """The row of a namespace that does not exist yet, with a fresh id from `kit.ids.new_id()`."""
    place = (index_id, namespace_id)
    return NewNamespace(
        namespace_id=NamespaceId(namespace_id),
        name_digest=name_digest(key, index_id, name),
        name_sealed=seal_named(key, name.encode(), _NAME, *place),
        schema_sealed=None if schema is None else seal_named(key, schema, _SCHEMA, *place),
    )


def name_digest(key: DataKey, index_id: UUID, name: str) -> bytes:
    """HMAC-SHA-256 of the name under a key of the index, so that no two indexes share one."""
    return hmac.digest(key.derive("namespace digest", index_id), name.encode(), hashlib.sha256)
