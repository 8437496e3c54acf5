"""The door of a node's or web's machine: what Envoy is started with there. Other parts knock at it
with their certificates; behind it are the unix sockets that have no other way in."""

from gateway.bootstrap import local_cluster, overload, pipe, web_cluster
from gateway.parts_tls import door_tls
from gateway.rendering import Json, named, to_bytes
from gateway.routes import NODE_GRPC, NODE_REST, WEB, retried_route
from gateway.settings import GatewaySettings
from kit.parts import PartKind, split_address

_HTTP = "envoy.extensions.filters.http"


def render_door(settings: GatewaySettings, kind: PartKind, *, address: str) -> bytes:
    """Listens at `address`, `host:port` of this machine."""
    host, port = split_address(address)
    return to_bytes(
        {
            "node": {"id": "door", "cluster": "stonepine"},
            "admin": {"address": pipe(settings.admin_socket)},
            "static_resources": {
                "listeners": [_listener(settings, kind, host, port)],
                "clusters": _clusters(settings, kind),
            },
            "overload_manager": overload(settings),
        }
    )


def _listener(settings: GatewaySettings, kind: PartKind, host: str, port: int) -> Json:
    return {
        "name": "door",
        "address": {"socket_address": {"address": host, "port_value": port}},
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "filter_chains": [
            {
                "transport_socket": door_tls(settings, kind),
                "transport_socket_connect_timeout": "10s",
                "filters": [_connection_manager(settings, kind)],
            }
        ],
    }


def _connection_manager(settings: GatewaySettings, kind: PartKind) -> Json:
    """Who calls, and in whose name, was said by the gateway: it passes as it came."""
    return named(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="door",
        codec_type="AUTO",
        route_config={
            "name": "door",
            "virtual_hosts": [
                {"name": "door", "domains": ["*"], "routes": _routes(settings, kind)}
            ],
        },
        http_filters=[
            named(
                "envoy.filters.http.router",
                f"{_HTTP}.router.v3.Router",
                suppress_envoy_headers=True,
            )
        ],
        server_header_transformation="PASS_THROUGH",
        use_remote_address=False,
        skip_xff_append=True,
        preserve_external_request_id=True,
        generate_request_id=False,
        # Namespaces and record ids may hold a slash, percent-encoded.
        path_with_escaped_slashes_action="KEEP_UNCHANGED",
        max_request_headers_kb=60,
        stream_idle_timeout=f"{settings.request_timeout_s + 20}s",
        http2_protocol_options={
            "max_concurrent_streams": 2048,
            "initial_stream_window_size": 1024 * 1024,
            "initial_connection_window_size": 16 * 1024 * 1024,
            "connection_keepalive": {"interval": "10s", "timeout": "10s"},
        },
    )


def _routes(settings: GatewaySettings, kind: PartKind) -> list[Json]:
    if kind is PartKind.WEB:
        return [retried_route({"prefix": "/"}, WEB, settings)]
    return [
        retried_route({"prefix": "/", "grpc": {}}, NODE_GRPC, settings),
        retried_route({"prefix": "/"}, NODE_REST, settings),
    ]


def _clusters(settings: GatewaySettings, kind: PartKind) -> list[Json]:
    if kind is PartKind.WEB:
        return [web_cluster(settings.web_socket)]
    return [
        local_cluster(NODE_REST, settings.node_rest_socket, is_http2=False),
        local_cluster(NODE_GRPC, settings.node_grpc_socket, is_http2=True),
    ]
