"""Records as the columns of a segment file, with their metadata index and graph."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dataplane.builder.record import Record
from dataplane.engine import graph
from dataplane.engine.frozen_metadata_index import freeze
from dataplane.engine.metadata_index import GrowingMetadataIndex
from dataplane.engine.norms import Float32, needs_float64, vector_norms
from dataplane.engine.planner import DEFAULT_PLANNER, Planner
from dataplane.engine.sparse import SparseRows
from dataplane.engine.spec import IndexSpec, Metric
from storage.segments import SegmentColumns

_BUILD_THREADS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Records of a segment to be; row i of each column belongs to `ids[i]`. There is at least one.

    `vectors` is contiguous float32 (n, width).
    """

    ids: list[str]
    vectors: Float32
    metadata: list[bytes | None]
    sparse: SparseRows

    @classmethod
    def of_records(cls, records: Mapping[str, Record]) -> "Rows":
        """The records in their order."""
        sparse = SparseRows()
        sparse.append([record.sparse for record in records.values()])
        return cls(
            list(records),
            np.stack([record.values for record in records.values()]),
            [record.metadata for record in records.values()],
            sparse,
        )


def columns_of(
    records: Mapping[str, Record], spec: IndexSpec, planner: Planner = DEFAULT_PLANNER
) -> SegmentColumns:
    """The columns; the records keep their order. There is at least one."""
    return assembled(Rows.of_records(records), spec, planner)


def assembled(rows: Rows, spec: IndexSpec, planner: Planner = DEFAULT_PLANNER) -> SegmentColumns:
    """The columns. A graph is built where the planner would ever use it, and can be trusted."""
    norms = vector_norms(rows.vectors)
    index = GrowingMetadataIndex()
    index.append(rows.metadata)
    starts, indices, values = rows.sparse.columns
    postings = rows.sparse.postings
    is_walked = planner.is_graph_worth(rows.vectors.shape)
    return SegmentColumns(
        ids=rows.ids,
        vectors=rows.vectors,
        norms=norms,
        metadata=rows.metadata,
        sparse_ends=starts[1:],
        sparse_indices=indices,
        sparse_values=values,
        posting_terms=postings.terms,
        posting_ends=postings.ends,
        posting_rows=postings.rows,
        posting_values=postings.values,
        field_index=freeze(index),
        graph=_graph_of(rows.vectors, norms, spec.metric) if is_walked else b"",
    )


def _graph_of(vectors: Float32, norms: Float32, metric: Metric) -> bytes:
    if needs_float64(norms):
        return b""
    # Parallel construction is faster, but may leave records that cannot be reached.
    for threads in (_BUILD_THREADS, 1):
        built = graph.build(vectors, metric, threads=threads)
        if built is not None:
            return built
    return b""
