"""One run of the builder: a stretch of a namespace's log, or some of its segments, become one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from dataplane.builder.columns import columns_of
from dataplane.builder.fold import Fold
from dataplane.builder.merge import merged
from dataplane.builder.older import OlderSegments
from dataplane.builder.tiers import DEFAULT_POLICY, MergePolicy, Size
from dataplane.engine.spec import IndexSpec
from keyring.envelope import DataKey
from kit.errors import Aborted, NotFound
from kit.ids import new_id
from storage.database import Connection
from storage.manifests import Manifest, SegmentEntry, commit_manifest, read_manifest, settle_merge
from storage.objects import ObjectStore
from storage.segments import SegmentColumns, SegmentName, SegmentReader, write_segment
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


def build_next(site: Site, *, max_records: int, policy: MergePolicy = DEFAULT_POLICY) -> Outcome:
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
    new = None
    if fold.records:
        new = _write(site, columns_of(fold.records, site.spec))
    segments = (*older.entries(), *([new] if new else []))
    committed = _commit(
        site, manifest, Manifest(lsn=fold.lsn, segments=segments), new, policy=policy
    )
    last = last_lsn(site.connection, site.index_id, site.namespace_id)
    return replace(_built(committed, new), is_more=last > committed.lsn)


def merge_next(site: Site, *, policy: MergePolicy) -> Outcome:
    """Replace the segments that the policy chooses by one of their live rows.

    As harmless as `build_next` when it runs twice or dies. Where the rows have a graph and no
    graph can be built over them together, they stay as they are.
    """
    manifest = site.read_manifest()
    chosen = set(policy.choose([Size.of(entry) for entry in manifest.segments]))
    sources = [entry for entry in manifest.segments if entry.segment_id in chosen]
    columns = merged(sources, site.open_segment, site.spec) if sources else None
    if columns is None or (not columns.graph and _is_any_walked(site, sources)):
        settle_merge(site.connection, site.index_id, site.namespace_id, version=manifest.version)
        return Outcome(Status.NOTHING, manifest.lsn, manifest.version)
    new = _write(site, columns)
    kept = [entry for entry in manifest.segments if entry.segment_id not in chosen]
    proposed = Manifest(lsn=manifest.lsn, segments=(*kept, new))
    return _built(_commit(site, manifest, proposed, new, policy=policy), new)


def _is_any_walked(site: Site, entries: list[SegmentEntry]) -> bool:
    return any(site.open_segment(entry.segment_id).has_graph for entry in entries)


def _built(committed: Manifest, new: SegmentEntry | None) -> Outcome:
    return Outcome(
        Status.BUILT,
        lsn=committed.lsn,
        manifest_version=committed.version,
        segment_id=new.segment_id if new else None,
        record_count=new.record_count if new else 0,
        segment_count=len(committed.segments),
    )


def _write(site: Site, columns: SegmentColumns) -> SegmentEntry:
    segment_id = new_id()
    size_bytes = write_segment(site.store, site.key, site.segment(segment_id), columns)
    return SegmentEntry(segment_id, len(columns.ids), b"", size_bytes)


def _commit(
    site: Site,
    current: Manifest,
    proposed: Manifest,
    new: SegmentEntry | None,
    *,
    policy: MergePolicy,
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
            is_merge_due=bool(policy.choose([Size.of(entry) for entry in proposed.segments])),
        )
    except Aborted:
        # Only here is it sure that no manifest names the segment.
        if new is not None:
            site.store.delete(site.segment(new.segment_id).path)
        raise
