"""The REST face's way to the engine: one connection, many calls on it at once."""

import asyncio
from pathlib import Path
from typing import cast

from dataplane.engine import messages
from dataplane.front.link import (
    MAX_IN_FLIGHT,
    RECONNECT_S,
    REPLY_S,
    TRY_S,
    ConnectionLost,
    may_be_applied,
    no_answer,
    not_reached,
    raise_failure,
    too_many,
)
from dataplane.front.reply_stream import ReplyStream

_RETRY_PAUSE_S = 0.05


class AsyncLink:
    """Of one event loop. A read is asked again once when the engine went away under it."""

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path
        self._wire: _Wire | None = None
        self._connecting = asyncio.Lock()
        self._in_flight = 0

    async def ask(self, request: messages.Request, *, is_write: bool) -> messages.AnyReply:
        """The reply; a failure is raised as the error it stands for."""
        if self._in_flight >= MAX_IN_FLIGHT:
            raise too_many()
        self._in_flight += 1
        try:
            async with asyncio.timeout(REPLY_S):
                return raise_failure(await self._ask(request, is_write=is_write))
        except TimeoutError:
            raise no_answer(is_write=is_write) from None
        finally:
            self._in_flight -= 1

    async def try_once(self, request: messages.Request) -> messages.AnyReply:
        """A read that others can answer as well: it waits for no engine that is away or slow."""
        if self._in_flight >= MAX_IN_FLIGHT:
            raise too_many()
        self._in_flight += 1
        try:
            async with asyncio.timeout(TRY_S):
                wire = await self._connected(patience_s=0.0)
                return raise_failure(await wire.exchange(request))
        except TimeoutError:
            raise no_answer(is_write=False) from None
        except ConnectionLost:
            raise not_reached() from None
        finally:
            self._in_flight -= 1

    async def _ask(self, request: messages.Request, *, is_write: bool) -> messages.AnyReply:
        try:
            return await (await self._connected()).exchange(request)
        except ConnectionLost:
            if is_write:
                raise may_be_applied() from None
        try:
            return await (await self._connected()).exchange(request)
        except ConnectionLost:
            raise not_reached() from None

    async def _connected(self, *, patience_s: float = RECONNECT_S) -> "_Wire":
        if self._wire is not None and self._wire.is_open:
            return self._wire
        async with self._connecting:
            if self._wire is None or not self._wire.is_open:
                self._wire = await self._connect(patience_s)
        return self._wire

    async def _connect(self, patience_s: float) -> "_Wire":
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience_s
        while True:
            try:
                _, wire = await loop.create_unix_connection(_Wire, str(self._path))
            except OSError:
                if loop.time() >= deadline:
                    raise not_reached() from None
                await asyncio.sleep(_RETRY_PAUSE_S)
            else:
                return wire


class _Wire(asyncio.Protocol):
    """One connection; replies find their calls by number."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, asyncio.Future[messages.AnyReply]] = {}
        self._replies = ReplyStream()
        self._last_call = 0

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: messages.Request) -> messages.AnyReply:
        if self._transport is None:
            raise ConnectionLost
        call = self._last_call + 1
        frame = messages.pack(call, request)
        self._last_call = call
        future: asyncio.Future[messages.AnyReply] = asyncio.get_running_loop().create_future()
        self._waiting[call] = future
        self._transport.write(frame)
        try:
            return await future
        finally:
            self._waiting.pop(call, None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, they only behave like them.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        for call, reply in self._replies.feed(data):
            future = self._waiting.pop(call, None)
            if future is not None and not future.done():
                future.set_result(reply)

    def connection_lost(self, _error: Exception | None) -> None:
        self._transport = None
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionLost())
        self._waiting.clear()
