"""The HNSW graph of a segment: how it is built, measured, opened and walked (usearch).

The graph proposes rows; scores are always computed from the float32 rows. How widely a walk has to
look depends on the data, so each graph carries the expansion that found the true neighbours of a
sample when it was built. A graph that does not find them is not kept.

usearch is called by one thread at a time: its objects are not made for more, and its search
re-takes the GIL after every vector.
"""

import os
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
from usearch.index import Index, Matches

from dataplane.engine.codes import Codes, chosen, unpack
from dataplane.engine.sampling import CANDIDATES, CHUNK_ROWS, Sample
from dataplane.engine.spec import Metric
from kit.errors import DataLoss

Float32 = npt.NDArray[np.float32]

CONNECTIVITY = 16
BUILD_EXPANSION = 200

# What is tried.
EXPANSIONS = (64, 96, 128, 192, 256, 384, 512)

_MAGIC = b"SPG\x02"
_HEADER = struct.Struct("<4sI")


class Graph:
    """An opened graph over `row_count` rows. `search` is for one thread."""

    def __init__(
        self,
        raw: bytes | memoryview,
        metric: Metric,
        shape: tuple[int, int],
        *,
        is_lasting: bool = False,
    ) -> None:
        """`shape` is rows × dimension. `raw` is authentic: usearch does not survive bad bytes.

        Where they last, the bytes are viewed where they are. Otherwise they are viewed through a
        memory file, whose mapping usearch keeps for itself.
        """
        rows, dimension = shape
        self.expansion, self._codes, stored = _opened(raw, metric, dimension)
        self._index = _index(self._codes, dimension)
        self._memory = stored if is_lasting else None
        try:
            if is_lasting:
                self._index.view(stored)
            else:
                _view_copy(self._index, stored)
        except (ValueError, RuntimeError) as error:
            raise DataLoss(f"A segment's graph cannot be read: {error}.") from error
        if len(self._index) != rows or self._index.ndim != dimension or not self.expansion:
            raise DataLoss("A segment's graph does not fit its records.")

    def search(self, queries: Float32, count: int, expansion: int) -> list[npt.NDArray[np.uint32]]:
        """At most `count` rows near each of the finite queries (n, dimension). A larger
        `expansion` finds more of the true neighbours and takes longer."""
        return [
            rows.astype(np.uint32)
            for rows in _walk(self._index, self._codes.of(queries), count, expansion)
        ]


def build(vectors: Float32, metric: Metric, *, threads: int = 1) -> bytes | None:
    """The serialised graph of the rows, or None where walks do not find what they should.

    Rows must be finite and of moderate norm. More than one thread is faster, but may leave nodes
    that no walk reaches (usearch issue 735).
    """
    rows = np.ascontiguousarray(vectors)
    sample = Sample.of(rows, metric)
    codes = chosen(sample)
    index = _index(codes, rows.shape[1])
    for start in range(0, len(rows), CHUNK_ROWS):
        chunk = rows[start : start + CHUNK_ROWS]
        keys = np.arange(start, start + len(chunk), dtype=np.uint64)
        index.add(keys, codes.of(chunk), threads=threads)
    expansion = _sufficient_expansion(index, codes, sample)
    raw = None if expansion is None else index.save()
    return None if raw is None else _HEADER.pack(_MAGIC, expansion) + codes.pack() + bytes(raw)


def _view_copy(index: Index, stored: memoryview) -> None:
    with os.fdopen(os.memfd_create("stonepine-graph", os.MFD_CLOEXEC), "wb") as file:
        file.write(stored)
        file.flush()
        index.view(f"/proc/self/fd/{file.fileno()}")


def _opened(
    raw: bytes | memoryview, metric: Metric, dimension: int
) -> tuple[int, Codes, memoryview]:
    """The expansion that is enough, the codes, and what usearch stored."""
    if len(raw) < _HEADER.size:
        raise DataLoss("A segment's graph is cut off.")
    magic, expansion = _HEADER.unpack_from(raw)
    if magic != _MAGIC:
        raise DataLoss("A segment's graph has an unknown form.")
    return expansion, *unpack(memoryview(raw)[_HEADER.size :], metric, dimension)


def _index(codes: Codes, dimension: int) -> Index:
    return Index(
        ndim=dimension,
        metric=codes.usearch_metric,
        dtype=codes.dtype,
        connectivity=CONNECTIVITY,
        expansion_add=BUILD_EXPANSION,
    )


def _sufficient_expansion(index: Index, codes: Codes, sample: Sample) -> int | None:
    """The least expansion with which sampled rows find their neighbours, themselves apart."""
    asked = codes.of(sample.vectors[sample.rows])
    for expansion in EXPANSIONS:
        walked = _walk(index, asked, CANDIDATES + 1, expansion)
        found = sum(sample.found(at, rows.astype(np.int64)) for at, rows in enumerate(walked))
        if found >= sample.wanted:
            return expansion
    return None


def _walk(
    index: Index, queries: npt.NDArray[Any], count: int, expansion: int
) -> list[npt.NDArray[np.uint64]]:
    """The rows near each query, nearest first."""
    index.expansion_search = expansion  # type: ignore[misc]  # its setter stands apart
    found = index.search(queries, count, threads=1)
    if isinstance(found, Matches):
        return [found.keys]
    return [keys[:many] for keys, many in zip(found.keys, found.counts.tolist(), strict=True)]
