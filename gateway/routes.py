"""Which process answers a request, and which headers it may believe."""

from uuid import UUID

from access import passes
from access.network_policy import ENDPOINT_HEADER, PRIVATE
from gateway.rendering import Json, typed
from gateway.settings import GatewaySettings
from gateway.tls import strict_transport

WEB, NODE_REST, NODE_GRPC = "web", "node_rest", "node_grpc"
INDEX_HEADER = "x-stonepine-index"
BUFFER = "envoy.filters.http.buffer"
# Names under which proxies and frameworks pass on who calls and what is meant, and that of the
# control plane's passes. Never a client's to say.
_FOREIGN_HEADERS = [
    passes.HEADER,
    "forwarded",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-server",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-host",
    "x-original-url",
    "x-real-ip",
    "x-remote-user",
    "x-rewrite-url",
]
# Connecting failed or the stream was refused: the request was certainly not begun, so writes may
# be sent again as well. Together the tries bridge the restart of a process.
_RETRIES: Json = {
    "retry_on": "connect-failure,refused-stream",
    "num_retries": 6,
    "retry_back_off": {"base_interval": "0.05s", "max_interval": "0.8s"},
}


def index_routes(index_id: UUID, settings: GatewaySettings) -> Json:
    """The authority of one index: REST and gRPC, told apart by the content type."""
    host: Json = {
        "name": "index",
        "domains": ["*"],
        "routes": [
            _route({"prefix": "/", "grpc": {}}, NODE_GRPC, settings),
            _route({"prefix": "/"}, NODE_REST, settings),
        ],
        "request_headers_to_add": [
            _overwrite(INDEX_HEADER, str(index_id)),
            *_caller(settings),
        ],
        "request_headers_to_remove": _never_from_outside(settings),
        "response_headers_to_add": strict_transport(settings),
    }
    return {"name": f"index-{index_id}", "virtual_hosts": [host], "validate_clusters": True}


def private_routes(settings: GatewaySettings) -> Json:
    """The base port of the private endpoint: indexes by path, and nothing else."""
    host: Json = {
        "name": "private",
        "domains": ["*"],
        "routes": [_route({"prefix": "/i/"}, NODE_REST, settings)],
        "request_headers_to_add": _caller(settings),
        "request_headers_to_remove": [INDEX_HEADER, *_never_from_outside(settings)],
        "response_headers_to_add": strict_transport(settings),
    }
    return {"name": "private", "virtual_hosts": [host], "validate_clusters": True}


def base_routes(settings: GatewaySettings) -> Json:
    """The base port: console and control plane, and indexes by path."""
    host: Json = {
        "name": "base",
        "domains": ["*"],
        "routes": [
            {
                **_route({"prefix": "/i/"}, NODE_REST, settings),
                "typed_per_filter_config": {BUFFER: _body_of_the_node(settings)},
            },
            {
                **_route({"prefix": "/"}, WEB, settings),
                "typed_per_filter_config": {"header_mutation": _without_own_headers()},
            },
        ],
        "request_headers_to_add": _caller(settings),
        "request_headers_to_remove": [INDEX_HEADER, *_never_from_outside(settings)],
        "response_headers_to_add": strict_transport(settings),
    }
    return {"name": "base", "virtual_hosts": [host], "validate_clusters": True}


def _route(match: Json, cluster: str, settings: GatewaySettings) -> Json:
    action = {
        "cluster": cluster,
        "timeout": f"{settings.request_timeout_s}s",
        "retry_policy": _RETRIES,
    }
    return {"match": match, "route": action}


def _body_of_the_node(settings: GatewaySettings) -> Json:
    most = settings.max_node_body_bytes + settings.body_slack_bytes
    return typed(
        "envoy.extensions.filters.http.buffer.v3.BufferPerRoute",
        buffer={"max_request_bytes": most},
    )


def _without_own_headers() -> Json:
    removed = {"remove_on_match": {"key_matcher": {"prefix": "x-stonepine-", "ignore_case": True}}}
    return typed(
        "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute",
        mutations={"request_mutations": [removed]},
    )


def _caller(settings: GatewaySettings) -> list[Json]:
    """What we say of the client: its address, and the endpoint where that is the private one."""
    found = [_overwrite("x-forwarded-for", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%")]
    if settings.is_private:
        found.append(_overwrite(ENDPOINT_HEADER, PRIVATE))
    return found


def _never_from_outside(settings: GatewaySettings) -> list[str]:
    return _FOREIGN_HEADERS if settings.is_private else [ENDPOINT_HEADER, *_FOREIGN_HEADERS]


def _overwrite(name: str, value: str) -> Json:
    header = {"key": name, "value": value}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
