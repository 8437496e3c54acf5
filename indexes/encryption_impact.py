"""What of a project cannot be used while its encryption key is disabled."""

from dataclasses import asdict, dataclass

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from indexes.backup_models import UNFINISHED, Backup, BackupStatus, RestoreJob
from indexes.backup_schedule_models import BackupSchedule
from indexes.models import Import, Index, IndexState
from orgs.tenancy import tenant
from projects.models import ApiKey, Project
from storage.imports import UNFINISHED as UNFINISHED_IMPORTS

_NAMED = 100


@dataclass(frozen=True, slots=True)
class Impact:
    """Counts of what stops; `index_names` are the first hundred."""

    indexes: int
    index_names: list[str]
    backups: int
    collections: int
    backup_schedules: int
    running_imports: int
    running_restores: int
    scoped_api_keys: int

    @property
    def is_nothing(self) -> bool:
        return not any(value for name, value in asdict(self).items() if name != "index_names")


def impact_of_disabling(actor: Actor, project: Project) -> Impact:
    """Reads and writes of the indexes stop, backups can be neither taken nor restored, imports and
    restores wait or fail, and API keys that are bound to namespaces open nothing."""
    require(actor, Permission.ENCRYPTION_KEY_READ, project.scope)
    with tenant(project.organization_id):
        indexes = Index.objects.filter(project=project).exclude(state=IndexState.TERMINATING)
        backups = Backup.objects.filter(project=project).exclude(status=BackupStatus.FAILED)
        keys = ApiKey.objects.filter(project=project, revoked_at=None)
        return Impact(
            indexes=indexes.count(),
            index_names=list(indexes.order_by("name").values_list("name", flat=True)[:_NAMED]),
            backups=backups.filter(collection_name="").count(),
            collections=backups.exclude(collection_name="").count(),
            backup_schedules=BackupSchedule.objects.filter(
                project=project, is_enabled=True
            ).count(),
            running_imports=Import.objects.filter(
                index__in=indexes, status__in=UNFINISHED_IMPORTS
            ).count(),
            running_restores=RestoreJob.objects.filter(
                project=project, status__in=UNFINISHED
            ).count(),
            scoped_api_keys=keys.exclude(sealed_namespaces=None).count(),
        )
