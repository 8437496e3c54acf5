"""Finding what a lost message missed."""

from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q

from indexes.backup_models import UNFINISHED, Backup, BackupStatus, RestoreJob
from indexes.deployment.listeners import publish_listeners
from indexes.models import Index, IndexState
from kit import clock
from projects.keys import destroy_pending_keys

# A message is on its way for wishes younger than this.
_PATIENCE = timedelta(seconds=5)
_AT_ONCE = 100


def unconverged() -> list[UUID]:
    """Indexes whose newest wish nobody has made true yet, the oldest first."""
    before = clock.now() - _PATIENCE
    is_behind = Q(created_at__lt=before) & ~Q(generation=F("observed_generation"))
    is_left = Q(state=IndexState.TERMINATING, terminating_since__lt=before)
    rows = Index.objects.using("system").filter(is_behind | is_left)
    return list(rows.order_by("id").values_list("pk", flat=True)[:_AT_ONCE])


def unfinished_backups() -> list[UUID]:
    """Backups that nobody has taken yet, the oldest first. Crosses tenants."""
    rows = Backup.objects.using("system").filter(status=BackupStatus.INITIALIZING)
    rows = rows.filter(created_at__lt=clock.now() - _PATIENCE)
    return list(rows.order_by("id").values_list("pk", flat=True)[:_AT_ONCE])


def unfinished_restores() -> list[UUID]:
    """Restore jobs that are not done, the oldest first. Crosses tenants."""
    rows = RestoreJob.objects.using("system").filter(status__in=UNFINISHED)
    rows = rows.filter(created_at__lt=clock.now() - _PATIENCE)
    return list(rows.order_by("id").values_list("pk", flat=True)[:_AT_ONCE])


def mend() -> None:
    """What belongs to no single index: the gateway's file, keys of deleted projects."""
    publish_listeners()
    destroy_pending_keys()
