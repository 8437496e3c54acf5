"""Records as the columns of a segment file, with their metadata index and graph."""

from collections.abc import Mapping

import numpy as np

from dataplane.builder.record import Record
from dataplane.engine import graph
from dataplane.engine.frozen_metadata_index import freeze
from dataplane.engine.metadata_index import GrowingMetadataIndex
from dataplane.engine.part import Float32, needs_float64, vector_norms
from dataplane.engine.planner import DEFAULT_PLANNER, Planner
from dataplane.engine.sparse import SparseRows
from dataplane.engine.spec import IndexSpec, Metric
from storage.segments import SegmentColumns

_BUILD_THREADS = 2


def columns_of(
    records: Mapping[str, Record], spec: IndexSpec, planner: Planner = DEFAULT_PLANNER
) -> SegmentColumns:
    """The columns; the records keep their order. There is at least one.

    A graph is built where the planner would ever use it, and where it can be trusted.
    """
    is_walked = planner.is_graph_worth((len(records), spec.width))
    rows = list(records.values())
    vectors = np.stack([record.values for record in rows])
    norms = vector_norms(vectors)
    metadata = [record.metadata for record in rows]
    index = GrowingMetadataIndex()
    index.append(metadata)
    sparse = SparseRows()
    sparse.append([record.sparse for record in rows])
    starts, indices, values = sparse.columns
    return SegmentColumns(
        ids=list(records),
        vectors=vectors,
        norms=norms,
        metadata=metadata,
        sparse_ends=starts[1:],
        sparse_indices=indices,
        sparse_values=values,
        field_index=freeze(index),
        graph=_graph_of(vectors, norms, spec.metric) if is_walked else b"",
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
