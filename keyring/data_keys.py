"""Data keys: made and opened with the help of a provider; only their wrapped form is stored."""

import secrets
from uuid import UUID

from keyring.envelope import KEY_BYTES, DataKey, context
from keyring.provider import KeyProvider
from kit.errors import DataLoss


def new_data_key(
    provider: KeyProvider, project_id: UUID, version: int = 1
) -> tuple[DataKey, bytes]:
    """A fresh data key and its wrapped form. The project's wrapping key must exist."""
    key = DataKey(project_id, version, secrets.token_bytes(KEY_BYTES))
    wrapped = provider.wrap(project_id, key.secret, context=_context(project_id, version))
    return key, wrapped


def open_data_key(provider: KeyProvider, project_id: UUID, version: int, wrapped: bytes) -> DataKey:
    """The data key. Raises `DataLoss` for a destroyed wrapping key or a foreign `wrapped`."""
    secret = provider.unwrap(project_id, wrapped, context=_context(project_id, version))
    if len(secret) != KEY_BYTES:
        raise DataLoss(f"The data key of project {project_id} has a wrong length.")
    return DataKey(project_id, version, secret, provider.guard(project_id, wrapped))


def _context(project_id: UUID, version: int) -> bytes:
    return context("data key", project_id, version)
