"""The discovery file of the indexes' listeners: rendered whole, replaced at once."""

import json
from collections.abc import Iterable
from uuid import UUID

from gateway.chains import listener
from gateway.rendering import Json, discovery, publish, type_url
from gateway.routes import found_routes, index_routes
from gateway.settings import GatewaySettings, IndexListener

__all__ = ["GatewaySettings", "IndexListener", "publish", "read_listeners", "render_listeners"]

_LISTENER = type_url("envoy.config.listener.v3.Listener")
INDEX_PREFIX = "index-"
PRIVATE_PREFIX = "private-"


def render_listeners(listeners: Iterable[IndexListener], settings: GatewaySettings) -> bytes:
    """The same set of listeners gives the same bytes, whatever order it comes in."""
    entries = sorted(listeners, key=lambda entry: entry.port)
    resources = [_rendered(INDEX_PREFIX, entry, settings) for entry in entries]
    private = settings.private
    if private is not None:
        offset = settings.private_port_offset
        apart = [IndexListener(entry.index_id, entry.port + offset) for entry in entries]
        resources += [_rendered(PRIVATE_PREFIX, entry, private) for entry in apart]
    return discovery(resources)


def read_listeners(content: bytes) -> list[IndexListener]:
    """What a file of `render_listeners` lists, so that it can be rendered with other settings."""
    return [
        IndexListener(
            UUID(entry["name"].removeprefix(INDEX_PREFIX)),
            int(entry["address"]["socket_address"]["port_value"]),
        )
        for entry in json.loads(content)["resources"]
        if entry["name"].startswith(INDEX_PREFIX)
    ]


def _rendered(prefix: str, entry: IndexListener, settings: GatewaySettings) -> Json:
    name = f"{prefix}{entry.index_id}"
    routes = index_routes(entry.index_id, settings)
    if settings.is_apart:
        routes = found_routes(name, settings)
    rendered = listener(name, entry.port, routes, settings, is_data_plane=True)
    return {"@type": _LISTENER, **rendered}
