"""The key provider of one machine: a folder with a root key and one sealed key per project."""

import base64
import binascii
import secrets
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from keyring import files
from keyring.envelope import KEY_BYTES, context, hkdf, seal
from keyring.peppers import Peppers
from keyring.wrapping_keys import WrappingKeys
from kit.environment import environment
from kit.errors import Unavailable

_ROOT_FILE = "root.key"
# One in 10^16 of random keys has fewer different bytes.
_LEAST_VARIETY = 16


class LocalKeyring:
    """A `KeyProvider` over `folder`, which `create` made. `peppers` are those of stored secrets.

    Raises `Unavailable` at once where the folder is open to other users or its root key weak.
    """

    name = "local"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = _read_root(folder)
        self._keys = WrappingKeys(folder, self.derive("projects"))
        self.peppers = Peppers(folder, self.derive)

    @classmethod
    def create(cls, folder: Path) -> "LocalKeyring":
        """Make the folder and the root key where they are missing; what is there stays."""
        files.make_private_folder(folder)
        files.make_private_folder(folder / "projects")
        if not _told_root() and not (folder / _ROOT_FILE).exists():
            files.write_new(folder / _ROOT_FILE, secrets.token_bytes(KEY_BYTES))
        return cls(folder)

    def derive(self, name: str) -> bytes:
        """32 bytes for that purpose; the same ones as long as the root key lives."""
        return hkdf(self._root, context("root", name))

    def current_pepper(self) -> tuple[int, bytes]:
        """The pepper that new digests are made with, and its id."""
        current = self.peppers.current_id()
        return current, self.pepper(current)

    def pepper(self, pepper_id: int) -> bytes:
        return self.peppers.secret(pepper_id)

    def create_key(self, project_id: UUID) -> None:
        if not self._keys.versions(project_id):
            self._keys.create(project_id)

    def has_key(self, project_id: UUID) -> bool:
        return bool(self._keys.versions(project_id))

    def key_versions(self, project_id: UUID) -> list[int]:
        """Of the project's wrapping key, from the oldest to the newest, which wraps."""
        return self._keys.versions(project_id)

    def rotate_key(self, project_id: UUID) -> int:
        """Make a new version, which wraps from now on; its number. Older ones still unwrap."""
        return self._keys.rotate(project_id)

    def retire_keys(self, project_id: UUID) -> None:
        """Destroy all versions but the newest."""
        self._keys.destroy(project_id, self._keys.versions(project_id)[:-1])

    def wrapping_version(self, project_id: UUID, wrapped: bytes, *, context: bytes) -> int:
        """Of the key that opens `wrapped`. Raises as `unwrap` does."""
        return self._keys.opening(project_id, wrapped, context=context)[0]

    def wrap(self, project_id: UUID, secret: bytes, *, context: bytes) -> bytes:
        return seal(self._keys.newest(project_id), secret, context=context)

    def unwrap(self, project_id: UUID, wrapped: bytes, *, context: bytes) -> bytes:
        return self._keys.opening(project_id, wrapped, context=context)[1]

    def guard(self, project_id: UUID, wrapped: bytes) -> Callable[[], None] | None:
        """What only this keyring wrapped stays open as long as the process lives."""
        del project_id, wrapped
        return None

    def destroy_key(self, project_id: UUID) -> None:
        self._keys.destroy(project_id, self._keys.versions(project_id))

    def check(self) -> None:
        if not secrets.compare_digest(_read_root(self._folder), self._root):
            raise Unavailable("The keyring's root key changed since the start. Start again.")
        self._keys.check()


def _read_root(folder: Path) -> bytes:
    files.check_private(folder)
    told, file = _told_root(), folder / _ROOT_FILE
    if told and not file.exists():
        return _checked_root(told, "STONEPINE_ROOT_KEY")
    files.check_private(file)
    try:
        root = _checked_root(file.read_bytes(), _ROOT_FILE)
    except OSError as error:
        raise Unavailable(f"The keyring's root key cannot be read: {error.strerror}.") from error
    if told and not secrets.compare_digest(told, root):
        raise Unavailable(
            f"STONEPINE_ROOT_KEY is another key than the keyring's {_ROOT_FILE}. "
            "Take away the one that is wrong."
        )
    return root


def _told_root() -> bytes:
    """The root key from the environment, base64; empty where there is none."""
    text = environment().root_key.get_secret_value()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Unavailable("STONEPINE_ROOT_KEY is no base64.") from None


def _checked_root(root: bytes, name: str) -> bytes:
    if len(root) != KEY_BYTES or len(set(root)) < _LEAST_VARIETY:
        raise Unavailable(
            f"The keyring's root key ({name}) is not {KEY_BYTES} random bytes. Restore the right "
            "one; without it nothing that is stored can be read."
        )
    return root
