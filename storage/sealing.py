"""Small sealed values of rows and manifests: one key for each name, the key's version in front."""

import struct
from uuid import UUID

from keyring.envelope import Bytes, DataKey, context, seal, unseal
from kit.errors import DataLoss

_VERSION = struct.Struct(">I")


def seal_named(key: DataKey, plaintext: Bytes, purpose: str, *parts: UUID | int) -> bytes:
    """`plaintext` bound to its name: the purpose and all parts, such as index, namespace, LSN."""
    name_key, name = key.derive(purpose, *parts), context(purpose, *parts)
    return _VERSION.pack(key.version) + seal(name_key, plaintext, context=name)


def unseal_named(key: DataKey, sealed: Bytes, purpose: str, *parts: UUID | int) -> bytes:
    """The plaintext. Raises `DataLoss` for another name, key or bit."""
    view = memoryview(sealed)
    if len(view) < _VERSION.size:
        raise DataLoss(f"A sealed {purpose} is cut off.")
    (version,) = _VERSION.unpack_from(view)
    if version != key.version:
        raise DataLoss(f"A {purpose} is sealed under key version {version}, not {key.version}.")
    name_key, name = key.derive(purpose, *parts), context(purpose, *parts)
    return unseal(name_key, view[_VERSION.size :], context=name)
