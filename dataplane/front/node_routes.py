"""The node's own routes beside the public API: is it alive, does an index serve."""

from uuid import UUID

from access import probes
from dataplane.engine import messages
from dataplane.front.async_link import AsyncLink
from dataplane.front.call import Header
from kit.errors import NotFound, Unauthenticated

_NO_INDEX = UUID(int=0)


class NodeRoutes:
    """Raises errors as the REST face does."""

    PREFIX = "/.stonepine/"

    def __init__(self, link: AsyncLink, *, probe_key: bytes) -> None:
        self._link = link
        self._probe_key = probe_key

    async def answer(self, path: str, index_id: UUID | None, header: Header) -> bytes:
        if path == self.PREFIX + "healthz":
            # No key: it tells no more than that the port answers.
            await self._link.ask(messages.Ping(index_id=_NO_INDEX), is_write=False)
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
        if not probes.verify(self._probe_key, token, index_id):
            raise Unauthenticated("The probe token is not valid for this index, or expired.")
        await self._link.ask(messages.Probe(index_id=index_id), is_write=False)
