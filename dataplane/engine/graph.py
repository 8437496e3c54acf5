"""The HNSW graph of a segment: how it is built, opened and walked (usearch, bf16 codes).

The graph proposes rows; scores are always computed from the float32 rows. Cosine and dot product
walk a graph of unit vectors. For the dot product these are the rows scaled by the largest norm and
filled up to length one with one more coordinate, which keeps the order of the dot products
(Bachrach et al., "Speeding up the Xbox recommender system using a Euclidean transformation", 2014).

usearch is called by one thread at a time: its objects are not made for more, and its search
re-takes the GIL after every vector.
"""

import os

import numpy as np
import numpy.typing as npt
from usearch.index import Index

from dataplane.engine.spec import Metric
from kit.errors import DataLoss

Float32 = npt.NDArray[np.float32]

CONNECTIVITY = 16
BUILD_EXPANSION = 128
# Norms further apart than this make a dot product graph need the extra coordinate.
_EVEN_NORMS = 1.001
_SAMPLE = 200
_SELF_TEST_SHARE = 0.98

_USEARCH_METRICS = {Metric.COSINE: "cos", Metric.DOTPRODUCT: "ip", Metric.EUCLIDEAN: "l2sq"}


class Graph:
    """An opened graph over `row_count` rows. `search` is for one thread."""

    def __init__(self, raw: bytes | memoryview, metric: Metric, shape: tuple[int, int]) -> None:
        """`shape` is rows × dimension. `raw` is authentic: usearch does not survive bad bytes.

        The bytes are viewed through a memory file, whose mapping usearch keeps for itself.
        """
        rows, dimension = shape
        descriptor = os.memfd_create("stonepine-graph", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(raw)
            self._index = _view(descriptor, metric, dimension)
        finally:
            os.close(descriptor)
        self._extra = self._index.ndim - dimension
        if len(self._index) != rows or self._extra not in {0, 1}:
            raise DataLoss("A segment's graph does not fit its records.")

    def search(self, query: Float32, count: int, expansion: int) -> npt.NDArray[np.uint32]:
        """At most `count` rows near the query, which is finite and, but for the Euclidean metric,
        of unit length. A larger `expansion` finds more of the true neighbours and takes longer."""
        self._index.expansion_search = expansion  # type: ignore[misc]  # its setter stands apart
        if self._extra:
            query = np.append(query, np.float32(0))
        found = self._index.search(query, count, threads=1)
        return found.keys.astype(np.uint32)


def _view(descriptor: int, metric: Metric, dimension: int) -> Index:
    index = Index(ndim=dimension, metric=_USEARCH_METRICS[metric], dtype="bf16")
    try:
        index.view(f"/proc/self/fd/{descriptor}")
    except (ValueError, RuntimeError) as error:
        raise DataLoss(f"A segment's graph cannot be read: {error}.") from error
    return index


def build(vectors: Float32, metric: Metric, *, threads: int = 1) -> bytes | None:
    """The serialised graph of the rows, or None where a sample cannot be found through it.

    Rows must be finite and of moderate norm. More than one thread is faster, but may leave nodes
    that no walk reaches (usearch issue 735).
    """
    points = _points(vectors, metric)
    index = Index(
        ndim=points.shape[1],
        metric=_USEARCH_METRICS[metric],
        dtype="bf16",
        connectivity=CONNECTIVITY,
        expansion_add=BUILD_EXPANSION,
        expansion_search=BUILD_EXPANSION,
    )
    index.add(np.arange(len(points), dtype=np.uint64), points, threads=threads)
    raw = index.save() if _is_reachable(index, points) else None
    return None if raw is None else bytes(raw)


def _points(vectors: Float32, metric: Metric) -> Float32:
    if metric is not Metric.DOTPRODUCT:
        return np.ascontiguousarray(vectors)
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    largest = float(norms.max())
    if largest <= 0 or largest <= _EVEN_NORMS * float(norms.min()):
        return np.ascontiguousarray(vectors)
    scaled = vectors / np.float32(largest)
    rest = np.sqrt(np.maximum(0, 1 - (norms / largest) ** 2)).astype(np.float32)
    return np.ascontiguousarray(np.column_stack([scaled, rest]))


def _is_reachable(index: Index, points: Float32) -> bool:
    """Whether a sample of the rows finds itself, or a row that is equal.

    Rows of zeros have no direction to be found by and are left out.
    """
    candidates = np.flatnonzero(points.any(axis=1))
    sample = candidates[:: max(1, len(candidates) // _SAMPLE)].tolist()
    reached = 0
    for row in sample:
        keys = index.search(points[row], 10, threads=1).keys.astype(np.int64)
        reached += row in keys or bool((points[keys] == points[row]).all(axis=1).any())
    return reached >= _SELF_TEST_SHARE * len(sample)
