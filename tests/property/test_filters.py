"""Filters on both kinds of metadata index against a reading of the JSON, record by record."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.engine.evaluation import matching_rows
from dataplane.engine.filters import parse
from dataplane.engine.frozen_metadata_index import FrozenMetadataIndex, freeze
from dataplane.engine.metadata_index import GrowingMetadataIndex
from tests.property.filter_model import holds
from tests.property.programs import conditions, json_of, metadata


@settings(deadline=None, max_examples=600)
@given(
    rows=st.lists(st.none() | metadata, min_size=3, max_size=12),
    questions=st.lists(conditions, min_size=2, max_size=8),
)
def test_both_indexes_find_the_rows_for_which_the_filter_holds(
    rows: list[dict[str, Any] | None], questions: list[dict[str, Any]]
) -> None:
    growing = GrowingMetadataIndex()
    half = len(rows) // 2
    growing.append([json_of(row) for row in rows[:half]])
    growing.append([json_of(row) for row in rows[half:]])
    frozen = FrozenMetadataIndex(freeze(growing))
    for question in questions:
        expression = parse(json.dumps(question).encode())
        expected = [row for row, fields in enumerate(rows) if holds(question, fields or {})]
        # Twice: what an index keeps between questions must not change.
        for _ in range(2):
            assert list(matching_rows(expression, growing)) == expected
            assert list(matching_rows(expression, frozen)) == expected
    assert set(frozen.field_names()) == set(growing.field_names())
