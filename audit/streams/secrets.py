"""Secrets of streams: sealed under a key of the keyring, bound to organization and stream."""

from uuid import UUID

from keyring.envelope import context, seal, unseal
from keyring.local import LocalKeyring
from kit.environment import environment


def sealed_secret(secret: str, *, organization_id: UUID, stream_id: UUID) -> bytes:
    return seal(_key(), secret.encode(), context=_context(organization_id, stream_id))


def opened_secret(sealed: bytes, *, organization_id: UUID, stream_id: UUID) -> str:
    """Raises `DataLoss` where the bytes belong to another stream."""
    return unseal(_key(), sealed, context=_context(organization_id, stream_id)).decode()


def _key() -> bytes:
    return LocalKeyring(environment().keyring_dir).derive("audit streams")


def _context(organization_id: UUID, stream_id: UUID) -> bytes:
    return context("audit stream secret", organization_id, stream_id)
