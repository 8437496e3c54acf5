"""Each index's lane to the engines: one that floods waits in a queue of its own.

While only one index is asked for, it may have everything. As soon as another one is, each has so
many requests under way and the others of its own wait, up to a bound past which they are refused.
So whoever comes now and then finds a short queue before it, however much a neighbour sends.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from dataplane.front.link import REPLY_S, too_many
from kit import clock

# Of one index, beside others.
UNDER_WAY = 2
MOST_WAITING = 256
# The gRPC face has a thread for each request, so fewer of them can wait.
MOST_THREADS_WAITING = 16
# Whoever asked so lately counts as being there.
_RECENT_S = 1.0


class Company:
    """Which two indexes were asked for last: enough to tell whether one has company.

    From any thread; a note that another one overwrites comes again with the next request.
    """

    def __init__(self) -> None:
        self._last: tuple[UUID | None, float] = (None, 0.0)
        self._other: tuple[UUID | None, float] = (None, 0.0)

    def note(self, index_id: UUID) -> None:
        last = self._last
        if last[0] != index_id:
            self._other = last
        self._last = (index_id, clock.monotonic_s())

    def has(self, index_id: UUID) -> bool:
        """Whether another index was asked for lately."""
        last = self._last
        other, at_s = self._other if last[0] == index_id else last
        return other is not None and clock.monotonic_s() - at_s < _RECENT_S


@dataclass(slots=True)
class _AsyncLane:
    under_way: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class AsyncLanes:
    """Of one event loop."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._lanes: dict[UUID, _AsyncLane] = {}

    @asynccontextmanager
    async def lane(self, index_id: UUID) -> AsyncIterator[None]:
        """Raises `ResourceExhausted` where too many of the index's requests wait already."""
        self._company.note(index_id)
        lane = self._lanes.setdefault(index_id, _AsyncLane())
        if lane.waiting or not self._may_go(index_id, lane):
            await self._wait(index_id, lane)
        else:
            lane.under_way += 1
        try:
            yield
        finally:
            self._leave(index_id, lane)

    def _may_go(self, index_id: UUID, lane: _AsyncLane) -> bool:
        return lane.under_way < UNDER_WAY or not self._company.has(index_id)

    async def _wait(self, index_id: UUID, lane: _AsyncLane) -> None:
        if len(lane.waiting) >= MOST_WAITING:
            raise too_many()
        turn = asyncio.get_running_loop().create_future()
        lane.waiting.append(turn)
        try:
            async with asyncio.timeout(REPLY_S):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._leave(index_id, lane)
            else:
                lane.waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise too_many() from None
            raise

    def _leave(self, index_id: UUID, lane: _AsyncLane) -> None:
        lane.under_way -= 1
        while lane.waiting and self._may_go(index_id, lane):
            turn = lane.waiting.popleft()
            if not turn.done():
                lane.under_way += 1
                turn.set_result(None)
        if not (lane.under_way or lane.waiting):
            self._lanes.pop(index_id, None)


@dataclass(slots=True)
class _ThreadLane:
    freed: threading.Condition
    under_way: int = 0
    waiting: int = 0


class ThreadLanes:
    """From any thread."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._lock = threading.Lock()
        self._lanes: dict[UUID, _ThreadLane] = {}

    @contextmanager
    def lane(self, index_id: UUID) -> Iterator[None]:
        """Raises `ResourceExhausted` where too many of the index's requests wait already."""
        self._company.note(index_id)
        with self._lock:
            lane = self._lanes.get(index_id)
            if lane is None:
                lane = self._lanes[index_id] = _ThreadLane(threading.Condition(self._lock))
            if lane.waiting or not self._may_go(index_id, lane):
                self._wait(index_id, lane)
            lane.under_way += 1
        try:
            yield
        finally:
            with self._lock:
                lane.under_way -= 1
                lane.freed.notify(1 if self._company.has(index_id) else lane.waiting)
                if not (lane.under_way or lane.waiting):
                    self._lanes.pop(index_id, None)

    def _may_go(self, index_id: UUID, lane: _ThreadLane) -> bool:
        return lane.under_way < UNDER_WAY or not self._company.has(index_id)

    def _wait(self, index_id: UUID, lane: _ThreadLane) -> None:
        if lane.waiting >= MOST_THREADS_WAITING:
            raise too_many()
        lane.waiting += 1
        try:
            if not lane.freed.wait_for(lambda: self._may_go(index_id, lane), timeout=REPLY_S):
                raise too_many()
        finally:
            lane.waiting -= 1
