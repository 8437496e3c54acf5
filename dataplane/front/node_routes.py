"""The node's own routes beside the public API: is it alive, does an index serve."""

import asyncio
from collections.abc import Callable, Iterable
from uuid import UUID

from access import probes
from dataplane.engine import messages
from dataplane.front.call import Header
from dataplane.front.engines import AsyncEngines
from kit.errors import NotFound, Unauthenticated
from storage.catalog import IndexRow

_NO_INDEX = UUID(int=0)


class NodeRoutes:
    """Raises errors as the REST face does."""

    PREFIX = "/.stonepine/"

    def __init__(
        self,
        engines: AsyncEngines,
        *,
        find_index: Callable[[UUID], IndexRow | None],
        probe_keys: Callable[[], Iterable[bytes]],
    ) -> None:
        """`find_index` may block."""
        self._engines = engines
        self._find_index = find_index
        self._probe_keys = probe_keys

    async def answer(self, path: str, index_id: UUID | None, header: Header) -> bytes:
        if path == self.PREFIX + "healthz":
            # No key: it tells no more than that the port answers.
            ping = messages.Ping(index_id=_NO_INDEX)
            await asyncio.gather(*(link.ask(ping, is_write=False) for link in self._engines.links))
            return b'{"status":"ok"}'
        if path == self.PREFIX + "probe":
            await self._probe(index_id, header("authorization") or "")
            return b"{}"
        raise NotFound("There is nothing at this path.")

    async def _probe(self, index_id: UUID | None, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        is_ours = scheme == probes.SCHEME and index_id is not None
        if index_id is None or not is_ours:
            raise Unauthenticated("A probe token is needed.")
        if not probes.verify(self._probe_keys(), token, index_id):
            raise Unauthenticated("The probe token is not valid for this index, or expired.")
        index = await asyncio.to_thread(self._find_index, index_id)
        if index is None:
            raise NotFound("Index not found.")
        await self._engines.ask(index, messages.Probe(index_id=index_id), is_write=True)
