"""Peppers of stored digests: numbered, rotated, retired. The first comes from the root key, and
becomes a file like the others before that is rotated."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from keyring import files
from keyring.envelope import KEY_BYTES, context
from keyring.roots import RootKeys, RootSeal, SealedValue, sealed_file
from kit.errors import FailedPrecondition, InvalidArgument, Unavailable

_FOLDER = "peppers"
_FIRST = 1


class Peppers:
    """Those in a keyring's folder. Safe from any thread."""

    def __init__(self, keyring_folder: Path, roots: RootKeys) -> None:
        self._folder = keyring_folder / _FOLDER
        self._roots = roots
        self._seal = RootSeal(roots, "peppers")
        self._known: dict[int, bytes] = {}

    def current_id(self) -> int:
        """The newest: new digests are made with it."""
        return max(self._made(), default=_FIRST)

    def living_ids(self) -> list[int]:
        made = {_FIRST, *self._made()}
        return sorted(made - {int(path.stem) for path in self._folder.glob("*.retired")})

    def secret(self, pepper_id: int) -> bytes:
        """Raises `InvalidArgument` where there is no such pepper, or no longer."""
        known = self._known.get(pepper_id)
        if known is None:
            known = self._known[pepper_id] = self._read(pepper_id)
        return known

    def rotate(self) -> int:
        """Make a new pepper, which counts from now on; returns its id. Older ones stay."""
        files.make_private_folder(self._folder)
        while True:
            pepper_id = self.current_id() + 1
            secret = secrets.token_bytes(KEY_BYTES)
            sealed = self._seal.seal(secret, context=_context(pepper_id))
            if files.write_new(self._file(pepper_id), sealed):
                return pepper_id

    def keep_first(self) -> None:
        """Make the first one independent of the root key. Idempotent."""
        if _FIRST in self.living_ids():
            files.make_private_folder(self._folder)
            sealed = self._seal.seal(self.secret(_FIRST), context=_context(_FIRST))
            files.write_new(self._file(_FIRST), sealed)

    def is_first_kept(self) -> bool:
        """Whether it is independent of the root key, or retired."""
        return self._file(_FIRST).exists() or _FIRST not in self.living_ids()

    def sealed_files(self) -> Iterator[SealedValue]:
        for pepper_id in self._made():
            bound = _context(pepper_id)
            yield from sealed_file("pepper", self._file(pepper_id), self._seal, bound)

    def retire(self, pepper_id: int) -> None:
        """Destroy it: no digest that was made with it can ever be checked again. Idempotent."""
        if pepper_id == self.current_id():
            raise FailedPrecondition("The newest pepper cannot be retired: rotate first.")
        files.write_new(self._folder / f"{pepper_id}.retired", b"")
        with files.locked(self._folder):
            files.destroy(self._file(pepper_id))
        self._known.pop(pepper_id, None)

    def _read(self, pepper_id: int) -> bytes:
        if pepper_id not in self.living_ids():
            raise InvalidArgument(f"There is no pepper {pepper_id} in the keyring.")
        path = self._file(pepper_id)
        if pepper_id == _FIRST and not path.exists():
            # As the oldest root key gives it: it is kept before that one is retired.
            return self._roots.all()[-1].derive(f"pepper/{_FIRST}")
        files.check_private(path)
        try:
            sealed = path.read_bytes()
        except OSError as error:
            raise Unavailable(f"The keyring cannot be read: {error.strerror}.") from error
        return self._seal.unseal(sealed, context=_context(pepper_id))

    def _made(self) -> list[int]:
        return [int(path.stem) for path in self._folder.glob("*.key") if path.stem.isdecimal()]

    def _file(self, pepper_id: int) -> Path:
        return self._folder / f"{pepper_id}.key"


def _context(pepper_id: int) -> bytes:
    return context("pepper", pepper_id)
