"""Points on the map: by which values they are divided, and how these are marked."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from console.record_map import NONE, OTHERS, RecordMap, best_field, map_of
from indexes.projection import Projection
from protocol.from_reply import Record


def mapped(values: Sequence[Any], field: str = "kind") -> RecordMap:
    """A record for each value; None for one without the field."""
    records = [
        Record(f"r{number}", metadata={} if value is None else {"kind": value})
        for number, value in enumerate(values)
    ]
    places = np.linspace(-1, 1, 2 * len(records)).reshape(-1, 2)
    return map_of(Projection(records, places, kept=0.5, looked_through=len(records)), field)


def counts(found: RecordMap) -> dict[str, int]:
    return {group.kind.label: group.count for group in found.groups}


def test_the_most_frequent_values_are_named_and_the_others_stand_together() -> None:
    values = [letter for number, letter in enumerate("abcdefgh") for _ in range(9 - number)]
    found = mapped([*values, None, None])
    assert counts(found) == {
        **{letter: 9 - number for number, letter in enumerate("abcdef")}, OTHERS: 5, NONE: 2,
    }  # fmt: skip
    marks = [group.kind.mark for group in found.groups]
    assert len(set(marks)) == len(marks)
    numbers = [point[2] for point in found.drawn["points"]]
    assert [numbers.count(number) for number in range(8)] == [9, 8, 7, 6, 5, 4, 5, 2]
    assert json.loads(found.groups[0].kind.filter) == {"kind": {"$eq": "a"}}
    assert json.loads(found.groups[-1].kind.filter) == {"kind": {"$exists": False}}
    assert not found.groups[-2].kind.filter


def test_many_numbers_become_ranges_that_hold_each_number_once() -> None:
    found = mapped([*range(60), None])
    assert counts(found)[NONE] == 1
    ranges = [json.loads(group.kind.filter)["kind"] for group in found.groups[:-1]]
    held = [
        number for one in ranges for number in range(60) if one["$gte"] <= number <= one["$lte"]
    ]
    assert held == list(range(60))
    assert sum(counts(found).values()) == 61
    assert found.groups[0].kind.label == "0 to 11"


def test_few_numbers_and_truths_are_values() -> None:
    assert counts(mapped([1, 1, 2.0])) == {"1": 2, "2": 1}
    assert counts(mapped([True, False, True])) == {"true": 2, "false": 1}
    lists = mapped([["a", "b"], ["a"]])
    assert counts(lists) == {"a, b": 1, "a": 1}
    assert not any(group.kind.filter for group in lists.groups)


def test_without_a_field_all_are_alike() -> None:
    found = mapped(["a", "b"], field="")
    assert counts(found) == {"records": 2}
    assert found.drawn["points"][0][3:] == ["r0", ["a"]]
    assert counts(mapped(["a", None], field="nothing")) == {NONE: 2}


def test_a_group_knows_its_middle() -> None:
    (group,) = mapped(["a"] * 3, field="").groups
    assert group.centre == (-0.2, 0.2)
    assert group.typical.id == "r1"


def test_the_field_that_divides_into_a_few_is_chosen() -> None:
    records = [
        Record(
            f"r{number}",
            metadata={"id": number, "same": 1, "topic": number % 4, "rare": number % 2}
            if number
            else {"topic": 9},
        )
        for number in range(40)
    ]
    assert best_field(records) == "topic"
    assert best_field([]) == ""
