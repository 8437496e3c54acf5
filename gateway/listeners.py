"""The discovery file of the indexes' listeners: rendered whole, replaced at once."""

import json
from collections.abc import Iterable
from uuid import UUID

from gateway.chains import listener
from gateway.rendering import discovery, publish, type_url
from gateway.routes import index_routes
from gateway.settings import GatewaySettings, IndexListener

__all__ = ["GatewaySettings", "IndexListener", "publish", "read_listeners", "render_listeners"]

_LISTENER = type_url("envoy.config.listener.v3.Listener")
_NAME_PREFIX = "index-"


def render_listeners(listeners: Iterable[IndexListener], settings: GatewaySettings) -> bytes:
    """The same set of listeners gives the same bytes, whatever order it comes in."""
    resources = [
        {
            "@type": _LISTENER,
            **listener(
                f"{_NAME_PREFIX}{entry.index_id}",
                entry.port,
                index_routes(entry.index_id, settings),
                settings,
                is_data_plane=True,
            ),
        }
        for entry in sorted(listeners, key=lambda entry: entry.port)
    ]
    return discovery(resources)


def read_listeners(content: bytes) -> list[IndexListener]:
    """What a file of `render_listeners` lists, so that it can be rendered with other settings."""
    return [
        IndexListener(
            UUID(entry["name"].removeprefix(_NAME_PREFIX)),
            int(entry["address"]["socket_address"]["port_value"]),
        )
        for entry in json.loads(content)["resources"]
    ]
