"""Power cuts without a power switch: a file system on a loop device that forgets what is unsynced.

The shutdown ioctl of ext4 (`EXT4_IOC_SHUTDOWN`, flag 2: do not flush the log) stops the file system
at once and drops every byte that was not made durable, as losing power does.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

_SHUTDOWN = 0x8004587D
_WITHOUT_FLUSH = 2


@dataclass(frozen=True)
class Disk:
    """`folder` is the mounted file system, `image` the file behind it."""

    image: Path
    folder: Path

    def cut_power(self) -> None:
        """From here on every access fails; what was not synced is gone."""
        root = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(root, _SHUTDOWN, struct.pack("I", _WITHOUT_FLUSH))
        finally:
            os.close(root)

    def power_up(self) -> None:
        """Mount again, replaying the file system's journal. Its users must be gone."""
        wait_until(self._unmount, timeout_s=30, every_s=0.1, what="nobody uses the disk any more")
        self._mount()

    def format(self) -> None:
        # A long commit interval: the file system's own timer must not save anybody's writes.
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", str(self.image))
        self._mount()

    def _mount(self) -> None:
        _run("mount", "-o", "loop,commit=300", str(self.image), str(self.folder))

    def _unmount(self) -> bool:
        unmounted = subprocess.run(["umount", str(self.folder)], capture_output=True, check=False)
        return unmounted.returncode == 0


@contextmanager
def disk(*, size_mb: int) -> Iterator[Disk]:
    """A file system that can lose power; skips the test where none can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("power cuts need root: the test mounts a loop device")
    scratch = Path(tempfile.mkdtemp(prefix="sp-disk-"))
    made = Disk(scratch / "image", scratch / "m")
    made.folder.mkdir()
    with made.image.open("wb") as image:
        image.truncate(size_mb * 1024 * 1024)
    try:
        made.format()
    except subprocess.CalledProcessError as error:
        shutil.rmtree(scratch)
        pytest.skip(f"no loop device can be mounted here: {error.stderr.decode().strip()}")
    try:
        yield made
    finally:
        subprocess.run(["umount", "-l", str(made.folder)], capture_output=True, check=False)
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def small_disk(*, size_mb: int, inodes: int) -> Iterator[Path]:
    """A tmpfs of that many bytes and files."""
    if os.geteuid() != 0:
        pytest.skip("a full disk needs root: the test mounts a tmpfs")
    folder = Path(tempfile.mkdtemp(prefix="sp-small-"))
    _run("mount", "-t", "tmpfs", "-o", f"size={size_mb}m,nr_inodes={inodes}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
