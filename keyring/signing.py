"""Signing keys of the installation: Ed25519, numbered, made by rotation, sealed in the keyring."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keyring import files
from keyring.envelope import KEY_BYTES, context
from keyring.roots import RootSeal, SealedValue, sealed_file
from kit.errors import DataLoss, Unavailable

_FOLDER = "signing"


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """One key, in memory only."""

    id: int
    private: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


class SigningKeys:
    """The keys in a keyring's folder, sealed by `seal`.

    The newest one signs; the older ones stay, so that what they signed can be verified.
    """

    def __init__(self, keyring_folder: Path, seal: RootSeal) -> None:
        self._folder = keyring_folder / _FOLDER
        self._seal = seal

    def newest(self) -> "SigningKey":
        """The key that signs. Makes the first one at need."""
        key_id = max(self._ids(), default=0) or self.rotate()
        return SigningKey(key_id, self._private(key_id))

    def rotate(self) -> int:
        """Make a new key, which signs from now on; returns its id."""
        files.make_private_folder(self._folder)
        while True:
            key_id = max(self._ids(), default=0) + 1
            secret = secrets.token_bytes(KEY_BYTES)
            sealed = self._seal.seal(secret, context=_context(key_id))
            if files.write_new(self._file(key_id), sealed):
                return key_id

    def public_keys(self) -> dict[int, bytes]:
        """The 32 bytes of each public key, by id: for whoever verifies elsewhere."""
        return {
            key_id: self._private(key_id).public_key().public_bytes_raw()
            for key_id in sorted(self._ids())
        }

    def sealed_files(self) -> Iterator[SealedValue]:
        for key_id in sorted(self._ids()):
            bound = _context(key_id)
            yield from sealed_file("audit signing key", self._file(key_id), self._seal, bound)

    def _ids(self) -> list[int]:
        return [int(path.stem) for path in self._folder.glob("*.key") if path.stem.isdecimal()]

    def _file(self, key_id: int) -> Path:
        return self._folder / f"{key_id}.key"

    def _private(self, key_id: int) -> Ed25519PrivateKey:
        path = self._file(key_id)
        files.check_private(path)
        try:
            sealed = path.read_bytes()
        except OSError as error:
            raise Unavailable(f"The keyring cannot be read: {error.strerror}.") from error
        secret = self._seal.unseal(sealed, context=_context(key_id))
        if len(secret) != KEY_BYTES:
            raise DataLoss(f"Signing key {key_id} has a wrong length.")
        return Ed25519PrivateKey.from_private_bytes(secret)


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of that public key signed the message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _context(key_id: int) -> bytes:
    return context("signing key", key_id)
