"""The namespaces that a key is confined to: customers' words, sealed in the key's row."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from keyring.envelope import DataKey
from storage.sealing import seal_named, unseal_named

PURPOSE = "key namespaces"
_decode = msgspec.json.Decoder(list[str]).decode


def seal_namespaces(data_key: DataKey, key_id: UUID, names: Iterable[str]) -> bytes:
    return seal_named(data_key, msgspec.json.encode(sorted(names)), PURPOSE, key_id)


def unseal_namespaces(data_key: DataKey, key_id: UUID, sealed: bytes | memoryview) -> list[str]:
    """Raises `DataLoss` for what was sealed for another key or project."""
    return _decode(bytes(unseal_named(data_key, sealed, PURPOSE, key_id)))
