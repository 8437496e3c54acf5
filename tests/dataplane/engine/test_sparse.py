"""Products with sparse vectors: the inverted index gives, bit for bit, what a scan gives."""

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.engine.sparse import SparseRows
from storage.write_log.operations import SparseVector
from tests.dataplane.engine.spaces import sparse_vector

vectors = st.dictionaries(st.integers(0, 12), st.floats(-4, 4, width=32), max_size=6)


def by_scan(rows: list[dict[int, float]], query: SparseVector) -> npt.NDArray[np.float64]:
    """Row by row, ascending by index, in float64."""
    weights = dict(zip(query.indices.tolist(), query.values.tolist(), strict=True))
    sums = []
    for row in rows:
        total = 0.0
        for index in sorted(row):
            if index in weights:
                total += float(np.float32(row[index])) * weights[index]
        sums.append(total)
    return np.array(sums)


def scanned(rows: list[dict[int, float]]) -> SparseRows:
    found = SparseRows()
    found.append([sparse_vector(row) if row else None for row in rows])
    return found


def indexed(rows: list[dict[int, float]]) -> SparseRows:
    """As a segment has it."""
    plain = scanned(rows)
    starts, indices, values = plain.columns
    return SparseRows.of_columns(starts[1:], indices, values, postings=plain.postings)


@settings(deadline=None)
@given(
    rows=st.lists(vectors, min_size=1, max_size=20),
    query=vectors.filter(bool),
    chosen=st.lists(st.integers(0, 19), unique=True),
)
def test_all_ways_to_the_products_agree(
    rows: list[dict[int, float]], query: dict[int, float], chosen: list[int]
) -> None:
    asked = sparse_vector(query)
    expected = by_scan(rows, asked)
    some = np.array(sorted(row for row in chosen if row < len(rows)), np.uint32)
    for store in (scanned(rows), indexed(rows)):
        np.testing.assert_array_equal(store.dot(asked), expected)
        np.testing.assert_array_equal(store.dot_at(asked, some), expected[some])


def test_a_growing_store_indexes_blocks_of_rows_and_scans_the_rest() -> None:
    random = np.random.default_rng(3)
    store, rows = SparseRows(unindexed_elements=8), list[dict[int, float]]()
    query = sparse_vector({index: float(index + 1) for index in range(0, 30, 3)})
    for _ in range(12):
        count = int(random.integers(1, 4))
        new = [
            {int(index): float(random.normal()) for index in random.integers(0, 30, 5)}
            for _ in range(count)
        ]
        store.append([sparse_vector(row) for row in new])
        rows += new
        np.testing.assert_array_equal(store.dot(query), by_scan(rows, query))
    few = np.array([2], np.uint32)
    np.testing.assert_array_equal(store.dot_at(query, few), by_scan(rows, query)[few])


def test_rows_are_cut_out_and_put_together() -> None:
    rows = [{1: 1.0, 5: 2.0}, {}, {2: 3.0}, {1: 4.0}]
    kept = scanned(rows).where(np.array([True, True, False, True]))
    assert kept.row(1) is None
    other = scanned([{9: 9.0}])
    other.extend(kept)
    query = sparse_vector({1: 1.0, 9: 1.0})
    np.testing.assert_array_equal(other.dot(query), [9.0, 1.0, 0.0, 4.0])
