"""Buckets of requests: a second's worth at once, refilled as time passes."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from dataplane.engine import messages
from dataplane.front.rates import Rates
from kit import clock
from kit.errors import ResourceExhausted
from kit.ids import IndexId, new_id
from storage.rate_limits import PINECONE_RATES, RateLimit, parse_rates

HERE = IndexId(new_id())


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock."""

    def set_to(seconds: float) -> None:
        monkeypatch.setattr(clock, "monotonic_s", lambda: seconds)

    set_to(0)
    return set_to


def passed(rates: Rates, operation: str, request: messages.Request, *, tries: int = 300) -> int:
    """How many of them got through."""
    count = 0
    for _ in range(tries):
        with suppress(ResourceExhausted):
            rates.require(PINECONE_RATES, IndexId(request.index_id), operation, request)
            count += 1
    return count


def a_query(namespace: str = "", index_id: IndexId = HERE) -> messages.Query:
    return messages.Query(index_id=index_id, namespace=namespace, top_k=1, id="a")


def test_a_namespace_has_a_second_s_worth_and_refills(at: Callable[[float], None]) -> None:
    rates = Rates()
    assert passed(rates, "Query", a_query()) == 100
    assert passed(rates, "Query", a_query()) == 0
    at(0.5)
    assert passed(rates, "Query", a_query()) == 50
    at(1000)
    assert passed(rates, "Query", a_query()) == 100


def test_namespaces_indexes_and_kinds_are_apart(at: Callable[[float], None]) -> None:
    rates = Rates()
    assert passed(rates, "Query", a_query()) == 100
    assert passed(rates, "Query", a_query("other")) == 100
    assert passed(rates, "Query", a_query(index_id=IndexId(new_id()))) == 100
    assert passed(rates, "Upsert", messages.Upsert(index_id=HERE, ids=["a"])) == 100


def test_writes_by_metadata_are_limited_more(at: Callable[[float], None]) -> None:
    rates = Rates()
    assert passed(rates, "Delete", messages.Delete(index_id=HERE, filter=b"{}")) == 5
    assert passed(rates, "Delete", messages.Delete(index_id=HERE, ids=["a"])) == 100


def test_lists_of_all_namespaces_count_together_and_the_rest_is_free(
    at: Callable[[float], None],
) -> None:
    rates = Rates()
    assert passed(rates, "List", messages.ListIds(index_id=HERE, namespace="a")) == 200
    assert passed(rates, "List", messages.ListIds(index_id=HERE, namespace="b")) == 0
    assert passed(rates, "ListNamespaces", messages.ListNamespaces(index_id=HERE)) == 300


def test_what_is_not_limited_is_free(at: Callable[[float], None]) -> None:
    rates = Rates()
    for _ in range(300):
        rates.require({RateLimit.UPSERTS: 1}, HERE, "Query", a_query())


def test_bytes_are_counted_and_one_large_request_is_taken_when_there_is_all_room(
    at: Callable[[float], None],
) -> None:
    rates, limits = Rates(), {RateLimit.UPSERTED_BYTES: 1000}
    large = messages.Upsert(index_id=HERE, ids=["a"], values=b"x" * 2999)
    rates.require(limits, HERE, "Upsert", large)
    with pytest.raises(ResourceExhausted, match="1,000 upserted bytes a second") as refused:
        rates.require(limits, HERE, "Upsert", large)
    assert refused.value.retry_after_s == 3
    at(2.9)
    with pytest.raises(ResourceExhausted):
        rates.require(limits, HERE, "Upsert", large)
    at(3.1)
    rates.require(limits, HERE, "Upsert", large)


def test_what_only_the_answer_tells_is_owed(at: Callable[[float], None]) -> None:
    rates, limits = Rates(), {RateLimit.QUERY_READ_UNITS: 2}
    answer = messages.Matches(matches=[], read_units=5, max_indexed_lsn=1)
    rates.require(limits, HERE, "Query", a_query())
    rates.charge(limits, HERE, a_query(), answer)
    with pytest.raises(ResourceExhausted, match="Each index is limited to 2 query read units"):
        rates.require(limits, HERE, "Query", a_query("other"))
    at(1.6)
    rates.require(limits, HERE, "Query", a_query("other"))


def test_records_deleted_by_id_are_counted_before_and_by_filter_afterwards(
    at: Callable[[float], None],
) -> None:
    rates, limits = Rates(), {RateLimit.DELETED_RECORDS: 10}
    by_id = messages.Delete(index_id=HERE, ids=["a"] * 10)
    rates.require(limits, HERE, "Delete", by_id)
    rates.charge(limits, HERE, by_id, messages.Written(lsn=1, count=10))
    at(1)
    by_filter = messages.Delete(index_id=HERE, filter=b"{}")
    rates.require(limits, HERE, "Delete", by_filter)
    rates.charge(limits, HERE, by_filter, messages.Written(lsn=2, count=30))
    with pytest.raises(ResourceExhausted) as refused:
        rates.require(limits, HERE, "Delete", by_id)
    assert refused.value.retry_after_s == 3


def test_a_refused_request_takes_nothing_from_the_other_limits(
    at: Callable[[float], None],
) -> None:
    rates = Rates()
    limits = {RateLimit.UPSERTS: 1, RateLimit.UPSERTED_BYTES: 1}
    upsert = messages.Upsert(index_id=HERE, ids=["a"])
    rates.require(limits, HERE, "Upsert", upsert)
    with pytest.raises(ResourceExhausted):
        rates.require(limits, HERE, "Upsert", upsert)
    at(1)
    rates.require(limits, HERE, "Upsert", upsert)


def test_every_limit_of_pinecone_has_a_name_the_operator_may_use() -> None:
    assert parse_rates({str(name): rate for name, rate in PINECONE_RATES.items()}) == PINECONE_RATES
    assert set(PINECONE_RATES) == set(RateLimit)
