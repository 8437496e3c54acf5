"""The system user that embedded servers run as when Stonepine itself was started by root.

PostgreSQL refuses to run as root. Parent folders are opened for exactly this user, by an access
control list with the traverse bit alone, instead of for everybody by their mode.
"""

import os
import pwd
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cli.errors import SetupError
from cli.private_files import write_private

SYSTEM_USER = "stonepine"
_ACL = "system.posix_acl_access"
_ACL_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
_UNDEFINED = 0xFFFFFFFF
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_TRAVERSE = 0o1

# (tag, user or group) -> permissions, in the order the kernel wants them.
_AccessList = dict[tuple[int, int], int]


@dataclass(frozen=True, slots=True)
class Identity:
    """The user and group to start a child as; None means: as we are."""

    uid: int | None
    gid: int | None

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def write(self, path: Path, content: str) -> None:
        """A file of theirs, in a folder in which they may have planted links."""
        owner = None if self.uid is None or self.gid is None else (self.uid, self.gid)
        write_private(path, content.encode(), owner=owner)


def server_identity() -> Identity:
    """Ourselves, or the system user (made at first need) where we are root."""
    if os.geteuid() != 0:
        return Identity(None, None)
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _make_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return Identity(entry.pw_uid, entry.pw_gid)


def open_way_to(path: Path, identity: Identity) -> None:
    """Let `identity` traverse every parent of `path`, and nothing else of them."""
    if identity.uid is None:
        return
    for parent in path.absolute().parents:
        if not may_traverse(parent, identity.uid):
            _grant_traverse(parent, identity.uid)


def may_traverse(folder: Path, uid: int) -> bool:
    """Whether that user, who is in no group of the folder's, may enter it."""
    status = folder.stat()
    if status.st_uid == uid:
        return bool(status.st_mode & 0o100)
    entries = _read_list(folder)
    if (_USER, uid) in entries:
        mask = entries.get((_MASK, _UNDEFINED), 0o7)
        return bool(entries[_USER, uid] & mask & _TRAVERSE)
    return bool(status.st_mode & 0o001)


def _make_system_user() -> None:
    command = [
        "/usr/sbin/useradd", "--system", "--user-group", "--no-create-home",
        "--shell", "/usr/sbin/nologin", SYSTEM_USER,
    ]  # fmt: skip
    hint = f"Start as another user than root, or make the system user {SYSTEM_USER!r} yourself."
    try:
        # Constant arguments, nothing of the caller's.
        result = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    except OSError as error:
        raise SetupError("PostgreSQL refuses to run as root.", hint=hint) from error
    # 9: somebody made the user at the same moment.
    if result.returncode not in {0, 9}:
        raise SetupError(
            f"PostgreSQL refuses to run as root, and useradd failed: {result.stderr.strip()}",
            hint=hint,
        )


def _read_list(folder: Path) -> _AccessList:
    try:
        packed = os.getxattr(folder, _ACL)[4:]
    except OSError:
        mode = folder.stat().st_mode  # no list yet: the mode says it all
        return {
            (_OWNER, _UNDEFINED): mode >> 6 & 7,
            (_GROUP, _UNDEFINED): mode >> 3 & 7,
            (_OTHER, _UNDEFINED): mode & 7,
        }
    return {(tag, who): rights for tag, rights, who in _ENTRY.iter_unpack(packed)}


def _grant_traverse(folder: Path, uid: int) -> None:
    entries = _read_list(folder)
    # A list without a mask has no named entries, so the mask starts from the group's own rights.
    mask = entries.get((_MASK, _UNDEFINED), entries[_GROUP, _UNDEFINED])
    for tag, who in entries:
        if tag not in {_OWNER, _OTHER, _MASK}:
            entries[tag, who] &= mask  # what the mask held back stays held back
    entries[_MASK, _UNDEFINED] = mask | _TRAVERSE
    entries[_USER, uid] = entries.get((_USER, uid), 0) | _TRAVERSE
    packed = b"".join(
        _ENTRY.pack(tag, rights, who) for (tag, who), rights in sorted(entries.items())
    )
    try:
        os.setxattr(folder, _ACL, _ACL_VERSION + packed)
    except OSError as error:
        raise SetupError(
            f"The embedded PostgreSQL runs as {SYSTEM_USER!r}, who may not enter {folder}.",
            hint="Choose a --home that others may traverse, such as /var/lib/stonepine.",
        ) from error
