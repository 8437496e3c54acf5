"""Tracebacks in logs say where and what kind, and quote nothing that a caller sent."""

import json

import psycopg
import pytest

from kit.errors import DataLoss, InvalidArgument, NotFound, Unavailable
from kit.tracebacks import traceback_of

SECRET = "a-record-of-somebodys"


def fails(error: Exception) -> None:
    raise error


def told(error: Exception) -> str:
    with pytest.raises(type(error)) as caught:
        fails(error)
    return traceback_of(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        KeyError(SECRET), ValueError(SECRET),
        UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, "x"),
        NotFound(SECRET), InvalidArgument(SECRET), psycopg.errors.UniqueViolation(SECRET),
        json.JSONDecodeError("bad", SECRET, 0), AssertionError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_text_that_may_quote_a_request_is_left_out(error: Exception) -> None:
    text = told(error)
    assert SECRET not in text
    assert text.endswith(type(error).__qualname__)
    assert "in fails" in text


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left"), Unavailable("The store is down."), DataLoss("It was moved."),
        psycopg.OperationalError("connection refused"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_text_about_parts_of_the_installation_stays(error: Exception) -> None:
    assert told(error).endswith(f": {error}")


def test_causes_are_told_as_cautiously() -> None:
    def translate() -> None:
        try:
            {}[SECRET]
        except KeyError as error:
            raise Unavailable("A part is down.") from error

    with pytest.raises(Unavailable) as caught:
        translate()
    text = traceback_of(caught.value)
    assert SECRET not in text
    assert text.index("KeyError") < text.index("direct cause") < text.index("A part is down.")
