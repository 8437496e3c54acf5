"""Sealing everything of a project anew after a rotation of its data key, and ending the old key.

Goes on wherever it was broken off: what is sealed under which version stands in what is sealed.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import models

from access.actor import SYSTEM
from indexes.backup_models import Backup, BackupStatus
from indexes.deployment.own_store import own_store
from indexes.locks import Lock
from indexes.models import Import, Index, StorageIntegration
from keyring.envelope import DataKey
from kit import clock
from kit.environment import environment
from kit.errors import DataLoss, NotFound, StonepineError
from orgs.secrets import installation_keyring
from orgs.tenancy import tenant
from projects.data_keys import being_rotated, retire_data_keys
from projects.models import ApiKey, Project
from storage import imports, integrations, key_namespaces
from storage.database import Connection, alone, connect
from storage.objects import ObjectStore, open_object_store
from storage.project_keys import project_key
from storage.rekeying import objects, rows
from storage.sealing import resealed, sealed_version

_TURN_S = 50.0

_log = structlog.get_logger(__name__)

# Sealed columns of the control plane: the table, the column, its purpose, and who may change it.
_COLUMNS: tuple[tuple[type[models.Model], str, str, str], ...] = (
    (ApiKey, "sealed_namespaces", key_namespaces.PURPOSE, "default"),
    (StorageIntegration, "sealed_credentials", integrations.PURPOSE, "default"),
    (Import, "sealed_cursor", imports.CURSOR_PURPOSE, "system"),
    (Import, "sealed_error", imports.ERROR_PURPOSE, "system"),
)


def reseal_what_is_due(*, grace_s: float | None = None) -> int:
    """A turn for every project that is being rotated; how many values were sealed anew.

    An old key ends once nothing is left under it and whoever may still have it in hand has ended:
    no process that works with one for a while lives as long as `grace_s`, by default that of the
    object store.
    """
    here = environment()
    grace_s = here.object_grace_s if grace_s is None else grace_s
    url = here.database_system_url.get_secret_value()
    # A second worker would only do the same again.
    with alone(url, Lock.SEALING_ANEW, name="rekeying") as connection:
        if connection is None:
            return 0
        store = own_store()
        until_s = clock.monotonic_s() + _TURN_S
        count = 0
        for project in being_rotated():
            try:
                seals = Seals(connection, store, project)
                count += _take_turn(seals, until_s=until_s, grace_s=grace_s)
            except StonepineError as error:
                _log.warning("rekeying.failed", project_id=str(project.pk), reason=error.message)
        return count


def _take_turn(seals: "Seals", *, until_s: float, grace_s: float) -> int:
    key = project_key(seals.connection, installation_keyring(), seals.project.pk)
    if key is None:
        return 0
    count = seals.reseal(key, may_go_on=lambda: clock.monotonic_s() < until_s)
    if not count and _is_ripe(seals.project, key, grace_s):
        _end_old_keys(seals, key)
    return count


def _is_ripe(project: Project, key: DataKey, grace_s: float) -> bool:
    made = project.data_keys.using("system").filter(version=key.version)
    return made.filter(created_at__lte=clock.now() - timedelta(seconds=grace_s)).exists()


def _end_old_keys(seals: "Seals", key: DataKey) -> None:
    """Engines that have not taken the new key yet lose their lease before the last look."""
    rows.fence_writers(seals.connection, seals.index_ids(), before=key.version)
    if set(seals.count()) - {key.version}:
        return
    retire_data_keys(SYSTEM, seals.project)


@dataclass(frozen=True, slots=True)
class Seals:
    """Everything of a project that is sealed under its data key."""

    connection: Connection
    store: ObjectStore
    project: Project

    def count(self) -> Counter[int]:
        """How many sealed values there are, by the version of the key."""
        found: Counter[int] = Counter()
        for index_id in self.index_ids():
            found += rows.versions_in_log(self.connection, index_id)
            found.update(version for _, version in objects.versions_of_index(self.store, index_id))
        for backup in self._backups():
            found.update(
                version for _, version in objects.versions_of_backup(self.store, backup.pk)
            )
        for model, column, _, _ in _COLUMNS:
            found.update(sealed_version(bytes(sealed)) for _, sealed in self._sealed(model, column))
        return found

    def reseal(self, key: DataKey, *, may_go_on: Callable[[], bool]) -> int:
        """Seal anew what earlier versions sealed, as long as that is allowed; how many values."""
        count = 0
        for done in self._resealing(key):
            count += done
            if done and not may_go_on():
                break
        return count

    def index_ids(self) -> list[UUID]:
        """Of indexes, also those that only backups are left of."""
        own = Index.objects.using("system").filter(project=self.project)
        gone = Backup.objects.using("system").filter(project=self.project)
        found = {*own.values_list("pk", flat=True), *gone.values_list("source_index_id", flat=True)}
        return sorted(found)

    def _backups(self) -> list[Backup]:
        return list(Backup.objects.using("system").filter(project=self.project))

    def _resealing(self, key: DataKey) -> Iterator[int]:
        """Rows before objects: what is archived meanwhile is made of them."""
        for model, column, purpose, role in _COLUMNS:
            yield self._reseal_column(key, model, column, purpose=purpose, role=role)
        for index_id in self.index_ids():
            yield from rows.reseal_rows(self.connection, key, index_id)
            for path, version in objects.versions_of_index(self.store, index_id):
                if version != key.version:
                    yield _done(objects.reseal_object, self.store, key, path)
        for backup in self._backups():
            if backup.status == BackupStatus.INITIALIZING:
                continue  # who takes it may write it once more
            for path, version in objects.versions_of_backup(self.store, backup.pk):
                if version != key.version:
                    yield _done(
                        objects.reseal_backup_object, self.store, key, path,
                        index_id=backup.source_index_id,
                    )  # fmt: skip

    def _reseal_column(
        self, key: DataKey, model: type[models.Model], column: str, *, purpose: str, role: str
    ) -> int:
        count = 0
        for pk, sealed in self._sealed(model, column):
            anew = resealed(key, bytes(sealed), purpose, pk)
            if anew == bytes(sealed):
                continue
            # Only where nobody has changed it meanwhile.
            with tenant(self.project.organization_id):
                found = model._default_manager.using(role).filter(pk=pk, **{column: sealed})  # noqa: SLF001 - a model that is chosen by name
                count += found.update(**{column: anew})
        return count

    def _sealed(self, model: type[models.Model], column: str) -> list[tuple[UUID, memoryview]]:
        place = "index__project" if model is Import else "project"
        found = model._default_manager.using("system").filter(**{place: self.project})  # noqa: SLF001 - a model that is chosen by name
        return list(found.exclude(**{column: None}).values_list("pk", column))


def _done(act: Callable[..., None], *arguments: object, **named: object) -> int:
    """1 once it is done. What was deleted meanwhile needs nothing; what does not open stays as it
    is, and the old key with it."""
    try:
        act(*arguments, **named)
    except NotFound:
        return 0
    except DataLoss as error:
        _log.error("rekeying.not_opened", reason=error.message)
        return 0
    return 1


def counted(project: Project) -> Counter[int]:
    """How many sealed values of the project there are, by the version of its data key."""
    here = environment()
    with connect(here.database_system_url.get_secret_value(), name="inventory") as connection:
        return Seals(connection, open_object_store(here.object_store_url), project).count()
