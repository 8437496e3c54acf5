"""The filter language: what it accepts, and what it says about the rest."""

import orjson
import pytest

from dataplane.engine.filters import (
    MAX_VALUES,
    AllHold,
    AnyHolds,
    AnyOf,
    Exists,
    Not,
    Range,
    parse,
)
from kit.errors import InvalidArgument


def test_a_bare_value_means_equality() -> None:
    assert parse(b'{"genre": "drama"}') == AnyOf("genre", ("drama",))
    assert parse(b'{"year": 1999}') == AnyOf("year", (1999.0,))
    assert parse(b'{"ok": true}') == AnyOf("ok", (True,))


def test_several_fields_and_operators_all_have_to_hold() -> None:
    assert parse(b'{"a": {"$gt": 1, "$lte": 2}, "b": {"$exists": false}}') == AllHold(
        (
            AllHold((Range("a", low=1.0, is_low_open=True), Range("a", high=2.0))),
            Not(Exists("b")),
        )
    )


def test_and_and_or_nest() -> None:
    expression = parse(b'{"$or": [{"a": 1}, {"$and": [{"b": {"$ne": "x"}}, {"c": {"$in": []}}]}]}')
    inner = AllHold((Not(AnyOf("b", ("x",))), AnyOf("c", ())))
    assert expression == AnyHolds((AnyOf("a", (1.0,)), inner))


def test_an_empty_filter_matches_everything() -> None:
    assert parse(b"{}") == AllHold(())


@pytest.mark.parametrize(
    ("filter_json", "words"),
    [
        (b'{"f": ["a"]}', ["$eq", '"f"', "a list"]),
        (b'{"f": {"$eq": ["a"]}}', ["$eq", '"f"', "a list"]),
        (b'{"f": null}', ["$eq", '"f"', "null"]),
        (b'{"f": {"$ne": null}}', ["$ne", '"f"', "null"]),
        (b'{"f": {"$eq": {"a": 1}}}', ["$eq", '"f"', "an object"]),
        (b'{"f": {"$gt": "1"}}', ["$gt", '"f"', "a string"]),
        (b'{"f": {"$lte": true}}', ["$lte", '"f"', "a boolean"]),
        (b'{"f": {"$in": "a"}}', ["$in", '"f"', "a string"]),
        (b'{"f": {"$nin": [null]}}', ["$nin", '"f"', "null"]),
        (b'{"f": {"$in": [["a"]]}}', ["$in", '"f"', "a list"]),
        (b'{"f": {"$exists": 1}}', ["$exists", '"f"', "a number"]),
        (b'{"f": {"$regex": "a"}}', ["$regex", '"f"', "unknown"]),
        (b'{"f": {"g": 1}}', ["g", '"f"', "unknown"]),
        (b'{"f": {}}', ['"f"', "no operator"]),
        (b'{"$and": []}', ["$and"]),
        (b'{"$or": {"a": 1}}', ["$or"]),
        (b'{"$or": [{}]}', ["$or"]),
        (b'{"$or": [1]}', ["$or"]),
        (b'{"$not": {"a": 1}}', ["$not"]),
        (b'{"$eq": 1}', ["$eq"]),
        (b'{"f": NaN}', ["JSON"]),
        (b'{"f": {"$gt": Infinity}}', ["JSON"]),
        (b'{"f": 1e999}', ["JSON"]),
        (b'{"f": "\xff"}', ["JSON"]),
        (b"[]", ["object"]),
        (b"", ["JSON"]),
    ],
)
def test_what_is_wrong_is_named(filter_json: bytes, words: list[str]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse(filter_json)
    for word in words:
        assert word in caught.value.message


def test_ten_thousand_values_are_the_most() -> None:
    values = list(range(MAX_VALUES))
    parse(orjson.dumps({"f": {"$in": values}}))
    with pytest.raises(InvalidArgument, match=r"\$in.*10001 values"):
        parse(orjson.dumps({"f": {"$in": [*values, 0]}}))


def test_deep_filters_are_refused() -> None:
    tree: dict[str, object] = {"f": 1}
    for _ in range(31):
        tree = {"$and": [tree]}
    parse(orjson.dumps(tree))
    with pytest.raises(InvalidArgument, match="levels deep"):
        parse(orjson.dumps({"$and": [tree]}))
    with pytest.raises(InvalidArgument, match="JSON"):
        parse(b'{"$and":[' * 100_000)


def test_what_means_the_same_is_kept_once() -> None:
    assert parse(b'{"$or": [{"f": 1}, {"f": 1.0}, {"f": {"$eq": 1}}]}') == AnyOf("f", (1.0,))
    told_apart = parse(b'{"$or": [{"f": 1}, {"f": true}, {"f": {"$nin": [1]}}]}')
    assert isinstance(told_apart, AnyHolds)
    assert len(told_apart.parts) == 3
    assert type(told_apart.parts[1].values[0]) is bool  # type: ignore[union-attr]  # an AnyOf


def test_filters_of_very_many_conditions_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="at most 1000 conditions"):
        parse(orjson.dumps({"$or": [{"f": number} for number in range(1_000)]}))
