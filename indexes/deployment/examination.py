"""Having everything examined that is stored for indexes and backups. Crosses tenants."""

from collections.abc import Callable
from uuid import UUID

from indexes.backup_models import Backup, BackupStatus
from indexes.deployment.backups import indexes_being_filled
from indexes.models import Index, IndexState
from kit.environment import environment
from kit.errors import NotFound
from orgs.secrets import installation_keyring
from storage.catalog import project_keys
from storage.database import connect
from storage.fsck.backups import KnownBackup
from storage.fsck.installation import Examination, KnownIndex, Report
from storage.objects import open_object_store


def examine(*, only: UUID | None, progress: Callable[[str], None]) -> Report:
    """What is damaged, of one index and its backups or of all. Writes nothing."""
    here = environment()
    indexes, backups = _known_indexes(only), _known_backups(only)
    if only is not None and not indexes and not backups:
        raise NotFound(f"There is no index {only}, and no backup of one.")
    projects = {one.project_id for one in indexes} | {one.project_id for one in backups}
    with connect(here.database_system_url.get_secret_value(), name="fsck") as connection:
        keys = project_keys(connection)
        examination = Examination(
            connection, open_object_store(here.object_store_url), installation_keyring(),
            progress, _is_still_there,
        )  # fmt: skip
        return examination.run(
            [one for one in keys if only is None or one.project_id in projects],
            indexes,
            backups,
            is_whole=only is None,
        )


def _known_indexes(only: UUID | None) -> list[KnownIndex]:
    rows = Index.objects.using("system").exclude(state=IndexState.TERMINATING)
    if only is not None:
        rows = rows.filter(pk=only)
    filled = set(indexes_being_filled())
    found = rows.order_by("pk").values_list("pk", "project_id", "dimension")
    return [KnownIndex(*row, is_being_filled=row[0] in filled) for row in found]


def _known_backups(only: UUID | None) -> list[KnownBackup]:
    """Collections too."""
    rows = Backup.objects.using("system").filter(status=BackupStatus.READY)
    if only is not None:
        rows = rows.filter(source_index_id=only)
    found = rows.order_by("pk").values_list(
        "pk", "source_index_id", "project_id", "dimension",
        "record_count", "namespace_count", "size_bytes",
    )  # fmt: skip
    return [KnownBackup(*row) for row in found]


def _is_still_there(one: UUID) -> bool:
    live = Index.objects.using("system").exclude(state=IndexState.TERMINATING)
    return live.filter(pk=one).exists() or Backup.objects.using("system").filter(pk=one).exists()
