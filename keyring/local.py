"""The key provider of one machine: a folder with a root key and one sealed key per project."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

from keyring import files
from keyring.envelope import seal
from keyring.peppers import Peppers
from keyring.roots import RootKeys, RootSeal, SealedValue, create_root
from keyring.wrapping_keys import WrappingKeys
from kit.errors import DataLoss, Unavailable


class LocalKeyring:
    """A `KeyProvider` over `folder`, which `create` made. `peppers` are those of stored secrets.

    Raises `Unavailable` at once where the folder is open to other users or its root key weak.
    """

    name = "local"

    def __init__(self, folder: Path) -> None:
        self.roots = RootKeys(folder)
        self._at_start = set(self.roots.all())
        self._keys = WrappingKeys(folder, self.root_seal("projects"))
        self.peppers = Peppers(folder, self.roots)

    @classmethod
    def create(cls, folder: Path) -> "LocalKeyring":
        """Make the folder and the root key where they are missing; what is there stays."""
        files.make_private_folder(folder)
        files.make_private_folder(folder / "projects")
        create_root(folder)
        return cls(folder)

    def derive(self, name: str) -> bytes:
        """32 bytes for that purpose; the same ones until the root key is rotated."""
        return self.roots.newest().derive(name)

    def derived(self, name: str) -> tuple[bytes, ...]:
        """What `derive` gives, and before the last rotation gave, until its key was retired."""
        return tuple(root.derive(name) for root in self.roots.all())

    def root_seal(self, purpose: str) -> RootSeal:
        """For what belongs to no project: sealed under the root key itself."""
        return RootSeal(self.roots, purpose)

    def sealed_files(self) -> Iterator[SealedValue]:
        """All that this keyring keeps sealed for projects and digests."""
        yield from self._keys.sealed_files()
        yield from self.peppers.sealed_files()

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
        try:
            self._keys.check()
        except DataLoss:
            if self._at_start & set(self.roots.all()):
                raise
            raise Unavailable(
                "The keyring's root key changed since the start, and opens nothing of the keyring. "
                "Restore the right one."
            ) from None
