"""Reads go round the engines of an index; who refused is passed over for a moment."""

from collections import Counter
from dataclasses import fields, replace
from typing import Any

from dataplane.front.rotation import Rotation
from kit.ids import new_id
from storage.catalog import IndexRow


def index_on(*engines: int) -> IndexRow:
    values: dict[str, Any] = {field.name: None for field in fields(IndexRow)}
    return IndexRow(**{**values, "index_id": new_id(), "engines": engines})


def test_every_engine_has_its_turn() -> None:
    rotation, index = Rotation(), index_on(2, 0, 1)
    assert Counter(rotation.reader(index) for _ in range(30)) == {0: 10, 1: 10, 2: 10}


def test_the_writer_stands_in_for_who_is_left_out_of_this_index_only() -> None:
    rotation, index, other = Rotation(), index_on(0, 1), index_on(0, 1)
    rotation.leave_out(index, 1)
    assert {rotation.reader(index) for _ in range(10)} == {0}
    assert {rotation.reader(other) for _ in range(10)} == {0, 1}


def test_groups_of_engines_have_their_turn_and_answer_whole_or_not_at_all() -> None:
    rotation, index = Rotation(), replace(index_on(0, 1, 2, 3), shards=2)
    assert {rotation.group(index) for _ in range(4)} == {(0, 1), (2, 3)}
    rotation.leave_out(index, 3)
    assert {rotation.group(index) for _ in range(4)} == {(0, 1), ()}


def test_where_engines_are_too_few_a_group_is_what_there_is() -> None:
    rotation = Rotation()
    assert rotation.group(replace(index_on(0, 1), shards=5)) == (0, 1)
    assert rotation.group(replace(index_on(0, 1, 2), shards=2)) == (0, 1)
