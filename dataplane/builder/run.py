"""One run of the builder: the next stretch of a namespace's log becomes one segment."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from dataplane.builder.columns import columns_of
from dataplane.builder.fold import Fold
from dataplane.builder.older import OlderSegments
from dataplane.engine.spec import IndexSpec
from keyring.envelope import DataKey
from kit.errors import Aborted, NotFound
from kit.ids import new_id
from storage.database import Connection
from storage.manifests import Manifest, SegmentEntry, commit_manifest, read_manifest
from storage.objects import ObjectStore
from storage.segments import SegmentName, SegmentReader, write_segment
from storage.write_log.log import get_namespace, last_lsn, read_batches
from storage.write_log.operations import Operation


class Status(StrEnum):
    BUILT = "built"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`segment_id` is None where the log only deleted; `is_more` tells that another run is due."""

    status: Status
    lsn: int
    manifest_version: int
    segment_id: UUID | None = None
    record_count: int = 0
    segment_count: int = 0
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """The namespace that is built for, and what it takes to read and write it."""

    connection: Connection
    store: ObjectStore
    key: DataKey
    spec: IndexSpec
    index_id: UUID
    namespace_id: UUID

    def segment(self, segment_id: UUID) -> SegmentName:
        return SegmentName(self.index_id, self.namespace_id, segment_id)

    def open_segment(self, segment_id: UUID) -> SegmentReader:
        return SegmentReader(self.store, self.key, self.segment(segment_id))

    def read_manifest(self) -> Manifest:
        row = get_namespace(self.connection, self.index_id, self.namespace_id)
        if row is None:
            raise NotFound(f"There is no namespace {self.namespace_id}.")
        return read_manifest(
            self.store,
            self.key,
            row.manifest_version,
            index_id=self.index_id,
            namespace_id=self.namespace_id,
        )

    def batches_after(self, lsn: int) -> Iterator[tuple[int, Operation]]:
        batches = read_batches(
            self.connection, self.key, self.index_id, self.namespace_id, after_lsn=lsn
        )
        return ((lsn, operation) for lsn, operation, _ in batches)


def build_next(site: Site, *, max_records: int) -> Outcome:
    """Move the next records, about `max_records` at most, from the log into a segment.

    Running again, or two at once, does no harm: nothing changes before the manifest's conditional
    update, and who loses that gets `Aborted`. A crash leaves at most an object that nothing names.
    """
    manifest = site.read_manifest()
    older = OlderSegments(manifest.segments, site.open_segment)
    fold = Fold(manifest.lsn, older)
    fold.take(site.batches_after(manifest.lsn), max_records)
    if fold.lsn == manifest.lsn:
        return Outcome(Status.NOTHING, manifest.lsn, manifest.version)
    new = _write(site, fold)
    segments = (*older.entries(), *([new] if new else []))
    committed = _commit(site, manifest, Manifest(lsn=fold.lsn, segments=segments), new)
    return Outcome(
        Status.BUILT,
        lsn=committed.lsn,
        manifest_version=committed.version,
        segment_id=new.segment_id if new else None,
        record_count=new.record_count if new else 0,
        segment_count=len(committed.segments),
        is_more=last_lsn(site.connection, site.index_id, site.namespace_id) > committed.lsn,
    )


def _write(site: Site, fold: Fold) -> SegmentEntry | None:
    if not fold.records:
        return None
    segment_id = new_id()
    columns = columns_of(fold.records, site.spec)
    size_bytes = write_segment(site.store, site.key, site.segment(segment_id), columns)
    return SegmentEntry(segment_id, len(fold.records), b"", size_bytes)


def _commit(
    site: Site, current: Manifest, proposed: Manifest, new: SegmentEntry | None
) -> Manifest:
    try:
        return commit_manifest(
            site.connection,
            site.store,
            site.key,
            proposed,
            index_id=site.index_id,
            namespace_id=site.namespace_id,
            expected_version=current.version,
        )
    except Aborted:
        # Only here is it sure that no manifest names the segment.
        if new is not None:
            site.store.delete(site.segment(new.segment_id).path)
        raise
