"""Taking backups in a worker, and clearing away what deleted ones leave."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.db.models import F

from indexes.backup_models import UNFINISHED, Backup, BackupStatus, RestoreJob
from indexes.deployment.claims import claim
from indexes.deployment.own_store import own_store
from indexes.job_lines import note_step
from indexes.models import Index, IndexState
from kit import clock
from kit.environment import environment
from kit.errors import StonepineError
from kit.ids import minted_at_s
from projects.keys import newest_data_key
from storage.backups.form import ROOT, BackupContent
from storage.backups.take import Taker
from storage.database import Connection, connect
from storage.objects import ObjectStore
from storage.pins import pinning_backups, unpin

MAX_ATTEMPTS = 5
_log = structlog.get_logger(__name__)


def take_backup(backup_id: UUID) -> None:
    """Take the backup unless it is done, gone, or another worker is on it.

    What goes wrong is tried again by the sweep, a few times.
    """
    with claim(backup_id) as is_ours:
        backup = Backup.objects.using("system").filter(pk=backup_id).first() if is_ours else None
        if backup is None or backup.status != BackupStatus.INITIALIZING:
            return
        live = Index.objects.using("system").exclude(state=IndexState.TERMINATING)
        if not live.filter(pk=backup.source_index_id).exists():
            _finish(backup, BackupStatus.FAILED, failure="The index was deleted before.")
            return
        note_step(backup.organization_id, backup.pk, "A worker takes it.")
        try:
            content = _taken(backup)
        except Exception as error:
            _note_failure(backup, error)
            raise
        _finish(
            backup,
            BackupStatus.READY,
            record_count=content.record_count,
            namespace_count=len(content.namespaces),
            size_bytes=content.size_bytes,
        )


def _taken(backup: Backup) -> BackupContent:
    with _connection() as looking, _connection() as writing:
        return Taker(
            looking,
            writing,
            own_store(),
            newest_data_key(backup.project_id, using="system"),
            backup.pk,
            backup.source_index_id,
            backup.dimension,
        ).take()


def _finish(backup: Backup, status: BackupStatus, **changed: object) -> None:
    """Only once: a backup that was deleted meanwhile stays deleted."""
    rows = Backup.objects.using("system").filter(pk=backup.pk, status=BackupStatus.INITIALIZING)
    if rows.update(status=status, finished_at=clock.now(), **changed):
        told = changed.get("failure") or f"{changed['record_count']} records are in it."
        note_step(backup.organization_id, backup.pk, f"{status.label}: {told}")


def _note_failure(backup: Backup, error: Exception) -> None:
    message = error.message if isinstance(error, StonepineError) else type(error).__name__
    _log.warning("backup_not_taken", backup_id=str(backup.pk), error=message)
    Backup.objects.using("system").filter(pk=backup.pk).update(attempts=F("attempts") + 1)
    note_step(backup.organization_id, backup.pk, f"Try {backup.attempts + 1} failed: {message}")
    if backup.attempts + 1 >= MAX_ATTEMPTS:
        _finish(backup, BackupStatus.FAILED, failure=message[:500])


def forget_deleted_backups(connection: Connection, store: ObjectStore, *, before_s: float) -> None:
    """Unpin and delete what belongs to backups without a row. Crosses tenants.

    Those whose id is younger than `before_s` stay: a worker may be taking one still.
    """
    paths: dict[UUID, list[str]] = {}
    for path in store.list(ROOT):
        paths.setdefault(UUID(path.split("/")[1]), []).append(path)
    found = paths.keys() | set(pinning_backups(connection))
    rows = Backup.objects.using("system").filter(pk__in=found).values_list("pk", flat=True)
    for backup_id in found - set(rows):
        if minted_at_s(backup_id) < before_s:
            unpin(connection, backup_id)
            for path in paths.get(backup_id, ()):
                store.delete(path)


def indexes_being_filled() -> list[UUID]:
    """Indexes that restore jobs write to. Crosses tenants."""
    rows = RestoreJob.objects.using("system").filter(status__in=UNFINISHED)
    return list(rows.values_list("target_index_id", flat=True))


def indexes_being_read() -> list[UUID]:
    """Indexes whose archived log restore jobs read. Crosses tenants."""
    rows = RestoreJob.objects.using("system").filter(status__in=UNFINISHED, backup_id=None)
    return list(rows.values_list("source_index_id", flat=True))


def project_of_backed_up(index_id: UUID) -> UUID | None:
    """The project of an index that is known by its backups alone. Crosses tenants."""
    rows = Backup.objects.using("system").filter(source_index_id=index_id)
    return rows.values_list("project_id", flat=True).first()


@contextmanager
def _connection() -> Iterator[Connection]:
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="backup") as connection:
        yield connection
