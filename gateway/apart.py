"""A gateway in front of parts on other machines: what it is told of them, as discovery files.

A route is a file of its own, beside its listener: an index that moves to another node is asked for
there on connections that are open already.
"""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from uuid import UUID

from gateway.listeners import INDEX_PREFIX, PRIVATE_PREFIX, IndexListener, render_listeners
from gateway.parts_tls import upstream_tls
from gateway.rendering import Json, discovery, publish, type_url, typed
from gateway.routes import (
    BASE,
    PRIVATE_BASE,
    WEB,
    Node,
    base_routes,
    index_routes,
    private_routes,
    routes_file,
)
from gateway.settings import GatewaySettings
from kit.parts import PartKind, identity, split_address, zone

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_CLUSTER = type_url("envoy.config.cluster.v3.Cluster")
_ROUTES = type_url("envoy.config.route.v3.RouteConfiguration")
# A way that is cut says nothing: it is asked.
_KEEPALIVE = {"interval": "2s", "timeout": "2s"}
_LIMITS = {
    "max_connections": 2048,
    "max_pending_requests": 2048,
    "max_requests": 2048,
    "max_retries": 256,
}


@dataclass(frozen=True, slots=True)
class PlacedIndex:
    """`port` is None where indexes are addressed by path, `node` where it is not placed yet."""

    index_id: UUID
    port: int | None
    node: str | None


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a gateway has to know: addresses (`host:port`) by name, and indexes."""

    nodes: tuple[tuple[str, str], ...] = ()
    webs: tuple[tuple[str, str], ...] = ()
    indexes: tuple[PlacedIndex, ...] = ()


def publish_parts(settings: GatewaySettings, parts: Parts) -> None:
    """First where nodes are, then which of them serves what, then who is listened for."""
    publish(settings.clusters_file, render_clusters(settings, parts))
    settings.routes_dir.mkdir(mode=0o700, exist_ok=True)
    routes = dict(_routes(settings, parts))
    for path, content in routes.items():
        publish(path, content)
    listeners = [
        IndexListener(one.index_id, one.port) for one in parts.indexes if one.port is not None
    ]
    publish(settings.listeners_file, render_listeners(listeners, settings))
    for path in settings.routes_dir.glob("*.json"):
        if path not in routes:
            path.unlink(missing_ok=True)


def render_clusters(settings: GatewaySettings, parts: Parts) -> bytes:
    """One cluster for each node, one for all webs."""
    nodes = [_node_cluster(settings, name, address) for name, address in sorted(parts.nodes)]
    return discovery([*nodes, _web_cluster(settings, parts)])


def _routes(settings: GatewaySettings, parts: Parts) -> list[tuple[Path, bytes]]:
    by_path = {f"/i/{one.index_id}/": _node(one.node) for one in parts.indexes}
    # Whatever there is not is answered by a node, in the words of nodes.
    by_path["/i/"] = _node(min((name for name, _ in parts.nodes), default=None))
    found = [(BASE, base_routes(settings, nodes=by_path))]
    for one in parts.indexes:
        routes = index_routes(one.index_id, settings, node=_node(one.node))
        found.append((f"{INDEX_PREFIX}{one.index_id}", routes))
    private = settings.private
    if private is not None:
        found.append((PRIVATE_BASE, private_routes(private, nodes=by_path)))
        for one in parts.indexes:
            routes = index_routes(one.index_id, private, node=_node(one.node))
            found.append((f"{PRIVATE_PREFIX}{one.index_id}", routes))
    return [
        (routes_file(name, settings), discovery([{"@type": _ROUTES, **told, "name": name}]))
        for name, told in found
    ]


def _node(name: str | None) -> Node:
    """REST and gRPC go the same way. Nobody is called so where there is no node: that is 503."""
    cluster = f"node-{name}" if name is not None else "nobody"
    return Node(cluster, cluster)


def _node_cluster(settings: GatewaySettings, name: str, address: str) -> Json:
    expected = {"exact": identity(PartKind.NODE, name)}
    return _cluster(f"node-{name}", [address], settings, expected)


def _web_cluster(settings: GatewaySettings, parts: Parts) -> Json:
    """Whoever does not answer for its health is asked for nothing."""
    addresses = sorted(address for _, address in parts.webs)
    cluster = _cluster(WEB, addresses, settings, {"suffix": f".{zone(PartKind.WEB)}"})
    cluster["health_checks"] = [
        {
            "timeout": "2s",
            "interval": "2s",
            "no_traffic_interval": "2s",
            "unhealthy_threshold": 2,
            "healthy_threshold": 1,
            "http_health_check": {"path": "/healthz", "codec_client_type": "HTTP2"},
        }
    ]
    # With none that is well, each is tried: the check itself may be what fails.
    return cluster


def _cluster(
    name: str, addresses: list[str], settings: GatewaySettings, expected: dict[str, str]
) -> Json:
    endpoints = list(chain.from_iterable(map(_endpoints, addresses)))
    return {
        "@type": _CLUSTER,
        "name": name,
        "type": "STRICT_DNS",
        "dns_lookup_family": "ALL",
        "connect_timeout": "2s",
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "circuit_breakers": {"thresholds": [_LIMITS]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        "transport_socket": upstream_tls(settings, expected),
        "typed_extension_protocol_options": {
            _HTTP_OPTIONS: typed(
                _HTTP_OPTIONS,
                common_http_protocol_options={"idle_timeout": "300s"},
                explicit_http_config={
                    "http2_protocol_options": {"connection_keepalive": _KEEPALIVE}
                },
            )
        },
    }


def _endpoints(address: str) -> list[Json]:
    host, port = split_address(address)
    told = {"socket_address": {"address": host, "port_value": port}}
    return [{"endpoint": {"address": told}}]
