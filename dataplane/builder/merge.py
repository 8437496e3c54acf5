"""Several segments as one: their live rows side by side, in columns, one source at a time."""

from collections.abc import Callable, Sequence
from itertools import compress
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from dataplane.builder.columns import Rows, assembled
from dataplane.engine.planner import DEFAULT_PLANNER, Planner
from dataplane.engine.sparse import SparseRows
from dataplane.engine.spec import IndexSpec
from kit.errors import DataLoss
from storage.manifests import SegmentEntry
from storage.segments import SegmentColumns, SegmentReader

Mask = npt.NDArray[np.bool_]


def merged(
    entries: Sequence[SegmentEntry],
    open_segment: Callable[[UUID], SegmentReader],
    spec: IndexSpec,
    planner: Planner = DEFAULT_PLANNER,
) -> SegmentColumns:
    """The live rows of the segments, one of them at least; deleted rows are dropped.

    The rows of the sources are read one segment after the other, straight into their place.
    """
    masks = [_live(entry) for entry in entries]
    total = sum(int(mask.sum()) for mask in masks)
    rows = Rows([], np.empty((total, spec.width), np.float32), [], SparseRows())
    for entry, mask in zip(entries, masks, strict=True):
        _add(rows, open_segment(entry.segment_id), mask)
    if len(set(rows.ids)) != total:
        raise DataLoss("Two segments of a namespace hold the same record.")
    return assembled(rows, spec, planner)


def _live(entry: SegmentEntry) -> Mask:
    mask = np.ones(entry.record_count, np.bool_)
    if entry.deleted:
        mask[list(BitMap.deserialize(entry.deleted))] = False
    return mask


def _add(rows: Rows, reader: SegmentReader, mask: Mask) -> None:
    if reader.record_count != len(mask):
        raise DataLoss("A segment has not as many rows as its manifest says.")
    first, wanted = len(rows.ids), mask.tolist()
    rows.ids.extend(compress(reader.read_ids(), wanted))
    rows.vectors[first : len(rows.ids)] = reader.read_vectors()[mask]
    ends, blob = reader.read_metadata()
    starts = [0, *ends.tolist()]
    rows.metadata.extend(
        blob[starts[row] : starts[row + 1]] or None for row in np.flatnonzero(mask).tolist()
    )
    rows.sparse.extend(SparseRows.of_columns(*reader.read_sparse()).where(mask))
