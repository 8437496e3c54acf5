"""How much of the processors a child gets that works for nobody's answer: little, but not nothing.

Answers come first, so such a child begins at the lowest priority. Beside enough other load that is
a hundredth of a processor, and what it has to do grows faster than that. So it steps up as what
waits for it grows, and whenever it hardly runs.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import structlog

from kit import clock

# From a hundredth of what an ordinary process gets to as much.
NICENESS = (19, 10, 5, 0)
_LAST = len(NICENESS) - 1
_LOOK_EVERY_S = 5.0
_HUNGRY = 3.0
_log = structlog.get_logger(__name__)


class Share(NamedTuple):
    """Of all threads of a process: how long they ran, and how long they were ready and did not."""

    ran_s: float
    waited_s: float

    def since(self, before: "Share") -> "Share":
        return Share(self.ran_s - before.ran_s, self.waited_s - before.waited_s)

    @property
    def is_starving(self) -> bool:
        """Who waits for a disk or a bucket is not: more priority would give it nothing."""
        return self.waited_s > max(_HUNGRY * self.ran_s, 0.2)


def first_step(backlog: int, threshold: int) -> int:
    """One for each time that what waits has doubled past what is usual."""
    times = backlog // max(threshold, 1)
    return min(max(times, 1).bit_length() - 1, _LAST)


def share_of(pid: int) -> Share:
    """Nothing where the kernel does not tell, or the process has gone."""
    ran_ns = waited_ns = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            ran, waited, _ = map(int, path.read_text().split())
        except (OSError, ValueError):
            continue  # a thread that has just ended
        ran_ns, waited_ns = ran_ns + ran, waited_ns + waited
    return Share(ran_ns / 1e9, waited_ns / 1e9)


def attended(
    child: "subprocess.Popen[bytes]",
    step: int,
    *,
    timeout_s: float,
    look_every_s: float = _LOOK_EVERY_S,
) -> tuple[bytes, int]:
    """What the child printed, and the step that it had come to; at `timeout_s` it is killed.

    Where the operating system lets nobody raise a priority again (only root may), the step that
    it should have come to tells where the next one begins.
    """
    _give(child.pid, step)
    deadline, before = clock.monotonic_s() + timeout_s, share_of(child.pid)
    while True:
        left_s = max(deadline - clock.monotonic_s(), 0)
        try:
            return child.communicate(timeout=min(look_every_s, left_s))[0], step
        except subprocess.TimeoutExpired:
            if clock.monotonic_s() >= deadline:
                child.kill()
                return child.communicate()[0], min(step + 1, _LAST)
            now = share_of(child.pid)
            if now.since(before).is_starving and step < _LAST:
                step += 1
                _give(child.pid, step)
            before = now


def _give(pid: int, step: int) -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS[step])
        _each_thread(pid, lambda thread: os.setpriority(os.PRIO_PROCESS, thread, NICENESS[step]))
    except (PermissionError, ProcessLookupError):
        _log.info("priority_not_raised", pid=pid, step=step)


def _each_thread(pid: int, act: Callable[[int], None]) -> None:
    """Linux keeps a priority for each thread, and new ones begin with that of who made them."""
    for path in Path(f"/proc/{pid}/task").glob("*"):
        act(int(path.name))
