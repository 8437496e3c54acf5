"""The keyring with a second lock around it: keys in somebody else's hands, for projects that ask.

What the local keyring wrapped is wrapped once more by the project's outer key. So neither alone
opens anything: not who holds database and keyring, nor who holds the outer key.

    wrapped = form (1 byte) ‖ id of the outer key (16 bytes) ‖ what its holder made of the inner one
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

import structlog

from keyring.local import LocalKeyring
from keyring.outer.key import OuterKey
from kit import clock
from kit.errors import StonepineError, Unavailable

# `keyring.envelope` begins with 1: what the local keyring wrapped by itself.
_FORM = b"\x02"
_ID_BYTES = 16
_REFUSED_FOR_S = 5.0

_log = structlog.get_logger()


class OuterKeys(Protocol):
    """Where the outer keys of projects are kept."""

    def id_of_project(self, project_id: UUID) -> UUID | None:
        """Of the outer key that what is new gets wrapped with; None where there is none."""

    def load(self, key_id: UUID) -> OuterKey:
        """Raises `KeyRefused` for one that is disabled, `DataLoss` for one that has gone."""


class KeyPending(Exception):
    """Its holder has not been asked yet, and who asks must not wait: see `LayeredKeyring.fetch`."""

    def __init__(self, project_id: UUID, wrapped: bytes) -> None:
        super().__init__(str(project_id))
        self.project_id = project_id
        self.wrapped = wrapped


@dataclass(frozen=True, slots=True)
class _Known:
    """What the holder of the key said, good until then (monotonic)."""

    answer: bytes | StonepineError
    asked_s: float
    until_s: float


class LayeredKeyring(LocalKeyring):
    """Safe from any thread. What outer keys have opened is believed for `cache_s`, and gone then.

    `may_wait` False: instead of asking a provider, `unwrap` raises `KeyPending`.
    """

    def __init__(
        self, folder: Path, outer_keys: OuterKeys, *, cache_s: float, may_wait: bool = True
    ) -> None:
        super().__init__(folder)
        self._outer_keys = outer_keys
        self._cache_s = cache_s
        self._may_wait = may_wait
        self._known: dict[bytes, _Known] = {}
        self._lock = threading.Lock()

    def wrap(self, project_id: UUID, secret: bytes, *, context: bytes) -> bytes:
        inner = super().wrap(project_id, secret, context=context)
        key_id = self._outer_keys.id_of_project(project_id)
        if key_id is None:
            return inner
        return self.enclosed(project_id, inner, key_id, self._outer_keys.load(key_id))

    def unwrap(self, project_id: UUID, wrapped: bytes, *, context: bytes) -> bytes:
        return super().unwrap(project_id, self.inner(project_id, wrapped), context=context)

    def wrapping_version(self, project_id: UUID, wrapped: bytes, *, context: bytes) -> int:
        inner = self.inner(project_id, wrapped)
        return super().wrapping_version(project_id, inner, context=context)

    def enclosed(self, project_id: UUID, inner: bytes, key_id: UUID, outer: OuterKey) -> bytes:
        """What `inner` gave, inside that outer key."""
        return _FORM + key_id.bytes + outer.wrap(project_id, inner)

    def inner(self, project_id: UUID, wrapped: bytes) -> bytes:
        """What lies inside the outer key, still wrapped by the local one; the same without one."""
        if not wrapped.startswith(_FORM):
            return wrapped
        known = self._fresh(wrapped)
        if known is None:
            if not self._may_wait:
                raise KeyPending(project_id, wrapped)
            known = self.fetch(project_id, wrapped)
        if isinstance(known.answer, StonepineError):
            raise known.answer
        return known.answer

    def inner_by(self, outer: OuterKey, project_id: UUID, wrapped: bytes) -> bytes:
        """The same by that outer key, asked now, whatever is known of it."""
        if not wrapped.startswith(_FORM):
            return wrapped
        return outer.unwrap(project_id, wrapped[len(_FORM) + _ID_BYTES :])

    def guard(self, project_id: UUID, wrapped: bytes) -> Callable[[], None] | None:
        if not wrapped.startswith(_FORM) or not self._may_wait:
            return None

        def check() -> None:
            self.inner(project_id, wrapped)

        return check

    def fetch(self, project_id: UUID, wrapped: bytes) -> _Known:
        """Ask the key's holder, now; what is known from then on.

        Only a refusal takes away what is known already: a holder that cannot be asked does not.
        """
        began_s = clock.monotonic_s()
        try:
            answer: bytes | StonepineError = self._asked(project_id, wrapped)
            until_s = began_s + self._cache_s
        except StonepineError as error:
            answer, until_s = error, clock.monotonic_s() + _REFUSED_FOR_S
        except Exception:  # noqa: BLE001 - who waits is answered all the same, as in an outage
            _log.exception("key_not_fetched", project_id=str(project_id))
            answer = Unavailable("The project's encryption key cannot be asked for at present.")
            until_s = clock.monotonic_s() + _REFUSED_FOR_S
        with self._lock:
            self._forget_old()
            name, known = _name(wrapped), _Known(answer, began_s, until_s)
            before = self._known.get(name)
            if isinstance(answer, Unavailable) and before and isinstance(before.answer, bytes):
                return before
            self._known[name] = known
            return known

    def age_s(self, wrapped: bytes) -> float:
        """How long ago its holder let us open it; infinite where it does not any more."""
        known = self._fresh(wrapped)
        if known is None or isinstance(known.answer, StonepineError):
            return float("inf")
        return clock.monotonic_s() - known.asked_s

    def _asked(self, project_id: UUID, wrapped: bytes) -> bytes:
        key_id = UUID(bytes=wrapped[len(_FORM) : len(_FORM) + _ID_BYTES])
        return self.inner_by(self._outer_keys.load(key_id), project_id, wrapped)

    def _fresh(self, wrapped: bytes) -> _Known | None:
        with self._lock:
            self._forget_old()
            return self._known.get(_name(wrapped))

    def _forget_old(self) -> None:
        now = clock.monotonic_s()
        for name in [name for name, known in self._known.items() if known.until_s <= now]:
            del self._known[name]


def outer_key_id(wrapped: bytes) -> UUID | None:
    """Of the outer key around it, if there is one."""
    if not wrapped.startswith(_FORM):
        return None
    return UUID(bytes=wrapped[len(_FORM) : len(_FORM) + _ID_BYTES])


def _name(wrapped: bytes) -> bytes:
    return hashlib.blake2b(wrapped, digest_size=32).digest()
