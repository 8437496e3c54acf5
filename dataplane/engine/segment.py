"""An opened segment: immutable columns, and the tombstones that grow over them."""

from uuid import UUID

import numpy as np
from pyroaring import BitMap

from dataplane.engine.frozen_metadata_index import FrozenMetadataIndex
from dataplane.engine.graph import Graph
from dataplane.engine.norms import inverses, needs_float64
from dataplane.engine.part import Float32, Int64, Part, record_bytes
from dataplane.engine.postings import Postings
from dataplane.engine.sparse import SparseRows
from dataplane.engine.spec import IndexSpec
from dataplane.engine.tombstones import Tombstones
from kit.errors import DataLoss
from storage.segments import SegmentReader
from storage.shared_segments import Location, SharedSegment


class Segment(Part):
    """Decrypted columns in memory, the graph in a memory file; or all of it in a shared one."""

    def __init__(self, segment_id: UUID, spec: IndexSpec, reader: SegmentReader) -> None:
        """Read everything. Raises `DataLoss` where the file is not what the index needs."""
        if reader.dimension != spec.width:
            raise DataLoss(f"The segment {segment_id} is of another dimension than its index.")
        self.segment_id = segment_id
        # What engines share is held by the reader.
        is_shared = isinstance(reader, SharedSegment)
        self._shared = reader if isinstance(reader, SharedSegment) else None
        self.ids = reader.read_ids()
        self.tombstones = Tombstones(reader.record_count)
        self._vectors = reader.read_vectors()
        self._norms = reader.read_norms()
        self._inverse_norms = inverses(self._norms)
        self._metadata_ends, self._metadata = reader.view_metadata()
        postings = Postings(*reader.read_postings()) if reader.has_postings else None
        self.sparse = SparseRows.of_columns(*reader.read_sparse(), postings=postings)
        self._index = FrozenMetadataIndex(reader.read_field_index())
        if self._index.row_count != reader.record_count:
            raise DataLoss(f"The metadata index of segment {segment_id} does not fit it.")
        if reader.has_graph:
            raw = reader.view_graph()
            self.graph = Graph(raw, spec.metric, self._vectors.shape, is_lasting=is_shared)
        self.needs_float64 = needs_float64(self._norms)
        self.largest_norm = float(self._norms.max(initial=0))
        self._size_bytes = reader.size_bytes
        metadata_bytes = np.diff(self._metadata_ends, prepend=0)
        self._row_bytes = record_bytes(
            spec.width, self.ids, metadata_bytes.astype(np.int64), self.sparse.columns[0]
        )

    @property
    def kind(self) -> str:
        return "segment"

    @property
    def vectors(self) -> Float32:
        return self._vectors

    @property
    def norms(self) -> Float32:
        return self._norms

    @property
    def inverse_norms(self) -> Float32:
        return self._inverse_norms

    @property
    def metadata_index(self) -> FrozenMetadataIndex:
        return self._index

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    @property
    def held_bytes(self) -> int:
        return 0 if self._shared is not None and self._shared.is_borrowed else self._size_bytes

    @property
    def row_bytes(self) -> Int64:
        return self._row_bytes

    def metadata(self, row: int) -> bytes | None:
        start = int(self._metadata_ends[row - 1]) if row else 0
        return bytes(self._metadata[start : int(self._metadata_ends[row])]) or None

    @property
    def location(self) -> Location | None:
        """Where other engines of the machine find it; None where it is not shared."""
        return None if self._shared is None else self._shared.location

    def bury_deleted(self, deleted: BitMap) -> None:
        """Start over with these tombstones."""
        if deleted and deleted.max() >= self.row_count:
            raise DataLoss(f"The manifest deletes rows that segment {self.segment_id} lacks.")
        self.tombstones = Tombstones(self.row_count, deleted)
