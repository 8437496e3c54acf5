"""Examining one namespace: its row, its log, its archived log, what its manifests name."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from keyring.envelope import DataKey
from kit.errors import DataLoss
from storage.archive.form import (
    LOG,
    ArchivedBatch,
    Created,
    Dropped,
    Place,
    Stretch,
    created_path,
    dropped_path,
    prefix,
    read_created,
    read_dropped,
    read_stretch,
    stretches,
)
from storage.archive.rows import Base
from storage.database import Connection
from storage.fsck import rows
from storage.fsck.damage import Findings, Part
from storage.fsck.rows import LoggedBatch, NamespaceState
from storage.fsck.segments import SegmentExamination, SegmentShelf
from storage.write_log.batches import open_batch
from storage.write_log.names import name_digest, open_name, open_schema
from storage.write_log.operations import record_count

NOT_SERVED = "The namespace cannot be opened: its index is not served."
NOT_RESTORED = "Restores to a second that need it fail."
WRITES_LOST = "Writes that were acknowledged are missing."

Digests = dict[int, bytes]


@dataclass(slots=True)
class NamespaceExamination:
    """Twice where it is not sound, so that what was replaced meanwhile is not taken for damaged.

    `batches` counts those of the log, `stretches` the objects of the archived log.
    """

    connection: Connection
    shelf: SegmentShelf
    key: DataKey
    place: Place
    dimension: int
    batches: int = 0
    stretches: int = 0
    _findings: Findings = field(default_factory=Findings)

    def examine(self) -> Findings:
        first = self._look()
        if not first:
            return first
        self.shelf.forget()
        return first.that_are_in(self._look())

    def _look(self) -> Findings:
        self._findings, self.batches = Findings(), 0
        table = "log_batch {}/{}".format(*self.place)
        with self._findings.noting(Part.BATCH, table, meaning=NOT_SERVED):
            with rows.snapshot(self.connection):
                state = rows.namespace_state(self.connection, self.place)
                if state is None:
                    return self._findings  # it has gone meanwhile
                bases = rows.noted_bases(self.connection, self.place)
                digests = self._log(state)
            self._names(state)
            self._manifests(state, bases)
            self._life(state)
            self._archive(state, digests)
        return self._findings

    def _log(self, state: NamespaceState) -> Digests:
        """Whether every batch is there and opens; the digests of all."""
        digests: Digests = {}
        expected, latest_us = _trimmed_up_to(state) + 1, 0
        for batch in rows.logged(self.connection, self.place):
            digests[batch.lsn] = _digest(batch.operation, batch.sealed, batch.committed_at_us)
            if batch.lsn > expected:
                self._missing(expected, batch.lsn - 1)
            expected = max(expected, batch.lsn + 1)
            self._batch(batch, latest_us)
            latest_us = max(latest_us, batch.committed_at_us)
        self.batches = len(digests)
        last = state.archived_lsn if state.last_lsn is None else state.last_lsn
        if expected <= last:
            self._missing(expected, last)
        return digests

    def _missing(self, first: int, last: int) -> None:
        self._findings.add(
            Part.BATCH, self._row(first), meaning=f"{WRITES_LOST} {NOT_SERVED}",
            what=f"Batches {first} to {last} are missing in the log.",
        )  # fmt: skip

    def _batch(self, batch: LoggedBatch, latest_us: int) -> None:
        index_id, namespace_id = self.place
        with self._findings.noting(Part.BATCH, self._row(batch.lsn), meaning=NOT_SERVED):
            operation = open_batch(
                self.key, batch.operation, batch.sealed,
                index_id=index_id, namespace_id=namespace_id, lsn=batch.lsn,
            )  # fmt: skip
            if record_count(operation) != batch.record_count:
                raise DataLoss(f"It holds {record_count(operation)} records, its row says others.")
        if batch.committed_at_us < latest_us:
            self._findings.add(
                Part.BATCH, self._row(batch.lsn), meaning=NOT_RESTORED,
                what="It was acknowledged before its predecessor.",
            )  # fmt: skip

    def _names(self, state: NamespaceState) -> None:
        row = "log_namespace {}/{}".format(*self.place)
        with self._findings.noting(Part.NAMESPACE, row, meaning=NOT_SERVED):
            name = open_name(self.key, state.name_sealed, *self.place)
            open_schema(self.key, state.schema_sealed, *self.place)
            expected = name_digest(self.key, self.place[0], name)
            if state.name_digest not in (None, expected):
                raise DataLoss("The namespace stands under the digest of another name.")

    def _manifests(self, state: NamespaceState, bases: Iterable[Base]) -> None:
        looking = SegmentExamination(
            self.shelf, self.key, self.place, self.dimension, self._findings
        )
        if state.manifest_version:
            looking.manifest(state.manifest_version, state.manifest_lsn, meaning=NOT_SERVED)
        for base in bases:
            if base.manifest_version != state.manifest_version:
                looking.manifest(base.manifest_version, base.manifest_lsn, meaning=NOT_RESTORED)

    def _life(self, state: NamespaceState) -> None:
        if state.archived_lsn >= 0:
            made = Created(
                state.name_sealed, state.schema_sealed, state.created_at_us,
                state.origin_lsn, state.origin_at_us,
            )  # fmt: skip
            path = created_path(self.place)
            with self._findings.noting(Part.ARCHIVE, path, meaning=NOT_RESTORED):
                told = read_created(self.shelf.store, self.key, self.place)
                if told.origin_lsn > made.origin_lsn or _later(told, made.origin_lsn) != made:
                    raise DataLoss("It tells of another namespace than the row.")
        if state.dropped_at_us is not None and state.is_archived:
            end = Dropped(state.dropped_at_us, state.last_lsn or 0)
            path = dropped_path(self.place)
            with self._findings.noting(Part.ARCHIVE, path, meaning=NOT_RESTORED):
                if read_dropped(self.shelf.store, self.key, self.place) != end:
                    raise DataLoss("It tells of another end than the row.")

    def _archive(self, state: NamespaceState, digests: Digests) -> None:
        folder = prefix(self.place, LOG)
        with self._findings.noting(Part.ARCHIVE, folder, meaning=NOT_RESTORED):
            found = stretches(self.shelf.store, self.place)
            self.stretches = len(found)
            covered = state.origin_lsn
            for stretch in found:
                if stretch.first > covered + 1:
                    break
                covered = max(covered, stretch.last)
                self._stretch(stretch, digests)
            if covered < state.archived_lsn:
                raise DataLoss(f"Batch {covered + 1} is not in the archived log.")
            self._not_before(max((one.last for one in found), default=0), state, digests)

    def _not_before(self, archived: int, state: NamespaceState, digests: Digests) -> None:
        """A database of an earlier time does not know what the archive has, nor how much of its
        beginning has been swept up: it would be served as if that had never been acknowledged."""
        known = max(state.archived_lsn, state.manifest_lsn, state.last_lsn or 0, *digests, 0)
        if archived > known:
            self._missing(known + 1, archived)

    def _stretch(self, stretch: Stretch, digests: Digests) -> None:
        path = stretch.path(self.place)
        with self._findings.noting(Part.ARCHIVE, path, meaning=NOT_RESTORED):
            batches = read_stretch(self.shelf.store, self.key, self.place, stretch)
            self._archived(batches, digests)

    def _archived(self, batches: Iterable[ArchivedBatch], digests: Digests) -> None:
        index_id, namespace_id = self.place
        latest_us = 0
        for batch in batches:
            open_batch(
                self.key, batch.operation, batch.sealed,
                index_id=index_id, namespace_id=namespace_id, lsn=batch.lsn,
            )  # fmt: skip
            digest = _digest(batch.operation, batch.sealed, batch.committed_at_us)
            if digests.get(batch.lsn, digest) != digest:
                raise DataLoss(f"Batch {batch.lsn} is another one, or of another time, in the log.")
            if batch.committed_at_us < latest_us:
                raise DataLoss(f"Batch {batch.lsn} was acknowledged before its predecessor.")
            latest_us = batch.committed_at_us

    def _row(self, lsn: int) -> str:
        return "log_batch {}/{}/{}".format(*self.place, lsn)


def _later(told: Created, origin_lsn: int) -> Created:
    """The sweep moves the origin on, and leaves what was archived of it."""
    return msgspec.structs.replace(told, origin_lsn=origin_lsn)


def _trimmed_up_to(state: NamespaceState) -> int:
    """Batches up to that LSN may have left the log, in any order."""
    archived = max(state.archived_lsn, 0)
    if state.dropped_at_us is not None:
        return max(archived, state.origin_lsn)
    return max(state.origin_lsn, min(state.manifest_lsn, archived))


def _digest(operation: int, sealed: bytes, committed_at_us: int) -> bytes:
    told = f"{operation} {committed_at_us} ".encode()
    return hashlib.blake2b(told + sealed, digest_size=16).digest()
