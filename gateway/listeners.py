"""The discovery file of the indexes' listeners: rendered whole, replaced at once."""

from collections.abc import Iterable

from gateway.chains import listener
from gateway.rendering import discovery, publish, type_url
from gateway.routes import index_routes
from gateway.settings import GatewaySettings, IndexListener

__all__ = ["GatewaySettings", "IndexListener", "publish", "render_listeners"]

_LISTENER = type_url("envoy.config.listener.v3.Listener")


def render_listeners(listeners: Iterable[IndexListener], settings: GatewaySettings) -> bytes:
    """The same set of listeners gives the same bytes, whatever order it comes in."""
    resources = [
        {
            "@type": _LISTENER,
            **listener(
                f"index-{entry.index_id}",
                entry.port,
                index_routes(entry.index_id, settings),
                settings,
                is_data_plane=True,
            ),
        }
        for entry in sorted(listeners, key=lambda entry: entry.port)
    ]
    return discovery(resources)
