"""The wrapping keys of projects in a keyring's folder: numbered, made by rotation, retired.

projects/<project>.key         the first
projects/<project>.<n>.key     the later ones
"""

import secrets
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from keyring import files
from keyring.envelope import KEY_BYTES, context, unseal
from keyring.roots import RootSeal, SealedValue, sealed_file
from kit.errors import DataLoss, Unavailable

_FOLDER = "projects"
_FIRST = 1


class WrappingKeys:
    """Those in a keyring's folder, sealed by `seal`."""

    def __init__(self, keyring_folder: Path, seal: RootSeal) -> None:
        self._folder = keyring_folder / _FOLDER
        self._seal = seal

    def versions(self, project_id: UUID) -> list[int]:
        """From the first to the newest; none for a project without a key."""
        later = (path.name.split(".")[1] for path in self._folder.glob(f"{project_id}.*.key"))
        found = [int(number) for number in later if number.isdecimal()]
        if self._file(project_id, _FIRST).exists():
            found.append(_FIRST)
        return sorted(found)

    def create(self, project_id: UUID, version: int = _FIRST) -> bool:
        """Whether it was made; one that is there already stays."""
        secret = secrets.token_bytes(KEY_BYTES)
        sealed = self._seal.seal(secret, context=_context(project_id, version))
        try:
            return files.write_new(self._file(project_id, version), sealed)
        except OSError as error:
            raise Unavailable(
                f"The keyring cannot keep a new key: {error.strerror}. "
                "Check the disk and the rights of its folder."
            ) from error

    def rotate(self, project_id: UUID) -> int:
        """Make the next version; its number."""
        while True:
            version = max(self._some_versions(project_id)) + 1
            if self.create(project_id, version):
                return version

    def newest(self, project_id: UUID) -> bytes:
        return self.read(project_id, max(self._some_versions(project_id)))

    def opening(self, project_id: UUID, wrapped: bytes, *, context: bytes) -> tuple[int, bytes]:
        """What lies in `wrapped`, and the version that opened it."""
        failure: DataLoss | None = None
        for version in reversed(self._some_versions(project_id)):
            try:
                key = self.read(project_id, version)
                return version, unseal(key, wrapped, context=context)
            except DataLoss as error:
                failure = failure or error
        raise failure or self._is_missing(project_id)

    def destroy(self, project_id: UUID, versions: list[int]) -> None:
        try:
            with files.locked(self._folder):
                for version in versions:
                    files.destroy(self._file(project_id, version))
        except OSError as error:
            raise Unavailable(f"The keyring cannot destroy a key: {error.strerror}.") from error

    def check(self) -> None:
        """Raise where the folder is open to others, or one of the keys cannot be read."""
        files.check_private(self._folder)
        for path in self._folder.glob("*.key"):
            # One is enough: it tells whether the root key is the one that sealed them.
            self.read(*_named(path))
            return

    def sealed_files(self) -> Iterator[SealedValue]:
        for path in self._folder.glob("*.key"):
            bound = _context(*_named(path))
            yield from sealed_file("wrapping key", path, self._seal, bound)

    def read(self, project_id: UUID, version: int) -> bytes:
        path = self._file(project_id, version)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError as error:
            raise self._is_missing(project_id) from error
        except OSError as error:
            raise Unavailable(f"The keyring cannot be read: {error.strerror}.") from error
        files.check_private(path)
        return self._seal.unseal(sealed, context=_context(project_id, version))

    def _some_versions(self, project_id: UUID) -> list[int]:
        found = self.versions(project_id)
        if not found:
            raise self._is_missing(project_id)
        return found

    def _file(self, project_id: UUID, version: int) -> Path:
        number = "" if version == _FIRST else f".{version}"
        return self._folder / f"{project_id}{number}.key"

    @staticmethod
    def _is_missing(project_id: UUID) -> DataLoss:
        return DataLoss(f"The key of project {project_id} is not in the keyring.")


def _named(path: Path) -> tuple[UUID, int]:
    project_id, _, number = path.stem.partition(".")
    return UUID(project_id), int(number or _FIRST)


def _context(project_id: UUID, version: int) -> bytes:
    if version == _FIRST:
        return context("wrapping key", project_id)
    return context("wrapping key", project_id, version)
