"""Sparse vectors of many rows as compressed rows (CSR), and their dot products with a query."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dataplane.engine import messages
from dataplane.engine.growing import GrowingArray
from storage.write_log.operations import SparseVector

Float64: TypeAlias = npt.NDArray[np.float64]


class SparseRows:
    """Row `i` is `indices[starts[i]:starts[i + 1]]`, ascending, with `values` beside them.

    A row without a sparse vector and one with an empty sparse vector are the same.
    """

    def __init__(self) -> None:
        self._starts = GrowingArray(np.int64)
        self._starts.append(np.zeros(1, np.int64))
        self._indices = GrowingArray(np.uint32)
        self._values = GrowingArray(np.float32)

    @property
    def is_empty(self) -> bool:
        """Whether no row has a sparse vector."""
        return len(self._indices) == 0

    @property
    def byte_count(self) -> int:
        return self._starts.rows.nbytes + self._indices.rows.nbytes + self._values.rows.nbytes

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
    ) -> "SparseRows":
        """Rows from columns that hold them already; `ends` has one element per row."""
        rows = cls()
        rows._starts.append(ends)
        rows._indices.append(indices)
        rows._values.append(values)
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
        """The dot product of every row with the query: one scan over all non-zero elements."""
        starts, indices, values = self.columns
        row_count = len(starts) - 1
        if not query.indices.size or not indices.size:
            return np.zeros(row_count)
        positions = np.searchsorted(query.indices, indices)
        positions[positions == query.indices.size] = 0
        hits = np.flatnonzero(query.indices[positions] == indices)
        products = values[hits].astype(np.float64) * query.values[positions[hits]]
        rows = np.searchsorted(starts, hits, side="right") - 1
        sums: Float64 = np.asarray(np.bincount(rows, products, row_count), np.float64)
        return sums


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
