"""What a filter costs: each condition once, no more than needed, and never without bound."""

from typing import Any

import orjson
import pytest
from pyroaring import BitMap

from dataplane.engine.evaluation import Budget, matching_rows
from dataplane.engine.filters import Range, parse
from dataplane.engine.metadata_index import GrowingMetadataIndex
from kit.errors import InvalidArgument

_ROWS = 1_000


class _CountingIndex(GrowingMetadataIndex):
    """Knows how often it was asked for a range."""

    def __init__(self) -> None:
        super().__init__()
        self.range_count = 0

    def rows_in_range(self, condition: Range) -> BitMap:
        self.range_count += 1
        return super().rows_in_range(condition)


@pytest.fixture
def index() -> _CountingIndex:
    index = _CountingIndex()
    index.append([orjson.dumps({"n": number}) for number in range(_ROWS)])
    return index


def _found(index: GrowingMetadataIndex, question: dict[str, Any], budget: Budget) -> int:
    return len(matching_rows(parse(orjson.dumps(question)), index, budget))


def test_equal_conditions_are_evaluated_once(index: _CountingIndex) -> None:
    low, high = {"n": {"$gte": 10}}, {"n": {"$lt": 20}}
    question = {"$and": [{"$or": [low, high]}, {"$or": [high, low, low]}, low, high]}
    assert _found(index, question, Budget(_ROWS)) == 10
    assert index.range_count == 2


def test_any_stops_once_every_row_matches(index: _CountingIndex) -> None:
    parts = [{"n": {"$gte": -number}} for number in range(300)]
    assert _found(index, {"$or": parts}, Budget(_ROWS)) == _ROWS
    assert index.range_count == 1


def test_all_stops_once_no_row_matches(index: _CountingIndex) -> None:
    parts = [{"n": {"$gte": _ROWS + number}} for number in range(300)]
    assert _found(index, {"$and": parts}, Budget(_ROWS)) == 0
    assert index.range_count == 1


def test_a_filter_that_costs_too_much_is_refused(index: _CountingIndex) -> None:
    question = {"$and": [{"n": {"$gte": -number}} for number in range(500)]}
    budget = Budget(_ROWS)
    for _ in range(10):
        assert _found(index, question, budget) == _ROWS
    parts = 100 * [question]
    with pytest.raises(InvalidArgument, match="filter is too expensive"):
        sum(_found(index, part, budget) for part in parts)
    assert 5_000 < index.range_count < 15_000


def test_the_budget_grows_with_the_namespace(index: _CountingIndex) -> None:
    question = {"$and": [{"n": {"$gte": -number}} for number in range(500)]}
    budget = Budget(20_000_000)
    for _ in range(100):
        assert _found(index, question, budget) == _ROWS
