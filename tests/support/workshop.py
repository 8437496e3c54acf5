"""A builder without a database: it turns a list of operations into manifests and segments."""

from collections.abc import Collection, Iterable
from uuid import UUID

from dataplane.builder.columns import columns_of
from dataplane.builder.fold import Fold
from dataplane.builder.merge import merged
from dataplane.builder.older import OlderSegments
from dataplane.engine.namespace import Namespace
from dataplane.engine.planner import DEFAULT_PLANNER, Planner
from dataplane.engine.segment import Segment
from dataplane.engine.spec import IndexSpec
from keyring.envelope import DataKey
from kit.ids import new_id
from storage.manifests import Manifest, SegmentEntry
from storage.segments import SegmentColumns, SegmentName, SegmentReader, write_segment
from storage.write_log.operations import Operation
from tests.support.memory_objects import MemoryObjectStore

EVERYTHING = 10**9


class Workshop:
    """The segments of one namespace, and its newest manifest."""

    def __init__(self, spec: IndexSpec, planner: Planner = DEFAULT_PLANNER) -> None:
        self.spec = spec
        self.planner = planner
        self.manifest = Manifest()
        self.store = MemoryObjectStore()
        self._key = DataKey(new_id(), 1, b"an unremarkable 32 bytes secret.")
        self._place = (new_id(), new_id())

    def build(
        self, log: Iterable[tuple[int, Operation]], *, max_records: int = EVERYTHING
    ) -> Manifest:
        """The next manifest; `log` is what follows the current one's LSN."""
        older = OlderSegments(self.manifest.segments, self.reader)
        fold = Fold(self.manifest.lsn, older)
        fold.take(log, max_records)
        entries = older.entries()
        if fold.records:
            entries.append(self._write(columns_of(fold.records, self.spec, self.planner)))
        self.manifest = Manifest(self.manifest.version + 1, fold.lsn, tuple(entries))
        return self.manifest

    def merge(self, segment_ids: Collection[UUID] | None = None) -> Manifest:
        """A manifest of the same records with these segments, or all, as one."""
        entries = self.manifest.segments
        chosen = [one for one in entries if segment_ids is None or one.segment_id in segment_ids]
        if chosen:
            columns = merged(chosen, self.reader, self.spec, self.planner)
            kept = [entry for entry in entries if entry not in chosen]
            segments = (*kept, self._write(columns))
            self.manifest = Manifest(self.manifest.version + 1, self.manifest.lsn, segments)
        return self.manifest

    def _write(self, columns: SegmentColumns) -> SegmentEntry:
        segment_id = new_id()
        size = write_segment(self.store, self._key, self._name(segment_id), columns)
        return SegmentEntry(segment_id, len(columns.ids), b"", size)

    def reader(self, segment_id: UUID) -> SegmentReader:
        return SegmentReader(self.store, self._key, self._name(segment_id))

    def segment(self, segment_id: UUID) -> Segment:
        return Segment(segment_id, self.spec, self.reader(segment_id))

    def adopt(self, namespace: Namespace) -> None:
        """Bring the newest manifest to the namespace, as an engine does."""
        missing = namespace.missing_segments(self.manifest)
        namespace.adopt(self.manifest, {id_: self.segment(id_) for id_ in missing})

    def open(self) -> Namespace:
        """The namespace at the newest manifest, as an engine opens it."""
        ids = [entry.segment_id for entry in self.manifest.segments]
        opened = {id_: self.segment(id_) for id_ in ids}
        return Namespace.open(self.spec, self.manifest, opened, self.planner)

    def _name(self, segment_id: UUID) -> SegmentName:
        return SegmentName(*self._place, segment_id)
