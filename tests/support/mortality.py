"""Dying at a given step of one's work, as a machine does that loses its power: nothing is tidy."""

import os
import signal
import sys
from collections.abc import Callable, Collection
from types import CodeType, FrameType
from typing import Any

CHANGES = frozenset({os.replace, os.link, os.unlink, os.fsync})


def die_before(step: int, calls: Collection[CodeType] = ()) -> None:
    """SIGKILL for this process before its `step`-th change of a file, or call of one of `calls`."""
    left = step

    def count(frame: FrameType, event: str, what: Any) -> None:
        nonlocal left
        is_step = frame.f_code in calls if event == "call" else False
        if is_step or (event == "c_call" and what in CHANGES):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)


def is_killed(work: Callable[[], object], step: int, calls: Collection[CodeType] = ()) -> bool:
    """Whether a copy of this process was killed before that step; else it came to its end, be it
    a failure."""
    child = os.fork()
    if child == 0:
        die_before(step, calls)
        try:
            work()
        except BaseException:  # noqa: BLE001 - a copy of the test must not become the test
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
