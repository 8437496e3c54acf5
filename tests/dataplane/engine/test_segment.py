"""Opening a segment: what does not fit its index is refused before it is searched."""

from typing import Any

import numpy as np
import pytest

from dataplane.builder.columns import columns_of
from dataplane.builder.record import Record
from dataplane.engine import codes, graph
from dataplane.engine.codes import Kind
from dataplane.engine.frozen_metadata_index import FrozenMetadataIndex
from dataplane.engine.planner import Planner
from dataplane.engine.sampling import Sample
from dataplane.engine.segment import Segment
from dataplane.engine.spec import IndexSpec, Metric
from keyring.envelope import DataKey
from kit.errors import DataLoss
from kit.ids import new_id
from storage.segments import SegmentColumns, SegmentName, SegmentReader, write_segment
from tests.support.memory_objects import MemoryObjectStore

SPEC = IndexSpec(8, Metric.COSINE)
EAGER = Planner(nodes_per_candidate=1, node_cost=0)


def records(count: int, width: int = 8) -> dict[str, Record]:
    vectors = np.random.default_rng(5).normal(size=(count, width)).astype(np.float32)
    return {f"id-{row}": Record(vectors[row], None, b'{"n":%d}' % row) for row in range(count)}


def opened(columns: SegmentColumns, spec: IndexSpec = SPEC, **changes: Any) -> Segment:
    """The segment of these columns, some of them replaced after the fact."""
    store, key = MemoryObjectStore(), DataKey(new_id(), 1, b"an unremarkable 32 bytes secret.")
    name = SegmentName(new_id(), new_id(), new_id())
    values = {field: getattr(columns, field) for field in SegmentColumns.__dataclass_fields__}
    write_segment(store, key, name, SegmentColumns(**{**values, **changes}))
    return Segment(name.segment_id, spec, SegmentReader(store, key, name))


def test_a_segment_of_another_dimension_is_refused() -> None:
    with pytest.raises(DataLoss, match="dimension"):
        opened(columns_of(records(3, width=7), SPEC))


def test_a_metadata_index_of_other_rows_is_refused() -> None:
    columns, others = columns_of(records(3), SPEC), columns_of(records(4), SPEC)
    with pytest.raises(DataLoss, match="metadata index"):
        opened(columns, field_index=others.field_index)
    for broken in (b"", b"\xc1", columns.field_index[:-1]):
        with pytest.raises(DataLoss, match="metadata index"):
            FrozenMetadataIndex(broken)


def test_a_graph_of_other_rows_is_refused() -> None:
    columns = columns_of(records(400), SPEC, EAGER)
    others = columns_of(records(401), SPEC, EAGER)
    assert opened(columns).graph is not None
    with pytest.raises(DataLoss, match="does not fit"):
        opened(columns, graph=others.graph)
    for broken in (b"abc", b"abcd", columns.graph[:100]):
        with pytest.raises(DataLoss, match="graph"):
            opened(columns, graph=broken)


def test_an_opened_graph_outlives_the_bytes_it_came_from() -> None:
    segment = opened(columns_of(records(400), SPEC, EAGER))
    assert segment.graph is not None
    for row in range(0, 400, 50):
        (found,) = segment.graph.search(segment.vectors[row : row + 1], 5, 64)
        assert row in found.tolist()


def test_records_with_extreme_values_get_no_graph() -> None:
    wild = records(400) | {"wild": Record(np.full(8, 1e30, np.float32), None, None)}
    columns = columns_of(wild, SPEC, EAGER)
    assert columns.graph == b""
    assert opened(columns).needs_float64


def test_a_graph_that_cannot_tell_its_records_apart_is_not_kept() -> None:
    # Two heaps far apart: what differs within each is lost in 8 bits of either form.
    random = np.random.default_rng(6)
    alike = (1 + 1e-5 * random.normal(size=(2_000, 8))).astype(np.float32)
    alike[::2] -= 2
    assert graph.build(alike, Metric.EUCLIDEAN) is None


def test_rows_close_together_and_far_from_zero_are_told_apart_by_short_codes() -> None:
    random = np.random.default_rng(6)
    alike = (1 + 1e-5 * random.normal(size=(2_000, 8))).astype(np.float32)
    assert codes.chosen(Sample.of(alike, Metric.EUCLIDEAN)).kind is Kind.INT8
    assert graph.build(alike, Metric.EUCLIDEAN) is not None


def test_many_directions_of_two_dimensions_need_longer_codes() -> None:
    vectors = np.random.default_rng(3).normal(size=(20_000, 2)).astype(np.float32)
    assert codes.chosen(Sample.of(vectors, Metric.COSINE)).kind is Kind.BFLOAT16


@pytest.mark.parametrize("metric", list(Metric))
def test_codes_outlive_their_packed_form(metric: Metric) -> None:
    vectors = np.random.default_rng(4).normal(size=(500, 12)).astype(np.float32)
    for one in (codes.fitted(vectors, metric), codes.Codes(metric)):
        packed = one.pack() + b"rest"
        again, rest = codes.unpack(memoryview(packed), metric, 12)
        assert (again.kind, bytes(rest)) == (one.kind, b"rest")
        assert np.array_equal(again.of(vectors), one.of(vectors))
        for cut in range(len(one.pack())):
            with pytest.raises(DataLoss, match="graph"):
                codes.unpack(memoryview(packed[:cut]), metric, 12)


def test_zero_vectors_do_not_keep_a_graph_from_being_built() -> None:
    vectors = np.random.default_rng(7).normal(size=(1_000, 8)).astype(np.float32)
    vectors[::10] = 0
    assert graph.build(vectors, Metric.COSINE) is not None
