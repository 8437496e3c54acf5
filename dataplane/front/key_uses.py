"""Which keys were used, when and from where: noted in memory, carried to the control plane."""

import threading

from dataplane.front.rounds import Rounds
from kit import clock
from storage.key_uses import KeyUse, Renewal, note_uses, renew_digests

_NOTED_EVERY_S = 60.0
_MOST = 100_000


class KeyUses:
    """From any thread; a use costs a request one look into a dictionary, mostly."""

    def __init__(self) -> None:
        self._noted_s: dict[str, float] = {}
        self._uses: dict[str, KeyUse] = {}
        self._renewals: dict[str, Renewal] = {}
        self._lock = threading.Lock()

    def note(self, public_id: str, address: str | None) -> None:
        now_s = clock.monotonic_s()
        noted_s = self._noted_s.get(public_id)
        if noted_s is not None and now_s - noted_s < _NOTED_EVERY_S:
            return
        with self._lock:
            if len(self._noted_s) >= _MOST:
                self._noted_s.clear()
            self._noted_s[public_id] = now_s
            self._uses[public_id] = KeyUse(public_id, clock.now(), address)

    def renew(self, renewal: Renewal) -> None:
        with self._lock:
            self._renewals[renewal.public_id] = renewal

    def take(self) -> tuple[list[KeyUse], list[Renewal]]:
        """What was noted since it was last taken."""
        with self._lock:
            uses, self._uses = list(self._uses.values()), {}
            renewals, self._renewals = list(self._renewals.values()), {}
        return uses, renewals


class KeyUseReporter(Rounds):
    """What cannot be told is dropped: a use is noted again a minute later, a digest renewed at the
    next look-up."""

    def __init__(self, url: str, uses: KeyUses, *, every_s: float) -> None:
        super().__init__(url, name="key_uses", every_s=every_s, statement_timeout_s=5)
        self._uses = uses

    def _round(self, *, is_last: bool) -> None:
        del is_last
        uses, renewals = self._uses.take()
        if uses or renewals:
            note_uses(self._connected(), uses)
            renew_digests(self._connected(), renewals)
