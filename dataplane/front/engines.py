"""The engines of this node as the front sees them: which one a request goes to.

Writes go to an index's writer, reads to all that serve it in turn, and queries of an index with
shards to as many at once. Whoever cannot answer a read now (it is away, behind, or not in rotation)
is passed over, and the writer answers.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from dataplane.engine import messages
from dataplane.front.async_link import AsyncLink
from dataplane.front.lanes import AsyncLanes, ThreadLanes
from dataplane.front.link import not_reached
from dataplane.front.rotation import Rotation
from dataplane.front.scatter import gathered, shares_of
from dataplane.front.thread_link import ThreadLink
from kit.errors import DeadlineExceeded, ResourceExhausted, StonepineError, Unavailable
from storage.catalog import IndexRow

_SCATTER_THREADS = 32

_Link = TypeVar("_Link")


class AsyncEngines:
    """Of one event loop."""

    def __init__(self, sockets: Sequence[Path], lanes: AsyncLanes | None = None) -> None:
        """By engine number. Without `lanes` nobody waits for a turn."""
        self._lanes = lanes
        self.links = [AsyncLink(path) for path in sockets]
        self._rotation = Rotation()

    async def ask(
        self, index: IndexRow, request: messages.Request, *, is_write: bool
    ) -> messages.AnyReply:
        """The reply; a failure is raised as the error it stands for."""
        if self._lanes is None:
            return await self._ask(index, request, is_write=is_write)
        async with self._lanes.lane(index.index_id):
            return await self._ask(index, request, is_write=is_write)

    async def _ask(
        self, index: IndexRow, request: messages.Request, *, is_write: bool
    ) -> messages.AnyReply:
        index.require_engines()
        writer = index.engines[0]
        if index.shards > 1 and isinstance(request, messages.Query):
            answer = await self._ask_together(index, request)
            if answer is not None:
                return answer
        reader = writer if is_write or len(index.engines) == 1 else self._rotation.reader(index)
        if reader != writer:
            try:
                return await _link(self.links, reader).try_once(request)
            except (Unavailable, DeadlineExceeded):
                self._rotation.leave_out(index, reader)
            except ResourceExhausted:
                pass
        return await _link(self.links, writer).ask(request, is_write=is_write)

    async def _ask_together(
        self, index: IndexRow, request: messages.Query
    ) -> messages.Matches | None:
        group = self._rotation.group(index)
        if len(group) < 2:
            return None

        async def ask(engine: int, share: messages.Query) -> messages.AnyReply | None:
            try:
                return await _link(self.links, engine).try_once(share)
            except (Unavailable, DeadlineExceeded):
                self._rotation.leave_out(index, engine)
            except StonepineError:
                pass  # the engine that is asked alone says what is wrong
            return None

        shares = shares_of(request, len(group))
        return gathered(index, request, await asyncio.gather(*map(ask, group, shares)))


class ThreadEngines:
    """Used from any thread."""

    def __init__(self, sockets: Sequence[Path], lanes: ThreadLanes | None = None) -> None:
        """By engine number. Without `lanes` nobody waits for a turn."""
        self._lanes = lanes
        self.links = [ThreadLink(path) for path in sockets]
        self._rotation = Rotation()
        self._pool = ThreadPoolExecutor(_SCATTER_THREADS, thread_name_prefix="scatter")

    def ask(
        self, index: IndexRow, request: messages.Request, *, is_write: bool
    ) -> messages.AnyReply:
        """The reply; a failure is raised as the error it stands for."""
        if self._lanes is None:
            return self._ask(index, request, is_write=is_write)
        with self._lanes.lane(index.index_id):
            return self._ask(index, request, is_write=is_write)

    def _ask(
        self, index: IndexRow, request: messages.Request, *, is_write: bool
    ) -> messages.AnyReply:
        index.require_engines()
        writer = index.engines[0]
        if index.shards > 1 and isinstance(request, messages.Query):
            answer = self._ask_together(index, request)
            if answer is not None:
                return answer
        reader = writer if is_write or len(index.engines) == 1 else self._rotation.reader(index)
        if reader != writer:
            try:
                return _link(self.links, reader).try_once(request)
            except (Unavailable, DeadlineExceeded):
                self._rotation.leave_out(index, reader)
            except ResourceExhausted:
                pass
        return _link(self.links, writer).ask(request, is_write=is_write)

    def _ask_together(self, index: IndexRow, request: messages.Query) -> messages.Matches | None:
        group = self._rotation.group(index)
        if len(group) < 2:
            return None

        def ask(engine: int, share: messages.Query) -> messages.AnyReply | None:
            try:
                return _link(self.links, engine).try_once(share)
            except (Unavailable, DeadlineExceeded):
                self._rotation.leave_out(index, engine)
            except StonepineError:
                pass  # the engine that is asked alone says what is wrong
            return None

        shares = shares_of(request, len(group))
        return gathered(index, request, list(self._pool.map(ask, group, shares)))


def _link(links: Sequence[_Link], number: int) -> _Link:
    if number >= len(links):
        # As after a restart with fewer engines, until the index is placed again.
        raise not_reached()
    return links[number]
