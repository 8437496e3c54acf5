"""Sparse vectors of many rows as compressed rows (CSR), and their dot products with a query.

The products come from an inverted index: a segment's is stored with it, a memtable's grows in
blocks of rows, and the newest rows are scanned until they are enough for a block.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dataplane.engine import messages
from dataplane.engine.growing import GrowingArray
from dataplane.engine.postings import Float64, Hits, Int64, Postings, UInt32, summed
from storage.write_log.operations import SparseVector

# So many elements are scanned for each query before they are indexed (some milliseconds).
_UNINDEXED_ELEMENTS = 65_536
# What an element that is looked up costs, in postings that are added up.
_ELEMENT_COST = 6


class SparseRows:
    """Row `i` is `indices[starts[i]:starts[i + 1]]`, ascending, with `values` beside them.

    A row without a sparse vector and one with an empty sparse vector are the same.
    """

    def __init__(self, unindexed_elements: int = _UNINDEXED_ELEMENTS) -> None:
        self._unindexed_elements = unindexed_elements
        self._starts = GrowingArray(np.int64)
        self._starts.append(np.zeros(1, np.int64))
        self._indices = GrowingArray(np.uint32)
        self._values = GrowingArray(np.float32)
        self._blocks: list[Postings] = []
        self._indexed_rows = 0

    @property
    def is_empty(self) -> bool:
        """Whether no row has a sparse vector."""
        return len(self._indices) == 0

    @property
    def byte_count(self) -> int:
        columns = sum(column.nbytes for column in self.columns)
        return columns + sum(block.byte_count for block in self._blocks)

    @property
    def columns(
        self,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
        """Starts (one more than rows), indices, values: views, void after the next append."""
        return self._starts.rows, self._indices.rows, self._values.rows

    @classmethod
    def of_columns(
        cls,
        ends: npt.NDArray[np.int64],
        indices: npt.NDArray[np.uint32],
        values: npt.NDArray[np.float32],
        postings: Postings | None = None,
    ) -> "SparseRows":
        """Rows from columns that hold them already; `ends` has one element per row. `postings`
        are those of all rows."""
        rows = cls()
        rows._starts.append(ends)
        rows._indices.append(indices)
        rows._values.append(values)
        if postings is not None:
            rows._blocks, rows._indexed_rows = [postings], len(ends)
        return rows

    def append(self, vectors: Sequence[SparseVector | None]) -> None:
        """Add the next rows."""
        given = [vector for vector in vectors if vector is not None]
        start = len(self._indices)
        if not given:
            self._starts.append(np.full(len(vectors), start, np.int64))
            return
        lengths = [0 if vector is None else vector.indices.size for vector in vectors]
        self._starts.append(start + np.cumsum(lengths, dtype=np.int64))
        self._indices.append(np.concatenate([vector.indices for vector in given]))
        self._values.append(np.concatenate([vector.values for vector in given]))

    def extend(self, others: "SparseRows") -> None:
        """Add the rows of others."""
        starts, indices, values = others.columns
        self._starts.append(starts[1:] + len(self._indices))
        self._indices.append(indices)
        self._values.append(values)

    def where(self, mask: npt.NDArray[np.bool_]) -> "SparseRows":
        """Only the rows for which the mask is true."""
        starts, indices, values = self.columns
        lengths = np.diff(starts)
        is_kept = np.repeat(mask, lengths)
        return SparseRows.of_columns(
            np.cumsum(lengths[mask], dtype=np.int64), indices[is_kept], values[is_kept]
        )

    def row(self, row: int) -> SparseVector | None:
        """A copy of one row's vector."""
        start, end = self._starts.rows[row : row + 2].tolist()
        if start == end:
            return None
        return SparseVector(
            self._indices.rows[start:end].copy(), self._values.rows[start:end].copy()
        )

    def dot(self, query: SparseVector) -> Float64:
        """The dot product of every row with the query, by accumulation over its terms."""
        return summed(self._hits(query, self._find(query)), self._row_count)

    def dot_at(self, query: SparseVector, rows: UInt32) -> Float64:
        """The same of these rows only: element by element where that is less than the postings."""
        found = self._find(query)
        posted = sum(end - start for _, places in found for start, end, _ in places)
        starts = self._starts.rows
        lengths = starts[rows.astype(np.int64) + 1] - starts[rows]
        if int(lengths.sum()) * _ELEMENT_COST < posted:
            return self._dot_elements(query, starts[rows], lengths)
        return summed(self._hits(query, found), self._row_count)[rows]

    @property
    def postings(self) -> Postings:
        """The inverted index of all rows, as a segment stores it."""
        return Postings.of_rows(*self.columns)

    def _find(self, query: SparseVector) -> list[tuple[Postings, list[tuple[int, int, float]]]]:
        self._index_rest()
        return [(block, block.find(query)) for block in self._blocks]

    def _hits(
        self, query: SparseVector, found: list[tuple[Postings, list[tuple[int, int, float]]]]
    ) -> list[Hits]:
        hits = [hit for block, places in found for hit in block.hits(places)]
        starts, indices, values = self.columns
        first = int(starts[self._indexed_rows])
        positions, weights = _shared(query, indices[first:])
        if positions.size:
            rows = np.searchsorted(starts, first + positions, side="right") - 1
            products = values[first + positions].astype(np.float64) * weights
            hits.append((rows.astype(np.uint32), products))
        return hits

    def _dot_elements(self, query: SparseVector, starts: Int64, lengths: Int64) -> Float64:
        _, indices, values = self.columns
        places = _ranges(starts, lengths)
        positions, weights = _shared(query, indices[places])
        products = values[places[positions]].astype(np.float64) * weights
        numbers = np.repeat(np.arange(len(lengths)), lengths)[positions]
        return summed([(numbers.astype(np.uint32), products)], len(lengths))

    def _index_rest(self) -> None:
        """Index the newest rows when their elements have become many; the others are scanned."""
        starts, indices, values = self.columns
        first = self._indexed_rows
        start = int(starts[first])
        if len(indices) - start > self._unindexed_elements:
            block = Postings.of_rows(
                starts[first:] - start, indices[start:], values[start:], first_row=first
            )
            self._blocks.append(block)
            self._indexed_rows = self._row_count

    @property
    def _row_count(self) -> int:
        return len(self._starts) - 1


def _shared(query: SparseVector, indices: UInt32) -> tuple[Int64, Float64]:
    """Positions of the elements whose index the query has, and the query's values there."""
    if not query.indices.size or not indices.size:
        return np.zeros(0, np.int64), np.zeros(0)
    places = np.searchsorted(query.indices, indices)
    places[places == query.indices.size] = 0
    positions = np.flatnonzero(query.indices[places] == indices)
    return positions, query.values[places[positions]].astype(np.float64)


def _ranges(starts: Int64, lengths: Int64) -> Int64:
    """`starts[0], starts[0] + 1, …` for each length, one after the other."""
    before = np.cumsum(lengths) - lengths
    total = int(lengths.sum())
    ranges: Int64 = np.repeat(starts - before, lengths) + np.arange(total)
    return ranges


def to_message(vector: SparseVector | None) -> messages.SparseVector | None:
    if vector is None:
        return None
    return messages.SparseVector(vector.indices.tobytes(), vector.values.tobytes())


def from_message(vector: messages.SparseVector | None) -> SparseVector | None:
    if vector is None:
        return None
    return SparseVector(
        np.frombuffer(vector.indices, np.uint32), np.frombuffer(vector.values, np.float32)
    )
