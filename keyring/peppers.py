"""Peppers of stored digests: numbered, rotated, retired. The first comes from the root key."""

import secrets
from collections.abc import Callable
from pathlib import Path

from keyring import files
from keyring.envelope import KEY_BYTES, context, seal, unseal
from kit.errors import FailedPrecondition, InvalidArgument, Unavailable

_FOLDER = "peppers"
_FIRST = 1


class Peppers:
    """Those in a keyring's folder; `derive` gives keys from its root key. Safe from any thread."""

    def __init__(self, keyring_folder: Path, derive: Callable[[str], bytes]) -> None:
        self._folder = keyring_folder / _FOLDER
        self._first = derive(f"pepper/{_FIRST}")
        self._sealing_key = derive("peppers")
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
            sealed = seal(
                self._sealing_key, secrets.token_bytes(KEY_BYTES), context=_context(pepper_id)
            )
            if files.write_new(self._file(pepper_id), sealed):
                return pepper_id

    def retire(self, pepper_id: int) -> None:
        """Destroy it: no digest that was made with it can ever be checked again. Idempotent."""
        if pepper_id == self.current_id():
            raise FailedPrecondition("The newest pepper cannot be retired: rotate first.")
        files.write_new(self._folder / f"{pepper_id}.retired", b"")
        files.destroy(self._file(pepper_id))
        self._known.pop(pepper_id, None)

    def _read(self, pepper_id: int) -> bytes:
        if pepper_id not in self.living_ids():
            raise InvalidArgument(f"There is no pepper {pepper_id} in the keyring.")
        if pepper_id == _FIRST:
            return self._first
        path = self._file(pepper_id)
        files.check_private(path)
        try:
            sealed = path.read_bytes()
        except OSError as error:
            raise Unavailable(f"The keyring cannot be read: {error.strerror}.") from error
        return unseal(self._sealing_key, sealed, context=_context(pepper_id))

    def _made(self) -> list[int]:
        return [int(path.stem) for path in self._folder.glob("*.key") if path.stem.isdecimal()]

    def _file(self, pepper_id: int) -> Path:
        return self._folder / f"{pepper_id}.key"


def _context(pepper_id: int) -> bytes:
    return context("pepper", pepper_id)
