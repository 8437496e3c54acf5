"""Root keys of a keyring, from which all else is derived: today's, and the one before while what it
sealed is sealed anew.

root.key           today's; in its place STONEPINE_ROOT_KEY
root.former.key    the one before; in its place STONEPINE_FORMER_ROOT_KEY
"""

import base64
import binascii
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from keyring import files
from keyring.envelope import KEY_BYTES, Bytes, context, hkdf, seal, unseal
from kit import clock
from kit.environment import environment
from kit.errors import DataLoss, FailedPrecondition, Unavailable

_FILE, _FORMER_FILE = "root.key", "root.former.key"
_ID_BYTES = 4
# One in 10^16 of random keys has fewer different bytes.
_LEAST_VARIETY = 16
# Whoever sealed a value before the rotation has stored it, or given up, by then.
GRACE_S = 60.0

_Stamps: TypeAlias = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Root:
    """One root key, in memory only. `id` names it to people and tells nothing of it."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> "Root":
        return cls(hkdf(secret, context("root", "id"))[:_ID_BYTES].hex(), secret)

    def derive(self, purpose: str) -> bytes:
        """32 bytes for that purpose."""
        return hkdf(self.secret, context("root", purpose))


class RootKeys:
    """Those of a folder. Safe from any thread; what another process changed counts at once.

    Raises `Unavailable` where the folder is open to other users or a key is weak.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._stamps = self._stamped()
        self._all = self._read()

    def all(self) -> tuple[Root, ...]:
        """The newest first."""
        with self._lock:
            stamps = self._stamped()
            if stamps != self._stamps:
                self._stamps, self._all = stamps, self._read()
            return self._all

    def newest(self) -> Root:
        return self.all()[0]

    def former(self) -> Root | None:
        """The one before, unless it was retired."""
        found = self.all()
        return found[1] if len(found) > 1 else None

    def rotate(self) -> Root:
        """Make a new one, which seals from now on; the one of today still opens.

        Broken off in the middle, this is done again. Raises `FailedPrecondition` while there is a
        former one, and where the environment holds the key.
        """
        with files.locked(self._folder):
            if told_root():
                raise FailedPrecondition(
                    "STONEPINE_ROOT_KEY is set: the key is yours to change. Set the new one, and "
                    "the old one as STONEPINE_FORMER_ROOT_KEY, and start again."
                )
            if self.former() is not None:
                raise FailedPrecondition("The former root key was not retired yet.")
            # The copy is whole and durable before its original is replaced.
            files.write_new(self._folder / _FORMER_FILE, self.newest().secret)
            files.replace(self._folder / _FILE, secrets.token_bytes(KEY_BYTES))
        return self.newest()

    def retire(self) -> None:
        """Destroy the former one: what only it opens is gone for ever. Idempotent."""
        with files.locked(self._folder):
            if self.former() is None:
                return
            if told_root():
                raise FailedPrecondition(
                    "Nothing is left under it: take STONEPINE_FORMER_ROOT_KEY away, and start "
                    "again."
                )
            if self.age_s() < GRACE_S:
                raise FailedPrecondition(
                    f"The root key was rotated just now: try again in {GRACE_S:.0f} seconds."
                )
            files.destroy(self._folder / _FORMER_FILE)

    def age_s(self) -> float:
        """How long ago the newest was put into the folder; infinite where it lies elsewhere."""
        if told_root():
            return float("inf")
        return clock.now().timestamp() - (self._folder / _FILE).stat().st_mtime

    def _stamped(self) -> _Stamps:
        return tuple(_stamp(self._folder / name) for name in (_FILE, _FORMER_FILE))

    def _read(self) -> tuple[Root, ...]:
        files.check_private(self._folder)
        newest = _newest(self._folder)
        found = [newest]
        former = self._folder / _FORMER_FILE
        if (told := _told(environment().former_root_key.get_secret_value())) and told_root():
            found.append(_checked(told, "STONEPINE_FORMER_ROOT_KEY"))
        elif former.exists():
            found.append(_read_file(former))
        return tuple(Root.of(secret) for secret in dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class RootSeal:
    """Seals for one purpose under the newest root key; opens what the former one sealed, too."""

    roots: RootKeys = field(repr=False)
    purpose: str

    def seal(self, plaintext: Bytes, *, context: bytes) -> bytes:
        return seal(self.roots.newest().derive(self.purpose), plaintext, context=context)

    def unseal(self, sealed: Bytes, *, context: bytes) -> bytes:
        """Raises `DataLoss` as `keyring.envelope.unseal` does."""
        return self.opening(sealed, context=context)[1]

    def opening(self, sealed: Bytes, *, context: bytes) -> tuple[Root, bytes]:
        """The root key that opens it, and what it opens."""
        tried: set[Root] = set()
        while True:
            failure: DataLoss | None = None
            for root in self.roots.all():
                tried.add(root)
                try:
                    return root, unseal(root.derive(self.purpose), sealed, context=context)
                except DataLoss as error:
                    failure = failure or error
            # A rotation between the look at the keys and the sealing of what was read.
            if not set(self.roots.all()) - tried:
                raise failure or DataLoss("There is no root key.")


@dataclass(frozen=True, slots=True)
class SealedValue:
    """Something that is kept sealed under a root key. `replace` keeps another in its place, unless
    somebody has changed it meanwhile."""

    kind: str
    seal: RootSeal
    context: bytes
    sealed: bytes = field(repr=False)
    replace: Callable[[bytes], object] = field(repr=False)

    def root_id(self) -> str:
        """Of the key that opens it. Raises `DataLoss` where none does."""
        return self.seal.opening(self.sealed, context=self.context)[0].id

    def reseal(self) -> bool:
        """Seal it under the newest root key; whether that was to be done."""
        root, plaintext = self.seal.opening(self.sealed, context=self.context)
        if root == self.seal.roots.newest():
            return False
        self.replace(self.seal.seal(plaintext, context=self.context))
        return True


def sealed_file(kind: str, path: Path, seal: RootSeal, context: bytes) -> Iterator[SealedValue]:
    """What the file holds; nothing where it has gone. What goes meanwhile stays gone."""
    with suppress(FileNotFoundError):
        sealed = path.read_bytes()

        def replace(new: bytes) -> None:
            with files.locked(path.parent):
                if path.exists() and path.read_bytes() == sealed:
                    files.replace(path, new)

        yield SealedValue(kind, seal, context, sealed, replace)


def create_root(folder: Path) -> None:
    """Make the root key's file where there is none, and none in the environment."""
    if not told_root() and not (folder / _FILE).exists():
        files.write_new(folder / _FILE, secrets.token_bytes(KEY_BYTES))


def told_root() -> bytes:
    """The root key from the environment; empty where there is none."""
    return _told(environment().root_key.get_secret_value())


def _newest(folder: Path) -> bytes:
    told, file = told_root(), folder / _FILE
    if told and not file.exists():
        return _checked(told, "STONEPINE_ROOT_KEY")
    root = _read_file(file)
    if told and not secrets.compare_digest(told, root):
        raise Unavailable(
            f"STONEPINE_ROOT_KEY is another key than the keyring's {_FILE}. "
            "Take away the one that is wrong."
        )
    return root


def _read_file(file: Path) -> bytes:
    files.check_private(file)
    try:
        return _checked(file.read_bytes(), file.name)
    except OSError as error:
        raise Unavailable(f"The keyring's root key cannot be read: {error.strerror}.") from error


def _told(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Unavailable("A root key of the environment is no base64.") from None


def _checked(root: bytes, name: str) -> bytes:
    if len(root) != KEY_BYTES or len(set(root)) < _LEAST_VARIETY:
        raise Unavailable(
            f"The keyring's root key ({name}) is not {KEY_BYTES} random bytes. Restore the right "
            "one; without it nothing that is stored can be read."
        )
    return root


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
