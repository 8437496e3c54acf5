"""Data keys: made and opened with the help of a provider; only their wrapped form is stored."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from keyring.envelope import KEY_BYTES, DataKey, context
from keyring.provider import KeyProvider
from kit.errors import DataLoss


class WrappedKey(Protocol):
    """A version of a project's data key as it is stored."""

    @property
    def version(self) -> int: ...

    @property
    def wrapped(self) -> bytes: ...


def new_data_key(
    provider: KeyProvider, project_id: UUID, version: int = 1
) -> tuple[DataKey, bytes]:
    """A fresh data key and its wrapped form. The project's wrapping key must exist."""
    key = DataKey(project_id, version, secrets.token_bytes(KEY_BYTES))
    wrapped = provider.wrap(project_id, key.secret, context=data_key_context(project_id, version))
    return key, wrapped


def open_data_key(provider: KeyProvider, project_id: UUID, version: int, wrapped: bytes) -> DataKey:
    """The data key. Raises `DataLoss` for a destroyed wrapping key or a foreign `wrapped`."""
    secret = provider.unwrap(project_id, wrapped, context=data_key_context(project_id, version))
    if len(secret) != KEY_BYTES:
        raise DataLoss(f"The data key of project {project_id} has a wrong length.")
    return DataKey(project_id, version, secret, provider.guard(project_id, wrapped))


def open_data_keys(
    provider: KeyProvider, project_id: UUID, load: Callable[[], Sequence[WrappedKey]]
) -> DataKey | None:
    """The newest of the versions that `load` gives; None where there is none.

    The others open what they sealed. `load` is asked again for one that was made, or found, later:
    whoever holds a key for long meets what others sealed after a rotation.
    """
    stored = load()
    if not stored:
        return None
    opened: dict[int, DataKey] = {}

    def find(version: int) -> DataKey | None:
        if version not in opened:
            for one in load():
                if one.version == version:
                    opened[version] = open_data_key(provider, project_id, version, one.wrapped)
        return opened.get(version)

    newest = max(stored, key=lambda one: one.version)
    key = open_data_key(provider, project_id, newest.version, newest.wrapped)
    opened[newest.version] = key
    return replace(key, find=find)


def data_key_context(project_id: UUID, version: int) -> bytes:
    """What a wrapped data key is bound to."""
    return context("data key", project_id, version)
