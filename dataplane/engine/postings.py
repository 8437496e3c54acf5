"""The inverted index of sparse vectors: for every term (their `index`), the rows that have it.

Columns, never changed: `rows[ends[i - 1]:ends[i]]` are the rows of `terms[i]`, ascending, with
`values` beside them; terms are ascending too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from storage.write_log.operations import SparseVector

Int64: TypeAlias = npt.NDArray[np.int64]
UInt32: TypeAlias = npt.NDArray[np.uint32]
Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]

# (rows, products with the query): of one term, or of some rows scanned whole.
Hits: TypeAlias = tuple[UInt32, Float64]


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Over the rows of one segment, or over a stretch of a memtable's rows."""

    terms: UInt32
    ends: Int64
    rows: UInt32
    values: Float32

    @classmethod
    def of_rows(
        cls, starts: Int64, indices: UInt32, values: Float32, *, first_row: int = 0
    ) -> "Postings":
        """Of compressed rows, the first of which is numbered `first_row`; `starts[0]` is 0."""
        lengths = np.diff(starts)
        rows = np.repeat(np.arange(first_row, first_row + len(lengths), dtype=np.uint32), lengths)
        order = np.argsort(indices, kind="stable")
        terms, firsts = np.unique(indices[order], return_index=True)
        ends = np.append(firsts[1:], len(indices)).astype(np.int64) if terms.size else firsts
        return cls(terms, ends, rows[order], values[order])

    @property
    def byte_count(self) -> int:
        return self.terms.nbytes + self.ends.nbytes + self.rows.nbytes + self.values.nbytes

    def find(self, query: SparseVector) -> list[tuple[int, int, float]]:
        """Start, end and the query's value of each term that both have, ascending by term."""
        if not self.terms.size:
            return []
        places = np.searchsorted(self.terms, query.indices)
        places[places == self.terms.size] = 0
        shared = np.flatnonzero(self.terms[places] == query.indices)
        places = places[shared]
        ends = self.ends[places]
        starts = np.where(places > 0, self.ends[places - 1], 0)
        weights = query.values[shared].tolist()
        return list(zip(starts.tolist(), ends.tolist(), weights, strict=True))

    def hits(self, found: list[tuple[int, int, float]]) -> Iterator[Hits]:
        """The products of what `find` found."""
        for start, end, weight in found:
            yield self.rows[start:end], self.values[start:end].astype(np.float64) * weight


def summed(hits: list[Hits], row_count: int) -> Float64:
    """The sums of every row. A row's products are added in the order given, from zero, so that
    equal vectors have equal sums wherever they lie."""
    if not hits:
        return np.zeros(row_count)
    rows = np.concatenate([rows for rows, _ in hits])
    products = np.concatenate([products for _, products in hits])
    sums: Float64 = np.asarray(np.bincount(rows, products, row_count), np.float64)
    return sums
