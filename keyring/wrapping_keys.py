"""The wrapping keys of projects in a keyring's folder: numbered, made by rotation, retired.

projects/<project>.key         the first
projects/<project>.<n>.key     the later ones
"""

import secrets
from pathlib import Path
from uuid import UUID

from keyring import files
from keyring.envelope import KEY_BYTES, context, seal, unseal
from kit.errors import DataLoss, Unavailable

_FOLDER = "projects"
_FIRST = 1


class WrappingKeys:
    """Those in a keyring's folder. `sealing_key` comes from its root key."""

    def __init__(self, keyring_folder: Path, sealing_key: bytes) -> None:
        self._folder = keyring_folder / _FOLDER
        self._sealing_key = sealing_key

    def versions(self, project_id: UUID) -> list[int]:
        """From the first to the newest; none for a project without a key."""
        later = (path.name.split(".")[1] for path in self._folder.glob(f"{project_id}.*.key"))
        found = [int(number) for number in later if number.isdecimal()]
        if self._file(project_id, _FIRST).exists():
            found.append(_FIRST)
        return sorted(found)

    def create(self, project_id: UUID, version: int = _FIRST) -> bool:
        """Whether it was made; one that is there already stays."""
        sealed = seal(
            self._sealing_key,
            secrets.token_bytes(KEY_BYTES),
            context=_context(project_id, version),
        )
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
            for version in versions:
                files.destroy(self._file(project_id, version))
        except OSError as error:
            raise Unavailable(f"The keyring cannot destroy a key: {error.strerror}.") from error

    def check(self) -> None:
        """Raise where the folder is open to others, or one of the keys cannot be read."""
        files.check_private(self._folder)
        for path in self._folder.glob("*.key"):
            # One is enough: it tells whether the root key is the one that sealed them.
            project_id, _, number = path.stem.partition(".")
            self.read(UUID(project_id), int(number or _FIRST))
            return

    def read(self, project_id: UUID, version: int) -> bytes:
        path = self._file(project_id, version)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError as error:
            raise self._is_missing(project_id) from error
        except OSError as error:
            raise Unavailable(f"The keyring cannot be read: {error.strerror}.") from error
        files.check_private(path)
        return unseal(self._sealing_key, sealed, context=_context(project_id, version))

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


def _context(project_id: UUID, version: int) -> bytes:
    if version == _FIRST:
        return context("wrapping key", project_id)
    return context("wrapping key", project_id, version)
