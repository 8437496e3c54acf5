"""Examining everything: keys, every namespace of every index, every backup, what nobody owns."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from keyring.data_keys import open_data_key, open_data_keys
from keyring.envelope import DataKey
from keyring.outer.key import DISABLED, KeyRefused
from keyring.provider import KeyProvider
from kit.errors import StonepineError
from storage.archive.form import Place, created_path, dropped_path
from storage.catalog import ProjectKeyRow
from storage.database import Connection
from storage.fsck import rows
from storage.fsck.backups import BackupExamination, KnownBackup
from storage.fsck.damage import Findings, Part
from storage.fsck.log import WRITES_LOST, NamespaceExamination
from storage.fsck.segments import SegmentShelf
from storage.garbage import stored_by_place
from storage.objects import ObjectStore


@dataclass(frozen=True, slots=True)
class KnownIndex:
    """An index as its row in the control plane tells of it; those that are being deleted are none.

    One that `is_being_filled` has objects long before it has rows.
    """

    index_id: UUID
    project_id: UUID
    dimension: int | None
    is_being_filled: bool = False


@dataclass(slots=True)
class Counts:
    """What was looked at. `unneeded` objects belong to nothing: the sweep takes them in time."""

    projects: int = 0
    indexes: int = 0
    namespaces: int = 0
    batches: int = 0
    segments: int = 0
    archived: int = 0
    backups: int = 0
    unneeded: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    counts: Counts
    findings: Findings

    def to_json(self) -> dict[str, Any]:
        return {"sound": not self.findings, "examined": asdict(self.counts),
                "damages": [asdict(one) for one in self.findings]}  # fmt: skip


@dataclass(slots=True)
class Examination:
    """Reads, and writes nothing. `progress` is told of each namespace and backup beforehand;
    `is_still_there` says whether an index or a backup was not deleted meanwhile."""

    connection: Connection
    store: ObjectStore
    provider: KeyProvider
    progress: Callable[[str], None]
    is_still_there: Callable[[UUID], bool]
    counts: Counts = field(default_factory=Counts)
    findings: Findings = field(default_factory=Findings)

    def run(
        self,
        keys: Iterable[ProjectKeyRow],
        indexes: list[KnownIndex],
        backups: list[KnownBackup],
        *,
        is_whole: bool,
    ) -> Report:
        """`is_whole` tells that these are all: then what belongs to none of them is looked at."""
        projects = {one.project_id for one in indexes} | {one.project_id for one in backups}
        opened = self._open_keys(keys, projects)
        shelf = SegmentShelf(self.store)
        for index in indexes:
            if index.project_id in opened:
                self._index(index, opened[index.project_id], shelf)
        for backup in backups:
            if backup.project_id in opened:
                self._backup(backup, opened[backup.project_id], shelf)
        self.counts.indexes, self.counts.backups = len(indexes), len(backups)
        self.counts.segments = len(shelf)
        if is_whole:
            self._without_owner(indexes, backups)
        return Report(self.counts, self.findings)

    def _open_keys(self, keys: Iterable[ProjectKeyRow], projects: set[UUID]) -> dict[UUID, DataKey]:
        """The newest key of each project whose keys all open; it finds the others."""
        versions: dict[UUID, list[ProjectKeyRow]] = {}
        for row in keys:
            versions.setdefault(row.project_id, []).append(row)
        opened: dict[UUID, DataKey] = {}
        for project_id, found in versions.items():
            outcomes = [self._opens(row) for row in found]  # each is told
            if all(outcomes):
                key = open_data_keys(self.provider, project_id, partial(list, found))
                assert key is not None
                opened[project_id] = key
        for project_id in projects - versions.keys():
            self._unreadable(project_id, str(project_id), "It has no data key.")
        self.counts.projects = len(versions.keys() | projects)
        return opened

    def _opens(self, row: ProjectKeyRow) -> bool:
        try:
            if row.is_disabled:
                raise KeyRefused(DISABLED)
            open_data_key(self.provider, row.project_id, row.version, row.wrapped)
        except StonepineError as error:  # damaged, or taken away by who holds it
            self._unreadable(row.project_id, f"{row.project_id}/{row.version}", error.message)
            return False
        return True

    def _unreadable(self, project_id: UUID, row: str, what: str) -> None:
        self.findings.add(
            Part.KEY, f"projects_datakey {row}", what=what,
            meaning=f"Nothing that is sealed under it can be read in project {project_id}.",
        )  # fmt: skip

    def _index(self, index: KnownIndex, key: DataKey, shelf: SegmentShelf) -> None:
        for namespace_id in rows.namespace_ids(self.connection, index.index_id):
            place = (index.index_id, namespace_id)
            self.progress("namespace {}/{}".format(*place))
            looking = NamespaceExamination(self.connection, shelf, key, place, index.dimension or 0)
            self.findings.take(looking.examine())
            self.counts.namespaces += 1
            self.counts.batches += looking.batches
            self.counts.archived += looking.stretches

    def _backup(self, backup: KnownBackup, key: DataKey, shelf: SegmentShelf) -> None:
        self.progress(f"backup {backup.backup_id}")
        found = BackupExamination(self.connection, shelf, key, backup).examine()
        if found and self.is_still_there(backup.backup_id):
            self.findings.take(found)

    def _without_owner(self, indexes: list[KnownIndex], backups: list[KnownBackup]) -> None:
        findings = self._lost(indexes)
        if findings:
            findings = findings.that_are_in(self._lost(indexes))
        self.findings.take(findings)
        known = {one.index_id for one in indexes} | {one.index_id for one in backups}
        by_place = stored_by_place(self.store.list("indexes/"))
        self.counts.unneeded = sum(
            len(found.all_paths) for place, found in by_place.items() if place[0] not in known
        )

    def _lost(self, indexes: list[KnownIndex]) -> Findings:
        """Namespaces without a row: batches are left of them, or an archived log without an end."""
        findings = Findings()
        by_place = stored_by_place(self.store.list("indexes/"))
        strays = {(index_id, one): table for table, index_id, one in rows.strays(self.connection)}
        sources: dict[Place, str] = {}
        for index in indexes:
            there = set(rows.namespace_ids(self.connection, index.index_id))
            if not index.is_being_filled and self.is_still_there(index.index_id):
                sources |= {
                    place: table for place, table in strays.items() if place[0] == index.index_id
                }  # fmt: skip
                sources |= {
                    place: "the archived log" for place, found in by_place.items()
                    if place[0] == index.index_id and place[1] not in there
                    and created_path(place) in found.life and dropped_path(place) not in found.life
                }  # fmt: skip
        for place, source in sources.items():
            findings.add(
                Part.NAMESPACE, "log_namespace {}/{}".format(*place), meaning=WRITES_LOST,
                what=f"Its row is missing, but {source} speaks of it.",
            )  # fmt: skip
        return findings
