"""Work that waits, by whom it is for: each in its own order, all of them in turn."""

from collections import deque
from collections.abc import Callable, Hashable

Work = Callable[[], None]


class Turns:
    """One neighbour's long queue does not stand before another's short one."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, deque[Work]] = {}

    def __bool__(self) -> bool:
        return bool(self._queues)

    def add(self, whom: Hashable, work: Work) -> None:
        self._queues.setdefault(whom, deque()).append(work)

    def take(self) -> Work:
        """The first of whoever has waited longest for a turn."""
        whom = next(iter(self._queues))
        queue = self._queues.pop(whom)
        work = queue.popleft()
        if queue:
            self._queues[whom] = queue
        return work
