"""Who may enter: keys and indexes as the control plane has them, cached until it changes them."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from access import keys
from access.actor import Scope
from access.decide import require
from access.network_policy import Caller
from access.permissions import Permission
from access.pods import require_on_pod
from dataplane.front.cache import Cache
from dataplane.front.credentials import Credential, KeyCatalog, Keyring, Prover
from dataplane.front.key_uses import KeyUses
from dataplane.front.passes import PassTaker, credential_of
from kit.errors import NotFound, PermissionDenied, Unauthenticated, Unavailable
from storage.catalog import IndexRow

# A node that has heard nothing for so long cannot know what was revoked: it refuses.
MAX_SILENCE_S = 30.0
_NOWHERE = Caller()


class Catalog(KeyCatalog, Protocol):
    """What the gate asks of the control plane. Raises `Unavailable` where it cannot be asked."""

    def load_index(self, index_id: UUID) -> IndexRow | None: ...


@dataclass(frozen=True, slots=True)
class Admission:
    """A valid key, or a person's pass, at an index of its own project."""

    credential: Credential
    index: IndexRow

    def require(self, permission: Permission) -> None:
        """Raise `PermissionDenied` unless the key carries the right, and the pass is for it;
        `IndexPaused` where nobody serves the index."""
        index, actor, bearer = self.index, self.credential.actor, self.credential.bearer
        if bearer is not None and bearer.permission is not permission:
            raise PermissionDenied(f"The pass is for {bearer.permission}, not for {permission}.")
        scope = Scope(index.org_id, index.project_id, index.index_id)
        if index.is_pod:
            require_on_pod(actor, scope)
        require(actor, permission, scope)
        index.require_engines()


class Gate:
    """Decides from any thread. `silence_s` tells for how long nothing was heard."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        keyring: Keyring,
        uses: KeyUses,
        silence_s: Callable[[], float],
        passes: PassTaker,
        believed_s: float = math.inf,
        node: str = "",
        lease_s: float = MAX_SILENCE_S,
    ) -> None:
        """`believed_s`: what is known of a key, namespaces among it, is asked for again then.

        `node` is the name under which indexes are placed here; "" where all there are are served.
        `lease_s` is how long a silence others count on: past it they may serve our indexes.
        """
        self._node = node
        self._lease_s = min(lease_s, MAX_SILENCE_S)
        self._catalog = catalog
        self._passes = passes
        self._prover = Prover(catalog, keyring, uses)
        self._uses = uses
        self._silence_s = silence_s
        self._credentials: Cache[Credential] = Cache(believed_s)
        self._indexes: Cache[IndexRow] = Cache()

    def forget(self) -> None:
        """The control plane changed something: ask again from now on."""
        self._credentials.clear()
        self._indexes.clear()

    def admit(self, key: str | None, index_id: UUID | None, caller: Caller = _NOWHERE) -> Admission:
        """May block on the control plane's database.

        Raises `Unauthenticated` before anything else; then `NotFound` alike for an index that is
        not there, for one of another project and for one out of the key's reach.
        """
        self._check_heard()
        credential = self._credential(key)
        if not credential.may_come_from(caller):
            raise Unauthenticated("Invalid API key.")
        index = None if index_id is None else self.find_index(index_id)
        if index is None or not _is_within_reach(credential, index):
            raise NotFound("Index not found.")
        self._uses.note(credential.public_id, caller.address)
        return Admission(credential, index)

    def admit_at_once(
        self, key: str | None, index_id: UUID | None, caller: Caller = _NOWHERE
    ) -> Admission | None:
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
        if self._is_elsewhere(index):
            return None
        if not credential.may_come_from(caller) or not _is_within_reach(credential, index):
            return None
        self._uses.note(credential.public_id, caller.address)
        return Admission(credential, index)

    def admit_person(self, value: str, index_id: UUID | None) -> Admission:
        """A person for whom the control plane asks. May block, as `admit` does."""
        self._check_heard()
        one = self._passes.take(value, index_id)
        index = self.find_index(one.index_id)
        if index is None:
            raise NotFound("Index not found.")
        return Admission(credential_of(one, index), index)

    def _check_heard(self) -> None:
        if self._silence_s() > self._lease_s:
            raise Unavailable(
                "The control plane cannot be reached, so keys cannot be checked. Try again.",
                retry_after_s=1,
            )

    def _credential(self, key: str | None) -> Credential:
        parsed = keys.parse(key) if key else None
        if key is None or parsed is None or parsed.kind is not keys.SecretKind.API_KEY:
            raise Unauthenticated("Invalid API key.")
        credential = self._credentials.get_or_load(
            _fingerprint(key), lambda: self._prover.prove(parsed)
        )
        if credential is None or not credential.is_valid:
            raise Unauthenticated("Invalid API key.")
        return credential

    def find_index(self, index_id: UUID) -> IndexRow | None:
        """As it is cached; may block on the control plane's database.

        Raises `Unavailable` for an index that another node serves: a gateway that still leads here
        hears of the move any moment.
        """
        row = self._indexes.get_or_load(index_id.bytes, lambda: self._load_index(index_id))
        if row is not None and self._is_elsewhere(row):
            raise Unavailable("The index is served elsewhere now: try again.", retry_after_s=1)
        return row

    def _is_elsewhere(self, row: IndexRow) -> bool:
        return bool(self._node) and row.node_name not in {None, self._node}

    def _load_index(self, index_id: UUID) -> IndexRow | None:
        row = self._catalog.load_index(index_id)
        return None if row is None or not row.is_served else row


def _is_within_reach(credential: Credential, index: IndexRow) -> bool:
    is_of_project = index.project_id == credential.project_id
    return is_of_project and credential.actor.reach.has_index(index.index_id)


def _fingerprint(key: str) -> bytes:
    # The cache holds no secret: only what the secret leads to.
    return hashlib.blake2b(key.encode(), digest_size=32).digest()
