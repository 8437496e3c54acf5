"""The HNSW graph of a segment: how it is built, measured, opened and walked (usearch, bf16 codes).

The graph proposes rows; scores are always computed from the float32 rows. How widely a walk has to
look depends on the data, so each graph carries the expansion that found the true neighbours of a
sample when it was built. A graph that does not find them is not kept.

usearch is called by one thread at a time: its objects are not made for more, and its search
re-takes the GIL after every vector.
"""

import os
import struct

import numpy as np
import numpy.typing as npt
from usearch.index import Index

from dataplane.engine.spec import Metric
from kit.errors import DataLoss

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

CONNECTIVITY = 16
BUILD_EXPANSION = 128
_USEARCH_METRICS = {Metric.COSINE: "cos", Metric.DOTPRODUCT: "ip", Metric.EUCLIDEAN: "l2sq"}

# What is tried, and the share of a sample's true neighbours that must be found.
EXPANSIONS = (64, 96, 128, 192, 256, 384, 512)
_WANTED_RECALL = 0.988
_SAMPLE = 256
_NEIGHBOURS = 10
_CANDIDATES = 30
_CHUNK_ROWS = 8192
# Scores are rounded to float32: rows this near to the last neighbour are as good.
_ROUNDING: float = 2.0**-23
# What float64 makes of the distance of equal rows, as a share of the largest.
_NOISE = 1e-12

_HEADER = struct.Struct("<I")


class Graph:
    """An opened graph over `row_count` rows. `search` is for one thread."""

    def __init__(self, raw: bytes, metric: Metric, shape: tuple[int, int]) -> None:
        """`shape` is rows × dimension. `raw` is authentic: usearch does not survive bad bytes.

        The bytes are viewed through a memory file, whose mapping usearch keeps for itself.
        """
        rows, dimension = shape
        if len(raw) < _HEADER.size:
            raise DataLoss("A segment's graph is cut off.")
        (self.expansion,) = _HEADER.unpack_from(raw)
        self._index = Index(ndim=dimension, metric=_USEARCH_METRICS[metric], dtype="bf16")
        with os.fdopen(os.memfd_create("stonepine-graph", os.MFD_CLOEXEC), "wb") as file:
            file.write(memoryview(raw)[_HEADER.size :])
            file.flush()
            try:
                self._index.view(f"/proc/self/fd/{file.fileno()}")
            except (ValueError, RuntimeError) as error:
                raise DataLoss(f"A segment's graph cannot be read: {error}.") from error
        if len(self._index) != rows or self._index.ndim != dimension or not self.expansion:
            raise DataLoss("A segment's graph does not fit its records.")

    def search(self, query: Float32, count: int, expansion: int) -> npt.NDArray[np.uint32]:
        """At most `count` rows near the finite query. A larger `expansion` finds more of the true
        neighbours and takes longer."""
        return _walk(self._index, query, count, expansion).astype(np.uint32)


def build(vectors: Float32, metric: Metric, *, threads: int = 1) -> bytes | None:
    """The serialised graph of the rows, or None where walks do not find what they should.

    Rows must be finite and of moderate norm. More than one thread is faster, but may leave nodes
    that no walk reaches (usearch issue 735).
    """
    index = Index(
        ndim=vectors.shape[1],
        metric=_USEARCH_METRICS[metric],
        dtype="bf16",
        connectivity=CONNECTIVITY,
        expansion_add=BUILD_EXPANSION,
    )
    rows = np.ascontiguousarray(vectors)
    index.add(np.arange(len(rows), dtype=np.uint64), rows, threads=threads)
    expansion = _sufficient_expansion(index, rows, metric)
    raw = index.save()
    if expansion is None or raw is None:
        return None
    return _HEADER.pack(expansion) + bytes(raw)


def _sufficient_expansion(index: Index, vectors: Float32, metric: Metric) -> int | None:
    """The least expansion with which sampled rows find their neighbours, themselves apart."""
    given = np.flatnonzero(vectors.any(axis=1))
    sample = given[:: max(1, len(given) // _SAMPLE)]
    bars = _bars(vectors, sample, metric)
    for expansion in EXPANSIONS:
        found = 0
        for at, row in enumerate(sample.tolist()):
            near = _walk(index, vectors[row], _CANDIDATES + 1, expansion).astype(np.int64)
            near = near[near != row]
            keys = _keys(vectors[near], vectors[row : row + 1], metric)
            found += min(_NEIGHBOURS, int((keys[0] >= bars[at]).sum()))
        if found >= _WANTED_RECALL * _NEIGHBOURS * len(sample):
            return expansion
    return None


def _bars(vectors: Float32, sample: npt.NDArray[np.intp], metric: Metric) -> Float64:
    """What the key of a near neighbour reaches, for each sampled row; some rows at a time."""
    best = np.full((len(sample), _NEIGHBOURS), -np.inf)
    largest = np.zeros(len(sample))
    for start in range(0, len(vectors), _CHUNK_ROWS):
        keys = _keys(vectors[start : start + _CHUNK_ROWS], vectors[sample], metric)
        np.maximum(largest, np.abs(keys).max(axis=1), out=largest)
        inside = np.flatnonzero((sample >= start) & (sample < start + _CHUNK_ROWS))
        keys[inside, sample[inside] - start] = -np.inf
        both = np.concatenate((best, keys), axis=1)
        best = np.partition(both, both.shape[1] - _NEIGHBOURS, axis=1)[:, -_NEIGHBOURS:]
    bars: Float64 = best.min(axis=1)
    return bars - (_ROUNDING * np.abs(bars) + _NOISE * largest)


def _keys(vectors: Float32, queries: Float32, metric: Metric) -> Float64:
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


def _walk(index: Index, query: Float32, count: int, expansion: int) -> npt.NDArray[np.uint64]:
    index.expansion_search = expansion  # type: ignore[misc]  # its setter stands apart
    keys: npt.NDArray[np.uint64] = index.search(query, count, threads=1).keys
    return keys
