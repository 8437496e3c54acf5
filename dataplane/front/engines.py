"""The engines of this node as the front sees them: which one a request goes to."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from dataplane.engine import messages
from dataplane.front.async_link import AsyncLink
from dataplane.front.link import not_reached
from dataplane.front.thread_link import ThreadLink
from storage.catalog import IndexRow

_Link = TypeVar("_Link")


class AsyncEngines:
    """Of one event loop."""

    def __init__(self, sockets: Sequence[Path]) -> None:
        """By engine number."""
        self.links = [AsyncLink(path) for path in sockets]

    async def ask(
        self, index: IndexRow, request: messages.Request, *, is_write: bool
    ) -> messages.AnyReply:
        """The reply; a failure is raised as the error it stands for."""
        return await _serving(index, self.links).ask(request, is_write=is_write)


class ThreadEngines:
    """Used from any thread."""

    def __init__(self, sockets: Sequence[Path]) -> None:
        """By engine number."""
        self.links = [ThreadLink(path) for path in sockets]

    def ask(
        self, index: IndexRow, request: messages.Request, *, is_write: bool
    ) -> messages.AnyReply:
        """The reply; a failure is raised as the error it stands for."""
        return _serving(index, self.links).ask(request, is_write=is_write)


def _serving(index: IndexRow, links: Sequence[_Link]) -> _Link:
    number = index.engines[0]
    if number >= len(links):
        # As after a restart with fewer engines, until the index is placed again.
        raise not_reached()
    return links[number]
