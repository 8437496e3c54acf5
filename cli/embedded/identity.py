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

SYSTEM_USER = "stonepine"
_ACL = "system.posix_acl_access"
_ACL_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
_UNDEFINED = 0xFFFFFFFF
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_TRAVERSE = 0o1


@dataclass(frozen=True, slots=True)
class Identity:
    """The user and group to start a child as; None means: as we are."""

    uid: int | None
    gid: int | None

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def server_identity() -> Identity:
    """Ourselves, or the system user (made at first need) where we are root."""
    if os.geteuid() != 0:
        return Identity(None, None)
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(  # noqa: S603 - a constant command
            ["/usr/sbin/useradd", "--system", "--user-group", "--no-create-home",
             "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            check=True, capture_output=True,
        )  # fmt: skip
        entry = pwd.getpwnam(SYSTEM_USER)
    return Identity(entry.pw_uid, entry.pw_gid)


def open_way_to(path: Path, identity: Identity) -> None:
    """Let `identity` traverse every parent of `path`, and nothing else of them."""
    if identity.uid is None:
        return
    for parent in path.absolute().parents:
        if not _may_traverse(parent, identity.uid):
            _grant_traverse(parent, identity.uid)


def _may_traverse(folder: Path, uid: int) -> bool:
    status = folder.stat()
    if status.st_uid == uid:
        return bool(status.st_mode & 0o100)
    return bool(status.st_mode & 0o001)


def _grant_traverse(folder: Path, uid: int) -> None:
    mode = folder.stat().st_mode
    named = {uid: _TRAVERSE}
    try:
        for tag, permissions, entry_uid in _ENTRY.iter_unpack(os.getxattr(folder, _ACL)[4:]):
            if tag == _USER:
                named[entry_uid] = permissions | (_TRAVERSE if entry_uid == uid else 0)
    except OSError:
        pass  # no list yet: the mode says it all
    entries = [
        (_OWNER, mode >> 6 & 7, _UNDEFINED),
        *((_USER, permissions, user) for user, permissions in sorted(named.items())),
        (_GROUP, mode >> 3 & 7, _UNDEFINED),
        (_MASK, mode >> 3 & 7 | _TRAVERSE, _UNDEFINED),
        (_OTHER, mode & 7, _UNDEFINED),
    ]
    try:
        os.setxattr(folder, _ACL, _ACL_VERSION + b"".join(_ENTRY.pack(*entry) for entry in entries))
    except OSError as error:
        raise SetupError(
            f"The embedded PostgreSQL runs as user {SYSTEM_USER!r}, who may not enter {folder}.",
            hint="Choose a --home that others may traverse, such as /var/lib/stonepine.",
        ) from error
