"""Tracebacks for logs: where it broke and why, without what callers had sent.

Texts of most exceptions quote what was at hand: the key that was missing, the row that was refused.
They are left out, apart from those that speak of parts of the installation.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TypeAlias

from kit.errors import DataLoss, Unavailable

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

_SPEAK_OF_PARTS = (OSError, Unavailable, DataLoss)
# Of libraries that not every process has: a connection that broke, in the server's own words.
_SPEAK_BY_NAME = {"OperationalError"}
_HEADING = "Traceback (most recent call last):\n"
_CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"


def render_traceback(exc_info: ExcInfo) -> str:
    """In the form that structlog asks for."""
    return traceback_of(exc_info[1])


def traceback_of(error: BaseException) -> str:
    """Frames of the error and of those behind it, each with its type."""
    return "".join(_lines(error)).rstrip("\n")


def _lines(error: BaseException) -> Iterator[str]:
    if error.__cause__ is not None:
        yield from (*_lines(error.__cause__), _CAUSED)
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from (*_lines(error.__context__), _DURING)
    yield from (_HEADING, *traceback.format_tb(error.__traceback__), _last_line(error))


def _last_line(error: BaseException) -> str:
    name = type(error).__qualname__
    module = type(error).__module__
    known = name if module == "builtins" else f"{module}.{name}"
    speaks = isinstance(error, _SPEAK_OF_PARTS) or name in _SPEAK_BY_NAME
    return f"{known}: {error}\n" if speaks else f"{known}\n"
