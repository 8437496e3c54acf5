"""Few at a time: acts that wait for each other's locks, and hold a connection while they do."""

import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def in_turn(at_once: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let that many calls of the function run in this process; others wait, without a connection.

    A hundred creates at once would otherwise take every connection of the pool, only to stand in
    line for the same rows, and requests that need no lock would wait behind them.
    """
    places = threading.BoundedSemaphore(at_once)

    def wrap(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def act(*args: P.args, **kwargs: P.kwargs) -> T:
            with places:
                return function(*args, **kwargs)

        return act

    return wrap
