"""Backups and restores on a disk without room: nothing half, and done once there is room."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from access.actor import OPERATOR
from indexes.backup_models import BackupStatus, RestoreStatus
from indexes.backups import create_backup
from indexes.deployment.backups import take_backup
from indexes.deployment.restores import carry_out_restore
from indexes.restores import create_index_from_backup
from kit.environment import environment
from kit.errors import StorageFull
from tests.indexes.test_backups import filled, fresh, index_of, job_of
from tests.support.digests import namespaces_of
from tests.support.power import small_disk
from tests.support.world import World

_SIZE_MB, _INODES = 64, 10_000


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Holds the object store."""
    with small_disk(size_mb=_SIZE_MB, inodes=_INODES) as folder, monkeypatch.context() as patch:
        (folder / "objects").mkdir()
        patch.setenv("OBJECT_STORE_URL", f"file://{folder}/objects")
        environment.cache_clear()
        yield folder
    environment.cache_clear()


@contextmanager
def no_room(disk: Path) -> Iterator[None]:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    yield
    ballast.unlink()


def test_a_backup_and_a_restore_wait_for_room(world: World, disk: Path) -> None:
    index = filled(world)
    backup = create_backup(OPERATOR, index)
    with no_room(disk), pytest.raises(StorageFull):
        take_backup(backup.pk)
    assert (fresh(backup).status, fresh(backup).attempts) == (BackupStatus.INITIALIZING, 1)
    take_backup(backup.pk)
    assert fresh(backup).status == BackupStatus.READY
    job = create_index_from_backup(OPERATOR, fresh(backup), name="again")
    with no_room(disk), pytest.raises(StorageFull):
        carry_out_restore(job.pk)
    assert (job_of(job).status, namespaces_of(index_of(job))) == (RestoreStatus.IN_PROGRESS, {})
    carry_out_restore(job.pk)
    assert job_of(job).status == RestoreStatus.COMPLETED
    assert namespaces_of(index_of(job)) == namespaces_of(index)
