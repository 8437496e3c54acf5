"""What the deletion of an index means for its backups and restores; part of that verb."""

from indexes.backup_models import UNFINISHED, Backup, BackupStatus, RestoreJob
from indexes.backup_schedule_models import BackupSchedule
from indexes.models import Index
from kit import clock
from kit.errors import FailedPrecondition


def require_no_pending_backup(index: Index) -> None:
    """Raise where a worker has yet to take a backup of the index."""
    pending = Backup.objects.filter(source_index_id=index.pk, status=BackupStatus.INITIALIZING)
    if pending.exists():
        raise FailedPrecondition(
            "A backup or collection of this index is being taken: wait until it is Ready, or "
            "delete it."
        )


def require_no_reader(index: Index) -> None:
    """Raise where a restore to a second has yet to read the index."""
    reading = RestoreJob.objects.filter(source_index_id=index.pk, status__in=UNFINISHED)
    if reading.filter(backup_id=None).exists():
        raise FailedPrecondition(
            "A restore job still reads this index: wait until it is done, or cancel it."
        )


def note_source_deleted(index: Index) -> None:
    """Backups stay, and know since when they are all that is left; no schedule makes others."""
    BackupSchedule.objects.filter(index=index).delete()
    Backup.objects.filter(source_index_id=index.pk).update(source_deleted_at=clock.now())
