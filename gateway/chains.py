"""A listener that speaks plaintext HTTP/1.1, h2c and TLS on one port: two filter chains."""

from gateway.rendering import Json, named
from gateway.replies import local_replies
from gateway.routes import BUFFER
from gateway.settings import GatewaySettings
from gateway.tls import downstream_tls

_HTTP = "envoy.extensions.filters.http"
_HTTP_LIMITS = {
    "idle_timeout": "300s",
    "max_headers_count": 100,
    "headers_with_underscores_action": "DROP_HEADER",
}
_HTTP2: Json = {
    "max_concurrent_streams": 128,
    "initial_stream_window_size": 1024 * 1024,
    "initial_connection_window_size": 4 * 1024 * 1024,
    "connection_keepalive": {"interval": "60s", "timeout": "20s"},
}


def listener(
    name: str, port: int, routes: Json, settings: GatewaySettings, *, is_data_plane: bool
) -> Json:
    """Envoy's listener message; the TLS inspector picks the chain by the first bytes."""
    chains: list[Json] = []
    for match, hops in _trust(settings):
        manager = _connection_manager(name, routes, settings, hops, is_data_plane=is_data_plane)
        limits = [_connection_limit(name, settings)] if is_data_plane else []
        chains += _chains([*limits, manager], match, settings)
    return {
        "name": name,
        "address": {"socket_address": {"address": settings.bind_host, "port_value": port}},
        # One socket for all workers: a port that somebody else holds is refused, not shared.
        "enable_reuse_port": False,
        "connection_balance_config": {"exact_balance": {}},
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "listener_filters_timeout": "5s",
        "listener_filters": [
            named(
                "envoy.filters.listener.tls_inspector",
                "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector",
            )
        ],
        "filter_chains": chains,
    }


def _trust(settings: GatewaySettings) -> list[tuple[Json, int]]:
    """Whose X-Forwarded-For counts, and how many proxies deep: by the address that connects."""
    if not settings.trusted_hops or not settings.trusted_proxies:
        return [({}, settings.trusted_hops)]
    ranges = [_range(network) for network in settings.trusted_proxies]
    return [({"direct_source_prefix_ranges": ranges}, settings.trusted_hops), ({}, 0)]


def _range(network: str) -> Json:
    address, _, length = network.partition("/")
    return {"address_prefix": address, "prefix_len": int(length)}


def _chains(filters: list[Json], match: Json, settings: GatewaySettings) -> list[Json]:
    behind = "-of-proxies" if match else ""
    tls = {
        "name": f"tls{behind}",
        "filter_chain_match": {"transport_protocol": "tls", **match},
        "transport_socket": downstream_tls(settings),
        "transport_socket_connect_timeout": "10s",
        "filters": filters,
    }
    plain = {
        "name": f"plain{behind}",
        "filter_chain_match": {"transport_protocol": "raw_buffer", **match},
        "filters": filters,
    }
    return [tls, plain] if settings.speaks_plaintext else [tls]


def _connection_manager(
    name: str, routes: Json, settings: GatewaySettings, trusted_hops: int, *, is_data_plane: bool
) -> Json:
    return named(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=name,
        codec_type="AUTO",
        **_told_routes(routes),
        http_filters=_filters(settings, is_data_plane=is_data_plane),
        local_reply_config=local_replies(settings, is_data_plane=is_data_plane),
        server_name="stonepine",
        # No address counts as internal: ids and headers of clients on this machine are not trusted.
        use_remote_address=True,
        internal_address_config={"unix_sockets": False},
        xff_num_trusted_hops=trusted_hops,
        preserve_external_request_id=False,
        normalize_path=True,
        merge_slashes=True,
        # Namespaces and record ids may hold a slash, percent-encoded.
        path_with_escaped_slashes_action="KEEP_UNCHANGED",
        max_request_headers_kb=48,
        request_timeout=f"{settings.request_timeout_s}s",
        request_headers_timeout="15s",
        stream_idle_timeout=f"{settings.request_timeout_s + 10}s",
        delayed_close_timeout="1s",
        drain_timeout="5s",
        common_http_protocol_options=_HTTP_LIMITS,
        http2_protocol_options=_HTTP2,
    )


def _told_routes(routes: Json) -> Json:
    """The routes themselves, or where they are found."""
    return routes if "rds" in routes else {"route_config": routes}


def _connection_limit(name: str, settings: GatewaySettings) -> Json:
    """Connections to one index must not use up those of all; each filter chain counts its own."""
    return named(
        "envoy.filters.network.connection_limit",
        "envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit",
        stat_prefix=name,
        max_connections=settings.max_index_connections,
    )


def _compressor() -> Json:
    """Style sheets and scripts travel packed. Pages and answers do not: their size would tell of
    secrets in them to whoever may put words of theirs beside those (BREACH)."""
    return named(
        "envoy.filters.http.compressor",
        f"{_HTTP}.compressor.v3.Compressor",
        response_direction_config={
            "common_config": {
                "min_content_length": 256,
                "content_type": ["text/css", "text/javascript", "image/svg+xml"],
            }
        },
        compressor_library=named(
            "gzip",
            "envoy.extensions.compression.gzip.compressor.v3.Gzip",
            compression_level="COMPRESSION_LEVEL_6",
        ),
    )


def _filters(settings: GatewaySettings, *, is_data_plane: bool) -> list[Json]:
    """Bodies are gathered first, so that a slow sender holds no thread of the process behind."""
    most = settings.max_node_body_bytes if is_data_plane else settings.max_web_body_bytes
    limit = most + settings.body_slack_bytes
    return [
        *([] if is_data_plane else [_compressor()]),
        named("header_mutation", f"{_HTTP}.header_mutation.v3.HeaderMutation", mutations={}),
        named(BUFFER, f"{_HTTP}.buffer.v3.Buffer", max_request_bytes=limit),
        named(
            "envoy.filters.http.router", f"{_HTTP}.router.v3.Router", suppress_envoy_headers=True
        ),
    ]
