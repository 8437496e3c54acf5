"""The metering rule, case by case."""

import pytest

from dataplane.engine import messages
from dataplane.engine.messages import SparseVector
from dataplane.engine.units import fetch_units, query_units, read_units, write_units
from kit.ids import new_id

INDEX = new_id()
GB = 10**9


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (GB, 1), (GB + 1, 2), (10 * GB, 10)])
def test_a_query_grows_with_its_namespace(size: int, units: int) -> None:
    assert query_units(size) == units


@pytest.mark.parametrize(("count", "units"), [(0, 1), (1, 1), (10, 1), (11, 2), (1000, 100)])
def test_a_fetch_grows_with_what_it_returns(count: int, units: int) -> None:
    assert fetch_units(count) == units


@pytest.mark.parametrize(
    ("size", "units"), [(0, 5), (5 * 1024, 5), (5 * 1024 + 1, 6), (100 * 1024, 100)]
)
def test_an_upsert_grows_with_its_records(size: int, units: int) -> None:
    request = messages.Upsert(index_id=INDEX, ids=["a"], values=bytes(max(0, size - 1)))
    assert write_units(request, messages.Written(lsn=1, count=1)) == units


def test_ids_metadata_and_sparse_parts_count_too() -> None:
    request = messages.Upsert(
        index_id=INDEX,
        ids=["i" * 1024, "j" * 1024],
        values=bytes(2 * 1024),
        sparse=[SparseVector(bytes(512), bytes(512)), None],
        metadata=[None, bytes(1024)],
    )
    assert write_units(request, messages.Written(lsn=1, count=2)) == 6


@pytest.mark.parametrize(("count", "units"), [(0, 5), (1, 5), (6, 6), (1000, 1000)])
def test_an_update_costs_what_it_writes_into_every_record_it_reaches(
    count: int, units: int
) -> None:
    request = messages.Update(index_id=INDEX, filter=b"{}", set_metadata=bytes(1024))
    assert write_units(request, messages.Written(lsn=1, count=count)) == units


def test_a_dry_run_writes_nothing_and_costs_a_look() -> None:
    request = messages.Update(index_id=INDEX, filter=b"{}", is_dry_run=True)
    reply = messages.Written(lsn=None, count=1000)
    assert (read_units(request, reply), write_units(request, reply)) == (1, 0)


@pytest.mark.parametrize(("count", "units"), [(0, 5), (50, 5), (51, 6), (1000, 100)])
def test_a_delete_grows_with_what_it_takes_away(count: int, units: int) -> None:
    request = messages.Delete(index_id=INDEX, ids=["a"])
    assert write_units(request, messages.Written(lsn=1, count=count)) == units


def test_emptying_and_deleting_a_namespace_cost_the_least() -> None:
    emptied = messages.Delete(index_id=INDEX, is_all=True)
    deleted = messages.DeleteNamespace(index_id=INDEX, namespace="a")
    for request in (emptied, deleted):
        assert write_units(request, messages.Written(lsn=1, count=10**6)) == 5


def test_descriptions_are_free() -> None:
    request = messages.ListNamespaces(index_id=INDEX)
    reply = messages.Namespaces(namespaces=[], total_count=0)
    assert (read_units(request, reply), write_units(request, reply)) == (0, 0)
