"""Objects as files of one folder, written aside, synced, then named in one step."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from kit.errors import AlreadyExists, NotFound, StorageFull, Unavailable
from kit.ids import new_id
from storage.objects import checked_path, checked_prefix

_ASIDE = ".aside"
_FULL = {errno.ENOSPC, errno.EDQUOT}


class LocalObjectStore:
    """An `ObjectStore` over a folder that belongs to it alone; several processes may share it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._aside = root / _ASIDE
        with _translated("open"):
            _make_folders(self._aside)
            _remove_abandoned(self._aside)

    def put(self, path: str, chunks: Iterable[bytes], *, is_new: bool = False) -> int:
        target = self._root / checked_path(path)
        with _translated("write"), _scratch(self._aside) as (scratch, descriptor):
            size = _write_all(descriptor, chunks)
            os.fsync(descriptor)
            _name(scratch, target, is_new=is_new)
        return size

    def get(self, path: str) -> bytes:
        with _translated("read", path):
            return (self._root / checked_path(path)).read_bytes()

    def read_at(self, path: str, offset: int, length: int) -> bytes:
        with _translated("read", path), (self._root / checked_path(path)).open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def size(self, path: str) -> int:
        with _translated("read", path):
            return (self._root / checked_path(path)).stat().st_size

    def delete(self, path: str) -> None:
        target = self._root / checked_path(path)
        with _translated("delete"), contextlib.suppress(FileNotFoundError):
            target.unlink()
            _sync_folder(target.parent)
            self._remove_empty(target.parent)

    def list(self, prefix: str) -> Iterator[str]:
        base = self._root / checked_prefix(prefix).rpartition("/")[0]
        return iter(sorted(path for path in self._walk(base) if path.startswith(prefix)))

    def _walk(self, base: Path) -> Iterator[str]:
        # `os.walk` passes over what vanishes meanwhile; hidden names are never objects.
        for folder, names, files in os.walk(base):
            names[:] = [name for name in names if not name.startswith(".")]
            relative = Path(folder).relative_to(self._root)
            yield from (str(relative / name) for name in files)

    def _remove_empty(self, folder: Path) -> None:
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return  # not empty, or somebody else was faster
            folder = folder.parent


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[tuple[Path, int]]:
    """A new file that is locked as long as its writer lives, and gone afterwards."""
    while True:
        path = folder / str(new_id())
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            break
        # Another process cleaned up between the creation and the lock.
        os.close(descriptor)
    try:
        yield path, descriptor
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _remove_abandoned(folder: Path) -> None:
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(descriptor)


def _write_all(descriptor: int, chunks: Iterable[bytes]) -> int:
    size = 0
    for chunk in chunks:
        view = memoryview(chunk)
        while view:
            written = os.write(descriptor, view)
            view = view[written:]
            size += written
    return size


def _name(scratch: Path, target: Path, *, is_new: bool) -> None:
    while True:
        _make_folders(target.parent)
        try:
            if is_new:
                os.link(scratch, target)
            else:
                scratch.replace(target)
            break
        except FileExistsError:
            raise AlreadyExists(f"The object {target.name} exists already.") from None
        except FileNotFoundError:
            if not scratch.exists():
                raise
            # A delete took the folder away, which had become empty: make it again.
    _sync_folder(target.parent)


def _make_folders(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _translated(act: str, path: str = "") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("The object store is full: free some space.") from error
        if isinstance(error, FileNotFoundError) and act == "read":
            raise NotFound(f"There is no object {path}.") from error
        raise Unavailable(f"The object store cannot {act}: {error.strerror}.") from error
