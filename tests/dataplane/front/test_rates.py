"""Buckets of requests: a second's worth at once, refilled as time passes."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from dataplane.engine import messages
from dataplane.front.rates import Rates
from kit import clock
from kit.errors import ResourceExhausted
from kit.ids import IndexId, new_id

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
            rates.require(request.index_id, operation, request)
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
