"""Small things on pages: times, initials, icons, error codes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template, TemplateSyntaxError

from console.errors import STATUS
from console.templatetags.console import initials, relative, when
from kit.errors import ErrorCode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("apart", "words"),
    [
        (timedelta(seconds=-59), "just now"),
        (timedelta(seconds=-60), "1 minute ago"),
        (timedelta(minutes=-59), "59 minutes ago"),
        (timedelta(hours=-23), "23 hours ago"),
        (timedelta(days=-29), "29 days ago"),
        (timedelta(days=-45), "1 month ago"),
        (timedelta(days=-800), "2 years ago"),
        (timedelta(days=5), "in 5 days"),
    ],
)
def test_times_are_relative(apart: timedelta, words: str) -> None:
    assert relative(NOW + apart, NOW) == words


def test_absolute_time_is_there_on_hover() -> None:
    assert 'title="22 Nov 2026, 12:00:00 UTC"' in when(NOW)
    assert when(None) == "never"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Hollin Labs", "HL"), ("mara@example.com", "ME"), ("x", "X"), ("", "?"), ("Ärzte", "ÄR")],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_unknown_icon_is_a_mistake_in_the_template() -> None:
    with pytest.raises(TemplateSyntaxError, match="unicorn"):
        Template("{% load console %}{% icon 'unicorn' %}").render(Context())


def test_every_error_code_has_a_status() -> None:
    assert set(STATUS) == set(ErrorCode)
