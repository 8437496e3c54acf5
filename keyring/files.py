"""Small secret files: private, written whole and durably, read only where nobody else may."""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kit.errors import Unavailable

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_folder(folder: Path) -> None:
    """Create it with mode 0700, durably; one that is there must be private already."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
        sync_folder(folder.parent)
    check_private(folder)


def check_private(path: Path) -> None:
    """Raise unless the file or folder is there and closed to group and world."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise Unavailable(f"The keyring's {path.name} cannot be read: {error.strerror}.") from error
    if mode & _OTHERS:
        remedy = "chmod 700" if stat.S_ISDIR(mode) else "chmod 600"
        raise Unavailable(
            f"The keyring's {path.name} is open to other users (mode {stat.S_IMODE(mode):o}). "
            f"Close it with {remedy}, and consider its keys known to them."
        )


def write_new(path: Path, content: bytes) -> bool:
    """Write the file whole, durably, mode 0600. False where it exists already: it then stays."""
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(scratch, content)
        os.link(scratch, path)
    except FileExistsError:
        return False
    finally:
        scratch.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def replace(path: Path, content: bytes) -> None:
    """Put the content in the file's place, whole and durably, mode 0600: readers see either."""
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(scratch, content)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One at a time, of all processes and threads, for the block."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def destroy(path: Path) -> None:
    """Overwrite and remove the file, durably. Idempotent."""
    try:
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
