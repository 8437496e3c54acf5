"""Small sealed values of rows and manifests: one key for each name, the key's version in front."""

import struct
from uuid import UUID

from keyring.envelope import Bytes, DataKey, context, seal, unseal
from kit.errors import DataLoss

_VERSION = struct.Struct(">I")
VERSION_BYTES = _VERSION.size


def seal_named(key: DataKey, plaintext: Bytes, purpose: str, *parts: UUID | int) -> bytes:
    """`plaintext` bound to its name: the purpose and all parts, such as index, namespace, LSN."""
    name_key, name = key.derive(purpose, *parts), context(purpose, *parts)
    return _VERSION.pack(key.version) + seal(name_key, plaintext, context=name)


def unseal_named(key: DataKey, sealed: Bytes, purpose: str, *parts: UUID | int) -> bytes:
    """The plaintext, whichever version of the key sealed it. Raises `DataLoss` for another name,
    key or bit."""
    sealing_key = key.at(sealed_version(sealed))
    name_key, name = sealing_key.derive(purpose, *parts), context(purpose, *parts)
    return unseal(name_key, memoryview(sealed)[VERSION_BYTES:], context=name)


def sealed_version(sealed: Bytes) -> int:
    """The version of the data key that sealed it; its first `VERSION_BYTES` are enough."""
    if len(sealed) < VERSION_BYTES:
        raise DataLoss("Sealed bytes are cut off.")
    return int(_VERSION.unpack_from(sealed)[0])


def resealed(key: DataKey, sealed: bytes, purpose: str, *parts: UUID | int) -> bytes:
    """The same under the newest version of the key; as it is where that sealed it."""
    if sealed_version(sealed) == key.version:
        return sealed
    return seal_named(key, unseal_named(key, sealed, purpose, *parts), purpose, *parts)
