"""Opening the way to a folder: for one user, to traverse, and nothing else."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.embedded.identity import Identity, may_traverse, open_way_to

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root opens ways for another user")

STRANGER, NEIGHBOUR = 54321, 54322


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sp-acl-") as scratch:
        Path(scratch).chmod(0o700)
        inner = Path(scratch) / "inner" / "data"
        inner.parent.mkdir(mode=0o700)
        inner.mkdir(mode=0o755)
        (inner / "file").write_text("content")
        (inner / "file").chmod(0o644)
        yield inner


def can(uid: int, *command: str, gid: int = STRANGER) -> bool:
    result = subprocess.run(
        command, user=uid, group=gid, extra_groups=[], cwd="/", capture_output=True, check=False
    )
    return result.returncode == 0


def test_stranger_reaches_the_folder_only_once_the_way_is_open(folder: Path) -> None:
    assert not can(STRANGER, "cat", str(folder / "file"))
    open_way_to(folder, Identity(STRANGER, STRANGER))
    assert can(STRANGER, "cat", str(folder / "file"))


def test_stranger_may_pass_but_not_look_around(folder: Path) -> None:
    open_way_to(folder, Identity(STRANGER, STRANGER))
    assert not can(STRANGER, "ls", str(folder.parent))
    assert not can(STRANGER, "touch", str(folder.parent / "new"))


def test_nobody_else_may_pass(folder: Path) -> None:
    open_way_to(folder, Identity(STRANGER, STRANGER))
    assert not can(NEIGHBOUR, "cat", str(folder / "file"))


def test_opening_twice_grants_the_group_nothing(folder: Path) -> None:
    """The mode's group bits show the mask of the list; taking them for the group's would leak."""
    os.chown(folder.parent, 0, NEIGHBOUR)
    open_way_to(folder, Identity(STRANGER, STRANGER))
    open_way_to(folder, Identity(STRANGER + 100, STRANGER))
    assert can(STRANGER, "cat", str(folder / "file"))
    assert not can(NEIGHBOUR, "cat", str(folder / "file"), gid=NEIGHBOUR)


def test_mask_that_held_rights_back_is_not_lifted_for_others(folder: Path) -> None:
    open_way_to(folder, Identity(STRANGER, STRANGER))
    folder.parent.chmod(0o700)  # the mask becomes empty: the stranger is out
    assert not may_traverse(folder.parent, STRANGER)
    open_way_to(folder, Identity(NEIGHBOUR, NEIGHBOUR))
    assert may_traverse(folder.parent, NEIGHBOUR)
    assert not may_traverse(folder.parent, STRANGER)


def test_folder_that_all_may_enter_is_left_alone(folder: Path) -> None:
    folder.parent.chmod(0o711)
    open_way_to(folder, Identity(STRANGER, STRANGER))
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o711
    assert "system.posix_acl_access" not in os.listxattr(folder.parent)
