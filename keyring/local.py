"""The key provider of one machine: a folder with a root key and one sealed key per project."""

import base64
import binascii
import secrets
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from keyring import files
from keyring.envelope import KEY_BYTES, context, hkdf, seal, unseal
from keyring.peppers import Peppers
from kit.environment import environment
from kit.errors import DataLoss, Unavailable

_ROOT_FILE = "root.key"
_PROJECTS = "projects"
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
        self._sealing_key = self.derive("projects")
        self.peppers = Peppers(folder, self.derive)

    @classmethod
    def create(cls, folder: Path) -> "LocalKeyring":
        """Make the folder and the root key where they are missing; what is there stays."""
        files.make_private_folder(folder)
        files.make_private_folder(folder / _PROJECTS)
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
        secret = secrets.token_bytes(KEY_BYTES)
        sealed = seal(self._sealing_key, secret, context=_project_context(project_id))
        try:
            files.write_new(self._project_file(project_id), sealed)
        except OSError as error:
            raise Unavailable(
                f"The keyring cannot keep a new key: {error.strerror}. "
                "Check the disk and the rights of its folder."
            ) from error

    def has_key(self, project_id: UUID) -> bool:
        return self._project_file(project_id).exists()

    def wrap(self, project_id: UUID, secret: bytes, *, context: bytes) -> bytes:
        return seal(self._project_key(project_id), secret, context=context)

    def unwrap(self, project_id: UUID, wrapped: bytes, *, context: bytes) -> bytes:
        return unseal(self._project_key(project_id), wrapped, context=context)

    def guard(self, project_id: UUID, wrapped: bytes) -> Callable[[], None] | None:
        """What only this keyring wrapped stays open as long as the process lives."""
        del project_id, wrapped
        return None

    def destroy_key(self, project_id: UUID) -> None:
        try:
            files.destroy(self._project_file(project_id))
        except OSError as error:
            raise Unavailable(f"The keyring cannot destroy a key: {error.strerror}.") from error

    def check(self) -> None:
        if not secrets.compare_digest(_read_root(self._folder), self._root):
            raise Unavailable("The keyring's root key changed since the start. Start again.")
        files.check_private(self._folder / _PROJECTS)
        for path in (self._folder / _PROJECTS).glob("*.key"):
            # One is enough: it tells whether the root key is the one that sealed them.
            self._project_key(UUID(path.stem))
            return

    def _project_file(self, project_id: UUID) -> Path:
        return self._folder / _PROJECTS / f"{project_id}.key"

    def _project_key(self, project_id: UUID) -> bytes:
        path = self._project_file(project_id)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError as error:
            raise DataLoss(f"The key of project {project_id} is not in the keyring.") from error
        except OSError as error:
            raise Unavailable(f"The keyring cannot be read: {error.strerror}.") from error
        files.check_private(path)
        return unseal(self._sealing_key, sealed, context=_project_context(project_id))


def _project_context(project_id: UUID) -> bytes:
    return context("wrapping key", project_id)


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
