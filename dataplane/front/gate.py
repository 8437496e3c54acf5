"""Who may enter: keys and indexes as the control plane has them, cached until it changes them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from access import keys
from access.actor import Actor, RoleGrant, Scope
from access.decide import require
from access.permissions import CredentialKind, Permission, Role
from dataplane.front.cache import Cache
from kit import clock
from kit.errors import NotFound, Unauthenticated, Unavailable
from kit.ids import OrganizationId, ProjectId
from storage.catalog import ApiKeyRow, IndexRow

# A node that has heard nothing for so long cannot know what was revoked: it refuses.
MAX_SILENCE_S = 30.0
_TERMINATING = "Terminating"


class Catalog(Protocol):
    """What the gate asks of the control plane. Raises `Unavailable` where it cannot be asked."""

    def load_api_key(self, public_id: str) -> ApiKeyRow | None: ...

    def load_index(self, index_id: UUID) -> IndexRow | None: ...


@dataclass(frozen=True, slots=True)
class Credential:
    """A key that was proven, with what the control plane knows of it."""

    actor: Actor
    project_id: UUID
    expires_at: datetime | None
    public_id: str = ""

    @property
    def is_valid(self) -> bool:
        return self.expires_at is None or clock.now() < self.expires_at


@dataclass(frozen=True, slots=True)
class Admission:
    """A valid key at an index of its own project."""

    credential: Credential
    index: IndexRow

    def require(self, permission: Permission) -> None:
        """Raise `PermissionDenied` unless the key carries the right."""
        scope = Scope(OrganizationId(self.index.org_id), ProjectId(self.index.project_id))
        require(self.credential.actor, permission, scope)


class Gate:
    """Decides from any thread. `silence_s` tells for how long nothing was heard."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        pepper: Callable[[int], bytes],
        silence_s: Callable[[], float],
    ) -> None:
        self._catalog = catalog
        self._pepper = pepper
        self._silence_s = silence_s
        self._credentials: Cache[Credential] = Cache()
        self._indexes: Cache[IndexRow] = Cache()

    def forget(self) -> None:
        """The control plane changed something: ask again from now on."""
        self._credentials.clear()
        self._indexes.clear()

    def admit(self, key: str | None, index_id: UUID | None) -> Admission:
        """May block on the control plane's database.

        Raises `Unauthenticated` before anything else; then `NotFound` alike for an index that is
        not there and for one of another project.
        """
        self._check_heard()
        credential = self._credential(key)
        index = self._index(index_id)
        if index is None or index.project_id != credential.project_id:
            raise NotFound("Index not found.")
        return Admission(credential, index)

    def admit_at_once(self, key: str | None, index_id: UUID | None) -> Admission | None:
        """The same from what is cached, without blocking; None where `admit` has to decide."""
        self._check_heard()
        if key is None or index_id is None:
            return None
        known_key = self._credentials.get(_fingerprint(key))
        known_index = self._indexes.get(index_id.bytes)
        if known_key is None or known_index is None:
            return None
        credential, index = known_key.value, known_index.value
        if credential is None or index is None or not credential.is_valid:
            return None
        return Admission(credential, index) if index.project_id == credential.project_id else None

    def _check_heard(self) -> None:
        if self._silence_s() > MAX_SILENCE_S:
            raise Unavailable(
                "The control plane cannot be reached, so keys cannot be checked. Try again.",
                retry_after_s=1,
            )

    def _credential(self, key: str | None) -> Credential:
        parsed = keys.parse(key) if key else None
        if key is None or parsed is None or parsed.kind is not keys.SecretKind.API_KEY:
            raise Unauthenticated("Invalid API key.")
        credential = self._credentials.get_or_load(_fingerprint(key), lambda: self._prove(parsed))
        if credential is None or not credential.is_valid:
            raise Unauthenticated("Invalid API key.")
        return credential

    def _prove(self, key: keys.PlainKey) -> Credential | None:
        row = self._catalog.load_api_key(key.public_id)
        if row is None or row.revoked_at is not None:
            return None
        if not keys.matches(key, self._pepper(row.pepper_id), row.digest):
            return None
        known = {str(role) for role in Role}
        grants = tuple(
            RoleGrant(Role(role), OrganizationId(row.org_id), ProjectId(row.project_id))
            for role in row.roles
            if role in known
        )
        actor = Actor(CredentialKind.API_KEY, None, f"API key {row.public_id}", grants)
        return Credential(actor, row.project_id, row.expires_at, row.public_id)

    def _index(self, index_id: UUID | None) -> IndexRow | None:
        if index_id is None:
            return None
        return self._indexes.get_or_load(index_id.bytes, lambda: self._load_index(index_id))

    def _load_index(self, index_id: UUID) -> IndexRow | None:
        row = self._catalog.load_index(index_id)
        return None if row is None or row.state == _TERMINATING else row


def _fingerprint(key: str) -> bytes:
    # The cache holds no secret: only what the secret leads to.
    return hashlib.blake2b(key.encode(), digest_size=32).digest()
