"""The canonical form: the database's and ours are the same, byte for byte."""

import json
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.canonical import Number, canonical

_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
_SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | _TEXT
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)


def by_the_database(value: Any) -> tuple[str, str]:
    """The value as the database keeps it, and its canonical form."""
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT v::text, audit_canonical(v) FROM (SELECT %s::jsonb) AS one(v)",
            [json.dumps(value)],
        )
        row: tuple[str, str] = cursor.fetchone()
        return row


@given(value=_VALUES)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_database_and_we_agree_on_every_value(database: None, value: Any) -> None:
    kept, theirs = by_the_database(value)
    assert canonical(json.loads(kept, parse_float=Number)) == theirs


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"é": "\n\x1f\x7f", "z": {}}, '{"z":{},"é":"\\n\\u001f\x7f"}'),
        ({"\U0001f600": 1, "\uffff": 2}, '{"\uffff":2,"\U0001f600":1}'),
        ([0.5, 1e21, 1e-7], "[0.5,1000000000000000000000,0.0000001]"),
    ],
)
def test_the_form_is_the_documented_one(database: None, value: Any, expected: str) -> None:
    assert by_the_database(value)[1] == expected
