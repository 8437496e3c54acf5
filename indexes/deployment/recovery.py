"""After the database came back older than the object store: every index's records, from there.

Nothing else may run meanwhile. Crosses tenants.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from access.actor import Actor
from audit.actions import Action
from audit.heads import stored_heads
from audit.record import record
from indexes.backup_models import UNFINISHED, Backup, RestoreJob, RestoreStatus
from indexes.deployment.keys import key_of_index
from indexes.lifecycle import delete_index
from indexes.models import Index, IndexState
from kit import clock
from kit.environment import environment
from kit.errors import DataLoss, FailedPrecondition, StonepineError
from orgs.dataplane import announce_change
from orgs.tenancy import tenant
from storage.database import Connection, connect
from storage.fsck.damage import Damage
from storage.garbage import stored_by_place
from storage.objects import ObjectStore, open_object_store
from storage.recovery.index import IndexRecovery, Recovered

_GONE = "Nothing of it is in the object store, and deletion protection says that nobody deleted it."


@dataclass(slots=True)
class Recovery:
    """What came back, and what did not. `deleted` are indexes, and `gone` namespaces, that were
    deleted after the database's moment; `held_back` (with the reason) are not served; `unknown`
    were made after that moment, so nothing says what they were."""

    indexes: int = 0
    namespaces: int = 0
    batches: int = 0
    until: datetime | None = None
    deleted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    held_back: dict[str, str] = field(default_factory=dict)
    unknown: list[UUID] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)

    def take(self, index: Index, found: Recovered) -> None:
        self.indexes += 1
        self.namespaces += found.namespaces
        self.batches += found.batches
        self.gone += [f"{index.name} ({index.pk}) {one}" for one in found.gone]
        self.damages += found.findings
        if found.until_us:
            until = datetime.fromtimestamp(found.until_us / 1e6, UTC)
            self.until = until if self.until is None else max(self.until, until)

    def to_json(self) -> dict[str, Any]:
        return {
            "indexes": self.indexes, "namespaces": self.namespaces, "batches": self.batches,
            "until": self.until.isoformat() if self.until else None, "deleted": self.deleted,
            "gone": self.gone, "held_back": self.held_back,
            "unknown": [str(one) for one in self.unknown],
            "damages": [f"{one.subject}: {one.what}" for one in self.damages],
        }  # fmt: skip


def recover_indexes(actor: Actor) -> Recovery:
    """All of them. Raises `FailedPrecondition` where the object store cannot be the right one."""
    recovery = Recovery()
    with _connected() as connection:
        store = open_object_store(environment().object_store_url)
        present = {index_id for index_id, _ in stored_by_place(store.list("indexes/"))}
        indexes = list(_live_indexes())
        _require_right_store(connection, store, indexes, present)
        site = _Site(actor, connection, store, recovery)
        for index in indexes:
            site.recover(index, is_present=index.pk in present)
        known = {one.pk for one in indexes} | _terminating() | _backed_up()
        recovery.unknown = sorted(present - known)
    return recovery


def recover_index(actor: Actor, index: Index) -> Recovery:
    """One that was held back, now that what held it back is no more."""
    if index.pk not in indexes_held_back():
        raise FailedPrecondition("The index was not held back by a restore of the installation.")
    recovery = Recovery()
    with _connected() as connection:
        store = open_object_store(environment().object_store_url)
        is_present = any(store.list(f"indexes/{index.pk}/"))
        _Site(actor, connection, store, recovery).recover(index, is_present=is_present)
    if not recovery.held_back:
        with tenant(index.organization_id):
            record(actor, Action.INDEX_RECOVERED, target=index.audit_target())
        rows = Index.objects.using("system").filter(pk=index.pk)
        rows.exclude(state=IndexState.TERMINATING).update(
            state=IndexState.INITIALIZING, failure="", generation=F("generation") + 1
        )
        announce_change(using="system")
    return recovery


def indexes_held_back() -> list[UUID]:
    """Those that are not served because their records could not be recovered; all that the store
    has of them stays."""
    failed = RestoreJob.objects.using("system").filter(status=RestoreStatus.FAILED)
    rows = Index.objects.using("system").filter(state=IndexState.INITIALIZATION_FAILED)
    rows = rows.exclude(pk__in=failed.values("target_index_id"))
    return list(rows.values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class _Site:
    """What one index after the other is recovered with, and into which account."""

    actor: Actor
    connection: Connection
    store: ObjectStore
    recovery: Recovery

    def recover(self, index: Index, *, is_present: bool) -> None:
        if not is_present:
            if _was_introduced(self.connection, index.pk):
                self._delete(index)
            return
        try:
            key = key_of_index(self.connection, index.pk)
            if key is None:
                raise DataLoss("Its project has no data key.")
            found = IndexRecovery(self.connection, self.store, key, index.pk).recover()
        except StonepineError as error:
            self._hold_back(index, error.message)
            return
        self.recovery.take(index, found)
        if found.namespaces:
            _settle_restore(index.pk)

    def _delete(self, index: Index) -> None:
        """As its owner had wished after the database's moment."""
        if index.is_protected:
            self._hold_back(index, _GONE)
            return
        delete_index(self.actor, index)
        self.recovery.deleted.append(f"{index.name} ({index.pk})")

    def _hold_back(self, index: Index, reason: str) -> None:
        self.recovery.held_back[f"{index.name} ({index.pk})"] = reason
        rows = Index.objects.using("system").filter(pk=index.pk)
        rows.update(
            state=IndexState.INITIALIZATION_FAILED,
            failure=f"Not recovered: {reason}"[:500],
            observed_generation=F("generation"),
        )


def _settle_restore(index_id: UUID) -> None:
    """A job that the database takes for unfinished was complete: its index has namespaces."""
    rows = RestoreJob.objects.using("system").filter(target_index_id=index_id)
    rows.filter(status__in=UNFINISHED).update(
        status=RestoreStatus.COMPLETED, finished_at=clock.now(), percent_complete=100, prepared={}
    )


def _require_right_store(
    connection: Connection, store: ObjectStore, indexes: Iterable[Index], present: set[UUID]
) -> None:
    """One that has nothing of any index, nor a head of their organizations' audit logs, is not."""
    missing = [one for one in indexes if _was_introduced(connection, one.pk)]
    if not missing or present.intersection(one.pk for one in missing):
        return
    owners = {one.organization_id for one in missing}
    if not any(any(stored_heads(store, owner)) for owner in owners):
        raise FailedPrecondition(
            f"The object store holds nothing of {len(missing)} indexes that the database speaks "
            "of, and of no other one: it is another store. See OBJECT_STORE_URL."
        )


def _was_introduced(connection: Connection, index_id: UUID) -> bool:
    """Whether the database knows of something that the object store must have, or had."""
    row = connection.execute(
        """SELECT 1 FROM log_namespace n WHERE index_id = %(index_id)s
             AND (archived_lsn >= 0 OR manifest_version > 0) LIMIT 1""",
        {"index_id": index_id},
    ).fetchone()
    return row is not None


def _live_indexes() -> Iterable[Index]:
    rows = Index.objects.using("system").select_related("project", "organization")
    return rows.exclude(state=IndexState.TERMINATING).order_by("pk")


def _terminating() -> set[UUID]:
    rows = Index.objects.using("system").filter(state=IndexState.TERMINATING)
    return set(rows.values_list("pk", flat=True))


def _backed_up() -> set[UUID]:
    return set(Backup.objects.using("system").values_list("source_index_id", flat=True))


def _connected() -> Connection:
    return connect(environment().database_system_url.get_secret_value(), name="recovery")
