"""What Envoy is started with: the base listener, the processes behind, limits, discovery files."""

from pathlib import Path

from gateway.chains import listener
from gateway.rendering import Json, discovered, named, to_bytes, typed
from gateway.routes import (
    BASE,
    NODE_GRPC,
    NODE_REST,
    PRIVATE_BASE,
    WEB,
    base_routes,
    found_routes,
    private_routes,
)
from gateway.settings import GatewaySettings

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
WEB_IDLE_S = 0.5
_EARLY: Json = {"scaled": {"scaling_threshold": 0.6, "saturation_threshold": 0.85}}
_LAST: Json = {"threshold": {"value": 0.97}}


def render_bootstrap(settings: GatewaySettings) -> bytes:
    """Envoy's bootstrap; the admin interface is a unix socket in the private run folder."""
    routes = found_routes(BASE, settings) if settings.is_apart else base_routes(settings)
    base = listener(BASE, settings.port, routes, settings, is_data_plane=False)
    return to_bytes(
        {
            "node": {"id": "gateway", "cluster": "stonepine"},
            "admin": {"address": pipe(settings.admin_socket)},
            "static_resources": {
                "listeners": [base, *_private(settings.private)],
                "clusters": [] if settings.is_apart else _clusters_here(settings),
            },
            "dynamic_resources": {
                "lds_config": discovered(settings.listeners_file),
                **({"cds_config": discovered(settings.clusters_file)} if settings.is_apart else {}),
            },
            "overload_manager": overload(settings),
        }
    )


def _private(settings: GatewaySettings | None) -> list[Json]:
    if settings is None:
        return []
    is_apart = settings.is_apart
    routes = found_routes(PRIVATE_BASE, settings) if is_apart else private_routes(settings)
    return [listener(PRIVATE_BASE, settings.port, routes, settings, is_data_plane=True)]


def pipe(path: Path) -> Json:
    return {"pipe": {"path": str(path), "mode": 0o600}}


def _clusters_here(settings: GatewaySettings) -> list[Json]:
    return [
        web_cluster(settings.web_socket),
        local_cluster(NODE_REST, settings.node_rest_socket, is_http2=False),
        local_cluster(NODE_GRPC, settings.node_grpc_socket, is_http2=True),
    ]


def web_cluster(socket: Path) -> Json:
    """A connection for each request: whoever follows at the socket gets all that come from then on,
    and none is on its way along a connection that its predecessor closes."""
    cluster = local_cluster(WEB, socket, is_http2=False, max_requests=512)
    options = cluster["typed_extension_protocol_options"][_HTTP_OPTIONS]
    options["common_http_protocol_options"] = {
        "max_requests_per_connection": 1,
        # Of one whose request was withdrawn before it was sent.
        "idle_timeout": f"{WEB_IDLE_S}s",
    }
    return cluster


def local_cluster(name: str, socket: Path, *, is_http2: bool, max_requests: int = 2048) -> Json:
    limits = {
        "max_connections": max_requests,
        "max_pending_requests": max_requests,
        "max_requests": max_requests,
        "max_retries": 256,
    }
    endpoint = {"endpoint": {"address": {"pipe": {"path": str(socket)}}}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "typed_extension_protocol_options": {_HTTP_OPTIONS: _upstream_protocol(is_http2=is_http2)},
    }


def _upstream_protocol(*, is_http2: bool) -> Json:
    # Idle connections end here before they end there (uvicorn: 5 s), so none dies under a request.
    protocol: Json = {"http2_protocol_options": {}} if is_http2 else {"http_protocol_options": {}}
    idle_s = 300 if is_http2 else 3
    return typed(
        _HTTP_OPTIONS,
        common_http_protocol_options={"idle_timeout": f"{idle_s}s"},
        explicit_http_config=protocol,
    )


def overload(settings: GatewaySettings) -> Json:
    heap, connections = (
        "envoy.resource_monitors.fixed_heap",
        ("envoy.resource_monitors.global_downstream_max_connections"),
    )
    return {
        "refresh_interval": "0.25s",
        # Accounts are kept of streams that hold a megabyte or more (2 to the power of 20).
        "buffer_factory_config": {"minimum_account_to_track_power_of_two": 20},
        "resource_monitors": [
            named(
                heap,
                "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
                max_heap_size_bytes=settings.max_heap_bytes,
            ),
            named(
                connections,
                "envoy.extensions.resource_monitors.downstream_connections.v3"
                ".DownstreamConnectionsConfig",
                max_active_downstream_connections=settings.max_connections,
            ),
        ],
        "actions": [
            _action("envoy.overload_actions.shrink_heap", heap, {"threshold": {"value": 0.8}}),
            # Who stalls, and over HTTP/2 who holds most, is cut off before everybody is refused.
            {
                **_action("envoy.overload_actions.reduce_timeouts", heap, _EARLY),
                "typed_config": _short_timeouts(),
            },
            _action("envoy.overload_actions.reset_high_memory_stream", heap, _EARLY),
            _action("envoy.overload_actions.stop_accepting_requests", heap, _LAST),
        ],
    }


def _action(name: str, monitor: str, trigger: Json) -> Json:
    return {"name": name, "triggers": [{"name": monitor, **trigger}]}


def _short_timeouts() -> Json:
    return typed(
        "envoy.config.overload.v3.ScaleTimersOverloadActionConfig",
        timer_scale_factors=[{"timer": "HTTP_DOWNSTREAM_STREAM_IDLE", "min_timeout": "1s"}],
    )
