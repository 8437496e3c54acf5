"""A local folder: opened name by name below what the operator allows, over no symbolic link."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dataplane.importer.source import FileRefused, ImportFailed, SourceFile

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# A pipe or device must not hold up who opens it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class LocalSource:
    """`root` is the operator's own and may be a link; what lies below it may not.

    Everything is opened relative to a descriptor, so a folder that is moved or replaced while the
    import runs leads nowhere else.
    """

    def __init__(self, root: Path, parts: tuple[str, ...]) -> None:
        self._root = root
        self._parts = parts

    def entries(self) -> Iterator[SourceFile]:
        with self._opened() as base:
            for folder in _names(base, is_folder=True):
                try:
                    inside = os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=base)
                except OSError as error:
                    raise ImportFailed(f"{_legible(folder)} cannot be read.") from error
                try:
                    yield from _files(inside, folder)
                finally:
                    os.close(inside)

    def open(self, file: SourceFile) -> BinaryIO:
        try:
            with self._opened() as base:
                inside = os.open(file.folder, _FOLDER | os.O_NOFOLLOW, dir_fd=base)
                try:
                    descriptor = os.open(file.name, _FILE, dir_fd=inside)
                finally:
                    os.close(inside)
        except OSError as error:
            raise FileRefused(f"it cannot be opened: {error.strerror}") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise FileRefused("it is no file")
        return os.fdopen(descriptor, "rb")

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """The import's folder."""
        descriptor = self._base()
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _base(self) -> int:
        """Says the same of a link, of a file and of what is not there."""
        descriptor = -1
        try:
            descriptor = os.open(self._root, _FOLDER)
            for part in self._parts:
                below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
        except OSError as error:
            if descriptor >= 0:
                os.close(descriptor)
            raise ImportFailed("The folder of the import cannot be read.") from error
        return descriptor


def _names(descriptor: int, *, is_folder: bool) -> list[str]:
    """Names of the folders, or of the files, in a folder; links are neither."""
    with os.scandir(descriptor) as found:
        return sorted(
            entry.name
            for entry in found
            if (
                entry.is_dir(follow_symlinks=False)
                if is_folder
                else entry.is_file(follow_symlinks=False)
            )
        )


def _files(descriptor: int, folder: str) -> Iterator[SourceFile]:
    for name in _names(descriptor, is_folder=False):
        try:
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        except FileNotFoundError:
            continue
        version = f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"
        yield SourceFile(_legible(folder), _legible(name), status.st_size, version)


def _legible(name: str) -> str:
    """The name, unless it is no text: then nobody could ask for the namespace."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ImportFailed("A file or folder of the import has a name that is not UTF-8.") from None
    return name
