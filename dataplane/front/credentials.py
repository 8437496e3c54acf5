"""Proving a key: from what a caller presents to who acts, how far and from where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from access import keys
from access.actor import Actor, RoleGrant
from access.network_policy import ANYWHERE, Caller, NetworkPolicy, admits
from access.networks import Network, parse_networks
from access.passes import Pass
from access.permissions import CredentialKind, Role
from access.reach import Reach
from dataplane.front.key_uses import KeyUses
from keyring.data_keys import open_data_keys
from keyring.provider import KeyProvider
from kit import clock
from kit.errors import DataLoss
from kit.ids import OrganizationId, ProjectId
from storage.catalog import ApiKeyRow, ProjectKeyRow
from storage.key_namespaces import unseal_namespaces
from storage.key_uses import Renewal


class KeyCatalog(Protocol):
    """What is asked of the control plane. Raises `Unavailable` where it cannot be asked."""

    def load_api_key(self, public_id: str) -> ApiKeyRow | None: ...

    def load_project_keys(self, project_id: UUID) -> list[ProjectKeyRow]: ...


class Keyring(KeyProvider, Protocol):
    def pepper(self, pepper_id: int) -> bytes: ...

    def current_pepper(self) -> tuple[int, bytes]: ...


@dataclass(frozen=True, slots=True)
class Credential:
    """A key that was proven, with what the control plane knows of it; or a person's pass.

    `bearer` is the pass: who has come with it has no key, and no `public_id`.
    """

    actor: Actor
    project_id: UUID
    expires_at: datetime | None
    public_id: str = ""
    networks: tuple[Network, ...] = ()
    bearer: Pass | None = None
    policy: NetworkPolicy = ANYWHERE

    @property
    def is_valid(self) -> bool:
        return self.expires_at is None or clock.now() < self.expires_at

    def may_come_from(self, caller: Caller) -> bool:
        """By the key's own networks and by its project's policy."""
        return admits(self.networks, caller.address) and self.policy.admits_to_data(caller)


class Prover:
    """Asks the control plane about keys; what it learns may be believed until that changes."""

    def __init__(self, catalog: KeyCatalog, keyring: Keyring, uses: KeyUses) -> None:
        self._catalog = catalog
        self._keyring = keyring
        self._uses = uses

    def prove(self, key: keys.PlainKey) -> Credential | None:
        """None for a key that is not good, for whatever reason."""
        row = self._catalog.load_api_key(key.public_id)
        if row is None or row.revoked_at is not None:
            return None
        if row.expires_at is not None and row.expires_at <= clock.now():
            return None
        if not keys.matches(key, self._keyring.pepper(row.pepper_id), row.digest):
            return None
        self._renew_digest(key, row)
        reach = Reach(frozenset(row.index_ids), self._namespaces(row))
        actor = Actor(
            CredentialKind.API_KEY, row.key_id, f"API key {row.public_id}", _grants(row), reach
        )
        return Credential(
            actor,
            row.project_id,
            row.expires_at,
            row.public_id,
            parse_networks(row.networks),
            policy=NetworkPolicy.of(row.data_plane_networks, private_endpoint=row.private_endpoint),
        )

    def _renew_digest(self, key: keys.PlainKey, row: ApiKeyRow) -> None:
        current_id, pepper = self._keyring.current_pepper()
        if row.pepper_id != current_id:
            digest = keys.digest(key, pepper)
            self._uses.renew(Renewal(row.public_id, row.pepper_id, current_id, digest))

    def _namespaces(self, row: ApiKeyRow) -> frozenset[str]:
        if row.sealed_namespaces is None:
            return frozenset()
        project_id = row.project_id
        opened = open_data_keys(
            self._keyring, project_id, lambda: self._catalog.load_project_keys(project_id)
        )
        if opened is None or row.key_id is None:
            raise DataLoss("The project's data key is missing.")
        return frozenset(unseal_namespaces(opened, row.key_id, row.sealed_namespaces))


def _grants(row: ApiKeyRow) -> tuple[RoleGrant, ...]:
    known = {str(role) for role in Role}
    return tuple(
        RoleGrant(Role(role), OrganizationId(row.org_id), ProjectId(row.project_id))
        for role in row.roles
        if role in known
    )
