"""Files and folders that only we may read, written whole or not at all."""

import errno
import os
import secrets
from pathlib import Path

from cli.errors import SetupError


def write_private(
    path: Path, content: bytes, *, mode: int = 0o600, owner: tuple[int, int] | None = None
) -> None:
    """Replace the file at once and durably; it never exists with a wider mode than `mode`.

    Links are not followed, so the folder may belong to `owner` (user and group), who then gets the
    file too, and whom we need not trust.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            if owner is not None:
                os.fchown(descriptor, *owner)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def private_folder(path: Path, *, may_be_link: bool = True) -> Path:
    """Make the folder for us alone (0700), or take away what others may do in it.

    Refuses one that belongs to somebody else, before anything of it is changed. Where others may
    make files beside it, a link is their doing.
    """
    way = os.O_RDONLY | os.O_DIRECTORY | (0 if may_be_link else os.O_NOFOLLOW)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, way)
        try:
            _close_to_others(path, descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if path.is_symlink() and not may_be_link:
            raise _foreign(path) from error
        raise cannot_write(path, error) from error
    return path


def _close_to_others(path: Path, descriptor: int) -> None:
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid():
        raise _foreign(path)
    # Group's traverse bit shows the mask of an access list, see cli.embedded.identity.
    if status.st_mode & 0o067:
        os.fchmod(descriptor, 0o700)


def _foreign(path: Path) -> SetupError:
    return SetupError(
        f"{path} belongs to another user.",
        hint="Start as the user who made it, or choose another --home.",
    )


def cannot_write(path: Path, error: OSError) -> SetupError:
    """What the person at the terminal should know about a write that the system refused."""
    hints = {
        "ENOSPC": "The disk is full (`df -h` and `df -i` show what is left). Free some space.",
        "EDQUOT": "Your disk quota is used up.",
        "EROFS": "The file system is mounted read-only. Choose another --home.",
        "EACCES": "Choose a --home that you may write to.",
        "EPERM": "Choose a --home that belongs to you.",
        "ENOTDIR": "A part of this path is a file. Choose another --home.",
    }
    name = errno.errorcode.get(error.errno or 0, "")
    return SetupError(
        f"Cannot write {path}: {error.strerror or error}.",
        hint=hints.get(name, "Choose another --home."),
    )
