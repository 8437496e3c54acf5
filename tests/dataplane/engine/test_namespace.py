"""What a namespace answers, where a reader of the documentation would look it up."""

import numpy as np
import pytest

from dataplane.engine import messages
from dataplane.engine.namespace import Namespace
from dataplane.engine.spec import IndexSpec, Metric
from kit.errors import Internal, InvalidArgument
from storage.write_log.operations import (
    DeleteAllOperation,
    DeleteOperation,
    UpdateOperation,
    UpsertOperation,
)
from tests.dataplane.engine.spaces import (
    INDEX,
    SPARSE,
    filled,
    hits,
    ids,
    query,
    rows,
    sparse_vector,
    upsert,
)

COSINE = IndexSpec(2, Metric.COSINE)
DOT = IndexSpec(2, Metric.DOTPRODUCT)
EUCLIDEAN = IndexSpec(2, Metric.EUCLIDEAN)
PLANE = {"east": [2.0, 0.0], "north": [0.0, 3.0], "west": [-1.0, 0.0], "far": [6.0, 8.0]}


def test_cosine_scores_are_the_cosine_of_the_angle() -> None:
    found = query(filled(COSINE, upsert(PLANE)), [5, 0])
    expected = [("east", 1.0), ("far", float(np.float32(0.6))), ("north", 0.0), ("west", -1.0)]
    assert hits(found) == expected


def test_dotproduct_scores_grow_with_length() -> None:
    found = query(filled(DOT, upsert(PLANE)), [1, 0])
    assert hits(found) == [("far", 6.0), ("east", 2.0), ("north", 0.0), ("west", -1.0)]


def test_euclidean_scores_are_squared_distances_with_the_least_first() -> None:
    found = query(filled(EUCLIDEAN, upsert(PLANE)), [1, 0])
    assert hits(found) == [("east", 1.0), ("west", 4.0), ("north", 10.0), ("far", 89.0)]


def test_a_zero_vector_has_the_cosine_zero() -> None:
    namespace = filled(COSINE, upsert({"zero": [0, 0], "west": [-1, 0]}))
    assert hits(query(namespace, [1, 0])) == [("zero", 0.0), ("west", -1.0)]
    assert hits(query(namespace, [0, 0])) == [("west", 0.0), ("zero", 0.0)]


def test_equal_scores_are_ordered_by_id() -> None:
    namespace = filled(COSINE, upsert({name: [1.0, 1.0] for name in "dbca"}))
    assert ids(query(namespace, [1, 0], top_k=3)) == ["a", "b", "c"]


@pytest.mark.parametrize("spec", [COSINE, DOT, EUCLIDEAN])
@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_extreme_vectors_keep_their_order(spec: IndexSpec, size: float) -> None:
    wide = {"a": [size, 0.0], "b": [0.9 * size, 0.5 * size], "c": [0.0, size]}
    found = query(filled(spec, upsert(wide)), [size, 0])
    assert ids(found) == ["a", "b", "c"]
    assert all(np.isfinite(score) for _, score in hits(found))


def test_a_query_by_id_uses_the_record_and_finds_it_first() -> None:
    namespace = filled(COSINE, upsert(PLANE))
    assert ids(query(namespace, by_id="far", top_k=2)) == ["far", "north"]


def test_a_query_by_a_missing_id_matches_nothing() -> None:
    found = query(filled(COSINE, upsert(PLANE)), by_id="nobody")
    assert found.matches == []
    assert found.read_units >= 1


def test_values_and_metadata_come_only_where_asked_for() -> None:
    namespace = filled(COSINE, upsert({"a": [1, 2]}, {"a": {"x": 1}}))
    plain, full = query(namespace, [1, 2]).matches[0], query(namespace, [1, 2], include=True)
    assert (plain.values, plain.metadata) == (b"", None)
    assert full.matches[0].values == np.array([1, 2], np.float32).tobytes()
    assert full.matches[0].metadata == b'{"x":1}'


def test_a_wrong_dimension_is_named() -> None:
    with pytest.raises(
        InvalidArgument,
        match="Vector dimension 3 does not match the dimension of the index 2",
    ):
        query(filled(COSINE), [1, 2, 3])


def test_values_that_are_not_finite_are_refused() -> None:
    for value in (np.nan, np.inf):
        with pytest.raises(InvalidArgument, match="finite"):
            query(filled(COSINE, upsert(PLANE)), [value, 0])


def test_sparse_queries_are_refused_where_the_metric_has_none() -> None:
    with pytest.raises(InvalidArgument, match="does not support sparse values"):
        query(filled(COSINE), [1, 0], sparse={1: 1.0})


def test_hybrid_scores_are_the_sum_of_both_products() -> None:
    sparse = {"a": {1: 0.5, 9: 2.0}, "c": {9: 8.0}}
    namespace = filled(DOT, upsert({"a": [1, 0], "b": [3, 0], "c": [-2, 0]}, sparse=sparse))
    found = query(namespace, [1, 0], sparse={9: 1.0, 2: 7.0})
    assert hits(found) == [("c", 6.0), ("a", 3.0), ("b", 3.0)]
    assert hits(query(namespace, [1, 0])) == [("b", 3.0), ("a", 1.0), ("c", -2.0)]


def test_a_sparse_index_drops_records_without_a_common_index() -> None:
    sparse = {"a": {1: 2.0}, "b": {2: 1.0}, "c": {1: -1.0, 2: 5.0}}
    namespace = filled(SPARSE, upsert({name: [] for name in "abc"}, sparse=sparse))
    assert hits(query(namespace, sparse={1: 1.0})) == [("a", 2.0), ("c", -1.0)]
    assert hits(query(namespace, sparse={3: 1.0})) == []
    assert ids(query(namespace, by_id="b")) == ["c", "b"]


def test_a_sparse_index_asks_for_sparse_values() -> None:
    with pytest.raises(InvalidArgument, match="sparseVector"):
        query(filled(SPARSE))
    with pytest.raises(InvalidArgument, match="does not store dense values"):
        query(filled(SPARSE), [1.0], sparse={1: 1.0})
    with pytest.raises(InvalidArgument, match="sparseValues"):
        SPARSE.check_upsert(messages.Upsert(index_id=INDEX, ids=["a"]))


def test_upserts_must_fit_the_index() -> None:
    six = np.zeros(6, np.float32).tobytes()
    COSINE.check_upsert(messages.Upsert(index_id=INDEX, ids=["a", "b", "c"], values=six))
    with pytest.raises(InvalidArgument, match=r"dimension 3 does not match .* index 2"):
        COSINE.check_upsert(messages.Upsert(index_id=INDEX, ids=["a", "b"], values=six))
    with pytest.raises(InvalidArgument, match="`values`"):
        COSINE.check_upsert(messages.Upsert(index_id=INDEX, ids=["a"]))
    with pytest.raises(InvalidArgument, match=r"dimension 6 .* index 2"):
        COSINE.check_update(messages.Update(index_id=INDEX, id="a", values=six))


def test_an_upsert_replaces_the_whole_record() -> None:
    namespace = filled(
        COSINE,
        upsert({"a": [1, 0]}, {"a": {"x": 1, "y": 2}}),
        upsert({"a": [0, 1]}, {"a": {"x": 3}}),
    )
    record = namespace.fetch(messages.Fetch(index_id=INDEX, ids=["a"])).records[0]
    assert (record.values, record.metadata) == (np.array([0, 1], np.float32).tobytes(), b'{"x":3}')
    assert namespace.record_count == 1
    assert ids(query(namespace, [1, 0], where={"y": 2})) == []


def test_the_last_of_equal_ids_in_one_upsert_counts() -> None:
    both = UpsertOperation(
        ["a", "b", "a"], np.array([[1, 0], [1, 1], [0, 1]], np.float32), [None] * 3, [None] * 3
    )
    namespace = filled(COSINE, both)
    assert namespace.record_count == 2
    assert hits(query(namespace, [0, 1], top_k=1)) == [("a", 1.0)]


def test_an_update_merges_metadata_and_replaces_values() -> None:
    namespace = filled(COSINE, upsert({"a": [1, 0]}, {"a": {"x": 1, "y": 2}}))
    assert namespace.apply(2, UpdateOperation(["a"], set_metadata=b'{"y":[],"z":true}')) == 1
    assert namespace.apply(3, UpdateOperation(["a"], np.array([0, 2], np.float32))) == 1
    record = namespace.fetch(messages.Fetch(index_id=INDEX, ids=["a"])).records[0]
    assert record.metadata == b'{"x":1,"y":[],"z":true}'
    assert record.values == np.array([0, 2], np.float32).tobytes()


def test_an_update_of_a_missing_record_changes_nothing() -> None:
    namespace = filled(COSINE, upsert(PLANE))
    assert namespace.apply(2, UpdateOperation(["nobody"], set_metadata=b'{"x":1}')) == 0
    assert namespace.record_count == 4
    assert namespace.lsn == 2


def test_deletes_count_what_was_there() -> None:
    namespace = filled(COSINE, upsert(PLANE))
    assert namespace.apply(2, DeleteOperation(["east", "nobody", "east"])) == 1
    assert "east" not in ids(query(namespace, [1, 0]))
    assert namespace.apply(3, DeleteAllOperation()) == 3
    assert query(namespace, [1, 0]).matches == []


def test_operations_come_in_order() -> None:
    namespace = filled(COSINE, upsert(PLANE))
    with pytest.raises(Internal):
        namespace.apply(1, DeleteAllOperation())


def test_ids_are_listed_in_c_collation_page_by_page() -> None:
    names = ["b", "a", "B", "a/2", "a/10", "a/1", "ä"]
    namespace = filled(COSINE, upsert({name: [1, 0] for name in names}))
    page = namespace.list_ids(messages.ListIds(index_id=INDEX, prefix="a", limit=2))
    assert (page.ids, page.next_after_id) == (["a", "a/1"], "a/1")
    rest = namespace.list_ids(messages.ListIds(index_id=INDEX, prefix="a", limit=2, after_id="a/1"))
    assert (rest.ids, rest.next_after_id) == (["a/10", "a/2"], None)
    everything = namespace.list_ids(messages.ListIds(index_id=INDEX))
    assert everything.ids == ["B", "a", "a/1", "a/10", "a/2", "b", "ä"]


def test_listing_follows_later_writes() -> None:
    namespace = filled(COSINE, upsert({name: [1, 0] for name in "ace"}))

    def listed() -> list[str]:
        return namespace.list_ids(messages.ListIds(index_id=INDEX)).ids

    assert listed() == ["a", "c", "e"]
    namespace.apply(2, upsert({"d": [1, 0], "a": [1, 1]}))
    namespace.apply(3, DeleteOperation(["c"]))
    assert listed() == ["a", "d", "e"]
    namespace.apply(4, upsert({"c": [1, 0], "b": [1, 0]}))
    assert listed() == ["a", "b", "c", "d", "e"]
    namespace.apply(5, DeleteAllOperation())
    namespace.apply(6, upsert({"z": [1, 0]}))
    assert listed() == ["z"]


def test_fetch_by_metadata_pages_by_id() -> None:
    metadata = {name: {"even": index % 2 == 0} for index, name in enumerate("abcdef")}
    namespace = filled(COSINE, upsert({name: [1, 0] for name in "fedcba"}, metadata))
    request = messages.FetchByMetadata(index_id=INDEX, filter=b'{"even":true}', limit=2)
    page = namespace.fetch_by_metadata(request)
    assert ([record.id for record in page.records], page.next_after_id) == (["a", "c"], "c")
    request = messages.FetchByMetadata(
        index_id=INDEX, filter=b'{"even":true}', limit=2, after_id="c"
    )
    rest = namespace.fetch_by_metadata(request)
    assert ([record.id for record in rest.records], rest.next_after_id) == (["e"], None)


def test_a_write_by_an_empty_filter_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="needs a condition"):
        filled(COSINE, upsert(PLANE)).resolve_filter(b"{}")


def test_a_top_k_beyond_all_records_gives_all() -> None:
    assert len(query(filled(COSINE, upsert(PLANE)), [1, 0], top_k=10_000).matches) == 4


def test_a_memtable_forgets_rows_that_were_written_over() -> None:
    namespace = Namespace(COSINE)
    for lsn in range(1, 101):
        names = [f"id-{number}" for number in range(100)]
        namespace.apply(lsn, rows(names, np.full((100, 2), lsn, np.float32)))
    assert namespace.record_count == 100
    # 10,000 rows were written, each of 8 bytes of values alone.
    assert namespace.size_bytes < 10_000 * 40
    assert (
        query(namespace, [1, 1], include=True).matches[0].values
        == np.full(2, 100, np.float32).tobytes()
    )


def test_an_update_replaces_sparse_values() -> None:
    namespace = filled(DOT, upsert({"a": [1, 0]}, sparse={"a": {1: 1.0}}))
    namespace.apply(2, UpdateOperation(["a"], sparse=sparse_vector({2: 3.0})))
    assert hits(query(namespace, [0, 0], sparse={1: 1.0, 2: 1.0})) == [("a", 3.0)]
