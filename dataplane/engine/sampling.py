"""Sampled rows with their true neighbours: what a way of finding rows is measured by."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dataplane.engine.spec import Metric

Float32: TypeAlias = npt.NDArray[np.float32]
Float64: TypeAlias = npt.NDArray[np.float64]
Int64: TypeAlias = npt.NDArray[np.int64]

NEIGHBOURS = 10
# So many rows may be proposed for that many neighbours, the row itself apart.
CANDIDATES = 30
CHUNK_ROWS = 8192
_WANTED_RECALL = 0.988
_SAMPLE = 256
# Scores are rounded to float32: rows this near to the last neighbour are as good.
_ROUNDING: float = 2.0**-23
# What float64 makes of the distance of equal rows, as a share of the largest.
_NOISE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """`rows` are numbers of rows; `bars` say what the key of a near neighbour of each reaches."""

    vectors: Float32
    metric: Metric
    rows: Int64
    bars: Float64

    @classmethod
    def of(cls, vectors: Float32, metric: Metric) -> "Sample":
        """Of rows that are finite and of moderate norm; the zero vector is nobody's neighbour."""
        given = np.flatnonzero(vectors.any(axis=1))
        rows = given[:: max(1, len(given) // _SAMPLE)].astype(np.int64)
        return cls(vectors, metric, rows, _bars(vectors, rows, metric))

    @property
    def wanted(self) -> float:
        """How many neighbours must be found in all."""
        return _WANTED_RECALL * NEIGHBOURS * len(self.rows)

    def found(self, at: int, proposed: Int64) -> int:
        """How many neighbours of `rows[at]` are among the proposed rows."""
        row = int(self.rows[at])
        near = proposed[proposed != row]
        keys = keys_between(self.vectors[near], self.vectors[row : row + 1], self.metric)
        return min(NEIGHBOURS, int((keys[0] >= self.bars[at]).sum()))


def _bars(vectors: Float32, sample: Int64, metric: Metric) -> Float64:
    """Some rows at a time."""
    best = np.full((len(sample), NEIGHBOURS), -np.inf)
    largest = np.zeros(len(sample))
    for start in range(0, len(vectors), CHUNK_ROWS):
        keys = keys_between(vectors[start : start + CHUNK_ROWS], vectors[sample], metric)
        np.maximum(largest, np.abs(keys).max(axis=1), out=largest)
        inside = np.flatnonzero((sample >= start) & (sample < start + CHUNK_ROWS))
        keys[inside, sample[inside] - start] = -np.inf
        both = np.concatenate((best, keys), axis=1)
        best = np.partition(both, both.shape[1] - NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
    bars: Float64 = best.min(axis=1)
    return bars - (_ROUNDING * np.abs(bars) + _NOISE * largest)


def keys_between(vectors: npt.NDArray[np.generic], queries: Float32, metric: Metric) -> Float64:
    """(queries, rows): higher is nearer. In float64, for the distances of near neighbours are
    small differences of large numbers."""
    rows, wide = vectors.astype(np.float64), queries.astype(np.float64)
    products: Float64 = wide @ rows.T
    squares = np.einsum("ij,ij->i", rows, rows)
    query_squares = np.einsum("ij,ij->i", wide, wide)
    if metric is Metric.COSINE:
        products *= _inverse_roots(squares) * _inverse_roots(query_squares)[:, np.newaxis]
    elif metric is Metric.EUCLIDEAN:
        products += products - squares - query_squares[:, np.newaxis]
    return products


def _inverse_roots(squares: Float64) -> Float64:
    roots = np.sqrt(squares)
    return np.divide(1, roots, out=np.zeros_like(roots), where=roots > 0)
