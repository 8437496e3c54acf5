"""An index alone has everything; beside another one each has a lane, and a flood waits in its."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

import pytest

from dataplane.front.lanes import (
    MOST_THREADS_WAITING,
    MOST_WAITING,
    UNDER_WAY,
    AsyncLanes,
    Company,
    ThreadLanes,
)
from kit import clock
from kit.errors import ResourceExhausted
from kit.ids import new_id
from tests.support.waiting import wait_until

FLOOD, VICTIM = new_id(), new_id()


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock, which stands still otherwise: who asked lately is there until then."""

    def set_to(seconds: float) -> None:
        monkeypatch.setattr(clock, "monotonic_s", lambda: seconds)

    set_to(100.0)
    return set_to


class Callers:
    """Requests of one index, each of which stays under way until it is let go."""

    def __init__(self, lanes: AsyncLanes) -> None:
        self._lanes = lanes
        self.entered: list[int] = []
        self.refused = 0
        self.tasks: list[asyncio.Task[None]] = []
        self.let_go = asyncio.Semaphore(0)

    async def come(self, count: int) -> None:
        first = len(self.tasks)
        self.tasks += [asyncio.create_task(self._call(first + number)) for number in range(count)]
        await settled()

    async def finish(self, count: int) -> None:
        for _ in range(count):
            self.let_go.release()
        await settled()

    async def _call(self, number: int) -> None:
        try:
            async with self._lanes.lane(FLOOD):
                self.entered.append(number)
                await self.let_go.acquire()
        except ResourceExhausted:
            self.refused += 1


async def settled() -> None:
    """Everything that can run now has run."""
    for _ in range(10):
        await asyncio.sleep(0)


def in_a_loop_of_its_own(act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """In a thread of its own: a browser's tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(act())).result()


def test_an_index_alone_has_everything() -> None:
    async def run() -> None:
        callers = Callers(AsyncLanes(Company()))
        await callers.come(300)
        assert len(callers.entered) == 300
        await callers.finish(300)
        await asyncio.gather(*callers.tasks)

    in_a_loop_of_its_own(run)


def test_beside_another_index_the_rest_waits_in_order_and_past_a_bound_is_refused() -> None:
    async def run() -> None:
        lanes = AsyncLanes(Company())
        async with lanes.lane(VICTIM):
            pass
        callers = Callers(lanes)
        await callers.come(UNDER_WAY + MOST_WAITING + 5)
        assert (len(callers.entered), callers.refused) == (UNDER_WAY, 5)
        await callers.finish(3)
        assert callers.entered == list(range(UNDER_WAY + 3))
        async with lanes.lane(VICTIM):
            pass
        await callers.finish(MOST_WAITING + UNDER_WAY - 3)
        await asyncio.gather(*callers.tasks)
        assert callers.entered == list(range(UNDER_WAY + MOST_WAITING))

    in_a_loop_of_its_own(run)


def test_once_the_other_has_gone_all_may_go(now: Callable[[float], None]) -> None:
    async def run() -> None:
        lanes = AsyncLanes(Company())
        async with lanes.lane(VICTIM):
            pass
        callers = Callers(lanes)
        await callers.come(50)
        assert len(callers.entered) == UNDER_WAY
        now(102.0)
        await callers.finish(1)
        assert len(callers.entered) == 50
        await callers.finish(50)
        await asyncio.gather(*callers.tasks)

    in_a_loop_of_its_own(run)


def test_who_gives_up_waiting_leaves_no_gap() -> None:
    async def run() -> None:
        lanes = AsyncLanes(Company())
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(lanes.lane(VICTIM))
            callers = Callers(lanes)
            await callers.come(UNDER_WAY + 3)
            callers.tasks[UNDER_WAY].cancel()
            await settled()
            await callers.finish(2)
            assert callers.entered == [*range(UNDER_WAY), UNDER_WAY + 1, UNDER_WAY + 2]
            await callers.finish(UNDER_WAY)
            await asyncio.gather(*callers.tasks, return_exceptions=True)

    in_a_loop_of_its_own(run)


class Threads:
    """The same, each on a thread of its own."""

    def __init__(self, lanes: ThreadLanes) -> None:
        self._lanes = lanes
        self.entered = 0
        self.refused = 0
        self.let_go = threading.Semaphore(0)
        self._counting = threading.Lock()
        self._threads: list[threading.Thread] = []

    def come(self, count: int) -> None:
        threads = [threading.Thread(target=self._call) for _ in range(count)]
        for thread in threads:
            thread.start()
        self._threads += threads

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _call(self) -> None:
        try:
            with self._lanes.lane(FLOOD):
                with self._counting:
                    self.entered += 1
                self.let_go.acquire()
        except ResourceExhausted:
            with self._counting:
                self.refused += 1


def becomes(condition: Callable[[], bool], what: str) -> None:
    wait_until(condition, timeout_s=20, what=what)


def test_threads_wait_in_their_lane_and_past_a_bound_are_refused() -> None:
    lanes = ThreadLanes(Company())
    with lanes.lane(VICTIM):
        pass
    threads = Threads(lanes)
    threads.come(UNDER_WAY + MOST_THREADS_WAITING + 3)
    becomes(lambda: threads.refused == 3, "those past the bound are refused")
    becomes(lambda: threads.entered == UNDER_WAY, "those of the lane are under way")
    with lanes.lane(VICTIM):
        assert threads.entered == UNDER_WAY
    for _ in range(MOST_THREADS_WAITING + UNDER_WAY):
        threads.let_go.release()
    threads.join()
    assert threads.entered == UNDER_WAY + MOST_THREADS_WAITING


def test_threads_of_an_index_alone_do_not_wait() -> None:
    threads = Threads(ThreadLanes(Company()))
    threads.come(20)
    becomes(lambda: threads.entered == 20, "all are under way")
    for _ in range(20):
        threads.let_go.release()
    threads.join()
