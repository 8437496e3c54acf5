"""The wire's limits, refused with the place and the limit in the message."""

from uuid import UUID

import numpy as np
import pytest

from dataplane.engine import messages
from dataplane.front import requests
from dataplane.front.requests import Target
from kit.errors import InvalidArgument
from protocol import forms, from_json

_INDEX = UUID(int=7)
_DENSE = Target(_INDEX, 3)
_SPARSE = Target(_INDEX, None)


def _row(*numbers: float) -> bytes:
    return np.array(numbers, dtype="<f4").tobytes()


def _vector(**changes: object) -> forms.VectorForm:
    return forms.VectorForm(**({"id": "a", "values": _row(1, 2, 3)} | changes))


def _upsert(
    *vectors: forms.VectorForm, namespace: str = "", target: Target = _DENSE
) -> messages.Upsert:
    return requests.upsert(forms.UpsertForm(namespace, list(vectors)), target)


def test_the_last_of_two_records_with_one_id_stays() -> None:
    found = _upsert(
        _vector(values=_row(1, 1, 1), metadata={"n": 1}),
        _vector(id="b"),
        _vector(values=_row(9, 9, 9)),
    )
    rows = np.frombuffer(found.values, "<f4").reshape(-1, 3).tolist()
    assert dict(zip(found.ids, rows, strict=True)) == {"a": [9, 9, 9], "b": [1, 2, 3]}
    assert found.metadata == []


@pytest.mark.parametrize("name", ["", "__default__"])
def test_the_default_namespace_has_two_names(name: str) -> None:
    assert _upsert(_vector(), namespace=name).namespace == ""


def test_sparse_values_are_sorted_by_index() -> None:
    sparse = forms.SparseForm(np.array([9, 2], "<u4").tobytes(), _row(0.9, 0.2))
    found = _upsert(_vector(values=b"", sparse=sparse), target=_SPARSE).sparse[0]
    assert found is not None
    assert np.frombuffer(found.indices, "<u4").tolist() == [2, 9]
    assert np.frombuffer(found.values, "<f4").tolist() == pytest.approx([0.2, 0.9])


def test_integers_beyond_64_bits_become_doubles() -> None:
    found = _upsert(_vector(metadata={"n": 2**70, "m": 2**63}))
    assert found.metadata == [b'{"n":1.1805916207174113e21,"m":9223372036854775808}']
    with pytest.raises(InvalidArgument, match="too large for a 64-bit float"):
        _upsert(_vector(metadata={"n": 10**400}))


_TWICE = forms.SparseForm(np.array([5, 5], "<u4").tobytes(), _row(1, 2))
_UNEVEN = forms.SparseForm(np.array([5], "<u4").tobytes(), _row(1, 2))
_MANY = forms.SparseForm(np.arange(2049, dtype="<u4").tobytes(), b"\0\0\x80\x3f" * 2049)
_ENDLESS = forms.SparseForm(np.array([5], "<u4").tobytes(), _row(float("nan")))


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        (_vector(id=""), "vectors[0].id must have 1 to 512 ASCII characters."),
        (_vector(id="x" * 513), "vectors[0].id must have 1 to 512"),
        (_vector(id="é"), "vectors[0].id must have 1 to 512"),
        (_vector(id="a\x00"), "vectors[0].id must have 1 to 512"),
        (_vector(values=_row(1, 2)), "Vector dimension 2 does not match the dimension"),
        (_vector(values=b""), "Vector dimension 0 does not match"),
        (_vector(values=_row(1, float("nan"), 3)), "vectors[0].values[1] is not a finite number"),
        (_vector(values=_row(1, 2, float("-inf"))), "vectors[0].values[2] is not a finite number"),
        (_vector(values=from_json.float32_bytes([1, 2, 1e39])), "vectors[0].values[2] is not a"),
        (_vector(values=_row(0, 0, 0)), "Dense vectors must contain at least one non-zero value"),
        (_vector(values=_row(1e-9, 0, 0)), "Dense vectors must contain at least one non-zero"),
        (_vector(sparse=_TWICE), "sparseValues: the index 5 stands there more than once"),
        (_vector(sparse=_UNEVEN), "there are 1 indices but 2 values"),
        (_vector(sparse=_MANY), "has 2049 values; the limit is 2048"),
        (_vector(sparse=_ENDLESS), "vectors[0].sparseValues.values[0] is not a finite"),
        (_vector(metadata={"$a": 1}), "'$a' must not start with '$'"),
        (_vector(metadata={"a": None}), "it is null"),
        (_vector(metadata={"a": {"b": 1}}), "it is a nested object"),
        (_vector(metadata={"a": [1]}), "it is a list that holds something else"),
        (_vector(metadata={"a": ["x", None]}), "it is a list that holds something else"),
        (_vector(metadata={"a": float("nan")}), "must be a string, a finite number"),
        (_vector(metadata={"a": "x" * 41_000}), "the limit is 40960 bytes per record"),
    ],
)  # fmt: skip
def test_a_wrong_record_is_refused(vector: forms.VectorForm, message: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        _upsert(vector)
    assert message in refusal.value.message


@pytest.mark.parametrize("count", [0, 1001])
def test_an_upsert_has_1_to_1000_records(count: int) -> None:
    with pytest.raises(InvalidArgument, match=f"1 to 1000 records; the request holds {count}"):
        _upsert(*[_vector(id=str(n)) for n in range(count)])


def test_a_sparse_index_takes_no_dense_values() -> None:
    with pytest.raises(InvalidArgument, match="needs a value"):
        _upsert(_vector(), target=_SPARSE)
    sparse = forms.SparseForm(np.array([5], "<u4").tobytes(), _row(1))
    with pytest.raises(InvalidArgument, match="this is a sparse index"):
        _upsert(_vector(sparse=sparse), target=_SPARSE)


@pytest.mark.parametrize("name", ["é", "a\nb", "x" * 513])
def test_a_wrong_namespace_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="512 printable ASCII"):
        _upsert(_vector(), namespace=name)


def _query(**changes: object) -> messages.Query:
    form = forms.QueryForm(**({"namespace": "", "top_k": 1, "vector": _row(1, 2, 3)} | changes))
    return requests.query(form, _DENSE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"top_k": 0}, "topK must be between 1 and 10000; it is 0"),
        ({"top_k": 10_001}, "topK must be between 1 and 10000"),
        ({"id": "a"}, "not both"),
        ({"vector": b""}, "needs a vector"),
        ({"vector": _row(1)}, "Vector dimension 1 does not match the dimension of the index 3"),
        ({"vector": _row(1, 2, float("inf"))}, "vector[2] is not a finite"),
        ({"has_queries": True}, "queries is no longer supported"),
        ({"vector": b"", "id": "é"}, "id must have 1 to 512"),
    ],
)
def test_a_wrong_query_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        _query(**changes)
    assert message in refusal.value.message


def test_a_query_may_be_all_zeros_and_an_empty_filter_filters_nothing() -> None:
    assert _query(vector=_row(0, 0, 0), filter={}).filter is None


def test_ids_are_asked_for_once_each() -> None:
    form = forms.FetchForm("", ["b", "a", "b"])
    assert requests.fetch(form, _DENSE).ids == ["b", "a"]


@pytest.mark.parametrize("ids", [[], [str(n) for n in range(1001)], ["a", ""]])
def test_wrong_ids_are_refused(ids: list[str]) -> None:
    with pytest.raises(InvalidArgument, match="ids"):
        requests.fetch(forms.FetchForm("", ids), _DENSE)


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_a_list_has_1_to_100_ids(limit: int) -> None:
    with pytest.raises(InvalidArgument, match=f"between 1 and 100; it is {limit}"):
        requests.list_ids(forms.ListForm("", limit=limit), _DENSE)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"id": "a", "filter": {"x": 1}},
        {"filter": {"x": 1}},
        {"filter": {"x": 1}, "values": _row(1, 2, 3), "set_metadata": {"a": 1}},
        {"id": "a", "is_dry_run": True},
        {"id": "a", "values": _row(0, 0, 0)},
        {"id": "a", "set_metadata": {"a": None}},
    ],
)
def test_a_wrong_update_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        requests.update(forms.UpdateForm(**({"namespace": ""} | changes)), _DENSE)


@pytest.mark.parametrize(
    "changes",
    [{}, {"ids": ["a"], "is_all": True}, {"is_all": True, "filter": {"a": 1}}, {"filter": {}}],
)
def test_a_delete_takes_exactly_one_selector(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument, match="exactly one"):
        requests.delete(forms.DeleteForm(**({"namespace": ""} | changes)), _DENSE)


def test_stats_cannot_be_filtered() -> None:
    with pytest.raises(InvalidArgument, match="cannot be filtered"):
        requests.stats(forms.StatsForm({"a": 1}), _DENSE)


def test_a_schema_says_only_what_is_filterable() -> None:
    form = forms.CreateNamespaceForm("n", {"genre": True})
    assert requests.create_namespace(form, _DENSE).schema == (
        b'{"fields":{"genre":{"filterable":true}}}'
    )
    for wrong in ({"$x": True}, {"a": False}, {str(n): True for n in range(51)}):
        with pytest.raises(InvalidArgument):
            requests.create_namespace(forms.CreateNamespaceForm("n", wrong), _DENSE)
