"""Both metadata indexes, at the edges of every operator."""

from itertools import product
from typing import Any

import orjson
import pytest

from dataplane.engine.evaluation import matching_rows
from dataplane.engine.filters import parse
from dataplane.engine.frozen_metadata_index import FrozenMetadataIndex, freeze
from dataplane.engine.metadata import merge_metadata
from dataplane.engine.metadata_index import GrowingMetadataIndex, MetadataIndex
from tests.property.filter_model import holds

ROWS: list[dict[str, Any]] = [
    {"f": 1}, {"f": 1.0}, {"f": 0}, {"f": -0.0}, {"f": -1}, {"f": 2}, {"f": True}, {"f": False},
    {"f": "1"}, {"f": "true"}, {"f": ""}, {"f": ["1", "2"]}, {"f": []}, {"f": ["1", "1"]}, {},
    {"g": 1}, {"f": 2**53}, {"f": 2**53 + 1}, {"f": 1e300}, {"f": "ö"},
]  # fmt: skip
SCALARS = [1, 0, -1, 2, 3, 0.5, 2**53, -1e301, True, False, "1", "2", "", "ö", "x"]


@pytest.fixture(scope="module", params=["growing", "frozen"])
def index(request: pytest.FixtureRequest) -> MetadataIndex:
    growing = GrowingMetadataIndex()
    growing.append([orjson.dumps(row) for row in ROWS])
    return growing if request.param == "growing" else FrozenMetadataIndex(freeze(growing))


def expect(index: MetadataIndex, question: dict[str, Any]) -> None:
    found = list(matching_rows(parse(orjson.dumps(question)), index))
    assert found == [row for row, fields in enumerate(ROWS) if holds(question, fields)], question


def test_equality_keeps_kinds_apart(index: MetadataIndex) -> None:
    for operator, value in product(["$eq", "$ne"], SCALARS):
        expect(index, {"f": {operator: value}})


def test_ranges_end_where_they_should(index: MetadataIndex) -> None:
    numbers = [value for value in SCALARS if type(value) in (int, float)]
    for operator, value in product(["$gt", "$gte", "$lt", "$lte"], numbers):
        expect(index, {"f": {operator: value}})
    for low, high in product(numbers, numbers):
        expect(index, {"f": {"$gte": low, "$lt": high}})
        expect(index, {"$and": [{"f": {"$gt": low}}, {"f": {"$lte": high}}]})


def test_sets_are_unions_of_equalities(index: MetadataIndex) -> None:
    for operator, first, second in product(["$in", "$nin"], SCALARS, SCALARS):
        expect(index, {"f": {operator: [first, second]}})
    expect(index, {"f": {"$in": []}})
    expect(index, {"f": {"$nin": []}})
    expect(index, {"f": {"$in": SCALARS}})


def test_presence_is_not_truth(index: MetadataIndex) -> None:
    for field, is_there in product(["f", "g", "nowhere"], [True, False]):
        expect(index, {field: {"$exists": is_there}})


def test_unknown_fields_match_nothing_but_negations(index: MetadataIndex) -> None:
    for condition in ({"$eq": 1}, {"$gt": 0}, {"$in": ["a"]}, {"$ne": 1}, {"$nin": [True]}):
        expect(index, {"nowhere": condition})


def test_connectives_nest(index: MetadataIndex) -> None:
    either = {"$or": [{"f": {"$gt": 0}}, {"f": "1"}, {"g": {"$exists": True}}]}
    expect(index, either)
    expect(index, {"$and": [either, {"f": {"$ne": 1}}]})
    expect(index, {})


def test_common_values_are_found_again_and_again() -> None:
    growing = GrowingMetadataIndex()
    growing.append([b'{"f":"often","n":%d}' % row for row in range(1_000)])
    frozen = FrozenMetadataIndex(freeze(growing))
    for _ in range(3):
        assert len(matching_rows(parse(b'{"f":"often"}'), frozen)) == 1_000
        assert len(matching_rows(parse(b'{"f":"often","n":{"$lt":10}}'), frozen)) == 10
        assert not matching_rows(parse(b'{"f":{"$ne":"often"}}'), frozen)


def test_a_patch_replaces_and_adds_keys() -> None:
    assert merge_metadata(b'{"a":1,"b":2}', b'{"b":[],"c":"x"}') == b'{"a":1,"b":[],"c":"x"}'
    assert merge_metadata(None, b'{"a":1}') == b'{"a":1}'
    assert merge_metadata(b'{"a":1}', None) == b'{"a":1}'
