"""Taking the passes of the control plane: each once, for the index and the right that it names."""

import threading
from collections.abc import Callable, Iterable
from uuid import UUID

from access import passes
from access.passes import Pass
from dataplane.front.credentials import Credential
from kit import clock
from kit.errors import Unauthenticated, Unavailable
from storage.catalog import IndexRow

_MOST_TAKEN = 20_000


class PassTaker:
    """From any thread. What was taken is remembered until it would have expired anyway.

    `keys` gives those of today.
    """

    def __init__(self, keys: Callable[[], Iterable[bytes]]) -> None:
        self._keys = keys
        self._taken: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, value: str, index_id: UUID | None) -> Pass:
        """Raise `Unauthenticated` for whatever is no pass for that index, or was taken before."""
        one = None if index_id is None else passes.verify(self._keys(), value, index_id)
        if one is None or not self._is_first(one):
            raise Unauthenticated("The pass is not valid for this index, expired or was used.")
        return one

    def _is_first(self, one: Pass) -> bool:
        with self._lock:
            if len(self._taken) >= _MOST_TAKEN:
                self._forget_expired()
            if one.id in self._taken:
                return False
            self._taken[one.id] = one.expires_at
            return True

    def _forget_expired(self) -> None:
        now_s = clock.now().timestamp()
        self._taken = {id_: until for id_, until in self._taken.items() if until >= now_s}
        if len(self._taken) >= _MOST_TAKEN:
            # Forgetting one that is still good would let it in twice.
            raise Unavailable("Too many people ask at once: try again.", retry_after_s=1)


def credential_of(one: Pass, index: IndexRow) -> Credential:
    """The person at that index; good for this one request."""
    actor = one.actor(index.org_id, index.project_id)
    return Credential(actor, index.project_id, expires_at=None, bearer=one)
