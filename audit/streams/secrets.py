"""Secrets of streams: sealed under a key of the keyring, bound to organization and stream."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

from audit.models import Stream
from keyring.envelope import context
from keyring.local import LocalKeyring
from keyring.roots import RootSeal, SealedValue
from kit.environment import environment


def sealed_secret(secret: str, *, organization_id: UUID, stream_id: UUID) -> bytes:
    return _seal().seal(secret.encode(), context=_context(organization_id, stream_id))


def opened_secret(sealed: bytes, *, organization_id: UUID, stream_id: UUID) -> str:
    """Raises `DataLoss` where the bytes belong to another stream."""
    return _seal().unseal(sealed, context=_context(organization_id, stream_id)).decode()


def sealed_values() -> Iterator[SealedValue]:
    """All there are. Crosses tenants."""
    for stream in Stream.objects.using("system").exclude(sealed_secret=None).iterator():
        bound = _context(stream.organization_id, stream.pk)
        sealed = bytes(stream.sealed_secret or b"")
        replace = partial(_replace, stream.pk, sealed)
        yield SealedValue("audit stream", _seal(), bound, sealed, replace)


def _replace(stream_id: UUID, sealed: bytes, new: bytes) -> None:
    rows = Stream.objects.using("system").filter(pk=stream_id, sealed_secret=sealed)
    rows.update(sealed_secret=new)


def _seal() -> RootSeal:
    return LocalKeyring(environment().keyring_dir).root_seal("audit streams")


def _context(organization_id: UUID, stream_id: UUID) -> bytes:
    return context("audit stream secret", organization_id, stream_id)
