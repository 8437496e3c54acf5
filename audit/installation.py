"""Verifying this installation's chains: its own database, heads and keys, or copies of those."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from audit.heads import (
    Head,
    filed_heads,
    heads_at,
    heads_file,
    installation_signing_keys,
    stored_heads,
)
from audit.verification import Report, snapshot, verify
from kit.environment import environment
from storage.database import connect
from storage.objects import open_object_store


def verify_installation(
    *,
    heads: str | None = None,
    public_keys: Mapping[int, bytes] | None = None,
    only: UUID | None = None,
) -> list[Report]:
    """A report for each chain. `heads` adds a place where copies of signed heads lie.

    Crosses tenants: the caller is the operator, or gives `only` the organization asked about.
    """
    keys = installation_signing_keys().public_keys() if public_keys is None else public_keys
    known = set(_installed_heads(only))
    if heads is not None:
        known.update(heads_at(heads))
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="audit verify") as connection, snapshot(connection):
        return verify(connection, known, keys, only=only)


def _installed_heads(only: UUID | None) -> Iterator[Head]:
    yield from stored_heads(open_object_store(environment().object_store_url), only)
    yield from filed_heads(heads_file())
