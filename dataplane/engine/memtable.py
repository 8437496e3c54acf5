"""Records that no segment holds yet, in the order of their LSNs."""

from bisect import bisect_right

import numpy as np

from dataplane.engine.coded_rows import CodedRows
from dataplane.engine.growing import GrowingArray
from dataplane.engine.metadata_index import GrowingMetadataIndex
from dataplane.engine.norms import inverses, needs_float64, vector_norms
from dataplane.engine.part import Float32, Int64, Part, record_bytes
from dataplane.engine.sparse import SparseRows
from dataplane.engine.tombstones import Tombstones
from storage.write_log.operations import UpsertOperation

# The most that a filter ever has to wait for is the indexing of so many rows.
_UNINDEXED_ROWS = 128


class Memtable(Part):
    """Append-only: a record that is written again gets a new row, its old one is buried.

    The metadata index takes up new rows when a filter needs them, or when they have become many.
    """

    coded: CodedRows

    def __init__(self, width: int) -> None:
        self.tombstones = Tombstones(0)
        self.ids = []
        self.sparse = SparseRows()
        self.coded = CodedRows(width)
        self._width = width
        self._vectors = GrowingArray(np.float32, width)
        self._norms = GrowingArray(np.float32)
        self._inverse_norms = GrowingArray(np.float32)
        self._lsns: list[int] = []
        self._metadata: list[bytes | None] = []
        self._metadata_bytes = 0
        self._index = GrowingMetadataIndex()
        self._row_bytes = GrowingArray(np.int64)

    @property
    def kind(self) -> str:
        return "memtable"

    @property
    def vectors(self) -> Float32:
        matrix: Float32 = self._vectors.rows
        return matrix

    @property
    def norms(self) -> Float32:
        norms: Float32 = self._norms.rows
        return norms

    @property
    def inverse_norms(self) -> Float32:
        inverse: Float32 = self._inverse_norms.rows
        return inverse

    @property
    def metadata_index(self) -> GrowingMetadataIndex:
        self._index_rest()
        return self._index

    def metadata(self, row: int) -> bytes | None:
        return self._metadata[row]

    @property
    def size_bytes(self) -> int:
        row_bytes = 4 * self._width + 64
        held = self.row_count * row_bytes + self.coded.row_count * self._width
        return held + self._metadata_bytes + self.sparse.byte_count

    @property
    def row_bytes(self) -> Int64:
        self._measure_rest()
        rows: Int64 = self._row_bytes.rows
        return rows

    def append(self, lsn: int, records: UpsertOperation) -> int:
        """Add whole records (ids unique among them) and return the row of the first."""
        first = len(self.ids)
        norms = vector_norms(records.values)
        self.ids += records.ids
        self._vectors.append(records.values)
        self._norms.append(norms)
        self._inverse_norms.append(inverses(norms))
        self.sparse.append(records.sparse)
        self._metadata += records.metadata
        self._lsns += [lsn] * len(records.ids)
        self.tombstones.grow(len(records.ids))
        if len(self._metadata) - self._index.row_count > _UNINDEXED_ROWS:
            self._index_rest()
        self._metadata_bytes += sum(map(len, filter(None, records.metadata)))
        self.needs_float64 = self.needs_float64 or needs_float64(norms)
        self.largest_norm = max(self.largest_norm, float(norms.max(initial=0)))
        if self._width and not self.needs_float64:
            self.coded.append(records.values, norms)
        return first

    def rows_up_to(self, lsn: int) -> int:
        """How many rows were written at or before that LSN: they are the first ones."""
        return bisect_right(self._lsns, lsn)

    def live_since(self, first_row: int) -> "Memtable":
        """A memtable of the live rows from `first_row` on, with their LSNs."""
        rows = (first_row + np.flatnonzero(self.tombstones.live[first_row:])).tolist()
        kept = Memtable(self._width)
        kept.append(0, self._records(rows))
        kept._lsns = [self._lsns[row] for row in rows]
        return kept

    def _index_rest(self) -> None:
        self._index.append(self._metadata[self._index.row_count :])

    def _measure_rest(self) -> None:
        first = len(self._row_bytes)
        metadata = self._metadata[first:]
        lengths = np.fromiter((len(row or b"") for row in metadata), np.int64, len(metadata))
        starts = self.sparse.columns[0][first:]
        self._row_bytes.append(record_bytes(self._width, self.ids[first:], lengths, starts))

    def _records(self, rows: list[int]) -> UpsertOperation:
        return UpsertOperation(
            [self.ids[row] for row in rows],
            self.vectors[rows],
            [self.sparse.row(row) for row in rows],
            [self._metadata[row] for row in rows],
        )
