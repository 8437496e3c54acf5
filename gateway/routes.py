"""Which process answers a request, and which headers it may believe."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from access import passes
from access.network_policy import ENDPOINT_HEADER, PRIVATE
from gateway.rendering import Json, discovered, typed
from gateway.settings import GatewaySettings
from gateway.tls import strict_transport

WEB, NODE_REST, NODE_GRPC = "web", "node_rest", "node_grpc"
BASE, PRIVATE_BASE = "base", "private"
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


class Node(NamedTuple):
    """The clusters of a node, by what is spoken."""

    rest: str
    grpc: str


HERE = Node(NODE_REST, NODE_GRPC)


def index_routes(index_id: UUID, settings: GatewaySettings, *, node: Node = HERE) -> Json:
    """The authority of one index: REST and gRPC, told apart by the content type."""
    host: Json = {
        "name": "index",
        "domains": ["*"],
        "routes": [
            retried_route({"prefix": "/", "grpc": {}}, node.grpc, settings),
            retried_route({"prefix": "/"}, node.rest, settings),
        ],
        "request_headers_to_add": [
            _overwrite(INDEX_HEADER, str(index_id)),
            *_caller(settings),
        ],
        "request_headers_to_remove": _never_from_outside(settings),
        "response_headers_to_add": strict_transport(settings),
    }
    return _config(f"index-{index_id}", host, settings)


def private_routes(settings: GatewaySettings, *, nodes: Mapping[str, Node] | None = None) -> Json:
    """The base port of the private endpoint: indexes by path, and nothing else."""
    host: Json = {
        "name": PRIVATE_BASE,
        "domains": ["*"],
        "routes": _by_path(settings, nodes),
        "request_headers_to_add": _caller(settings),
        "request_headers_to_remove": [INDEX_HEADER, *_never_from_outside(settings)],
        "response_headers_to_add": strict_transport(settings),
    }
    return _config(PRIVATE_BASE, host, settings)


def base_routes(settings: GatewaySettings, *, nodes: Mapping[str, Node] | None = None) -> Json:
    """The base port: console and control plane, and indexes by path. `nodes` by prefix of the path;
    whatever lies below `/i/` is the node's on the only machine."""
    buffered = {"typed_per_filter_config": {BUFFER: _body_of_the_node(settings)}}
    host: Json = {
        "name": BASE,
        "domains": ["*"],
        "routes": [
            *({**route, **buffered} for route in _by_path(settings, nodes)),
            {
                **retried_route({"prefix": "/"}, WEB, settings),
                "typed_per_filter_config": {"header_mutation": _without_own_headers()},
            },
        ],
        "request_headers_to_add": _caller(settings),
        "request_headers_to_remove": [INDEX_HEADER, *_never_from_outside(settings)],
        "response_headers_to_add": strict_transport(settings),
    }
    return _config(BASE, host, settings)


def found_routes(name: str, settings: GatewaySettings) -> Json:
    """The routes of a listener that is told them by a file of its own."""
    source = discovered(routes_file(name, settings), by_folder=False)
    return {"rds": {"route_config_name": name, "config_source": source}}


def routes_file(name: str, settings: GatewaySettings) -> Path:
    return settings.routes_dir / f"{name}.json"


def _by_path(settings: GatewaySettings, nodes: Mapping[str, Node] | None) -> list[Json]:
    found = {"/i/": HERE} if nodes is None else nodes
    # The longest prefix first: the first that fits is taken.
    prefixes = sorted(found, key=lambda prefix: (-len(prefix), prefix))
    return [retried_route({"prefix": one}, found[one].rest, settings) for one in prefixes]


def _config(name: str, host: Json, settings: GatewaySettings) -> Json:
    """A node that is just being lost is still routed to: the answer is 503 then."""
    return {
        "name": name,
        "virtual_hosts": [host],
        "validate_clusters": not settings.is_apart,
    }


def retried_route(match: Json, cluster: str, settings: GatewaySettings) -> Json:
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
