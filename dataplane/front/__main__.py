"""The front of an index node: `python -m dataplane.front`, REST and gRPC on two unix sockets."""

import os
import signal
import socket
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
import uvicorn

from dataplane.front.allowances import Allowances
from dataplane.front.control_plane import ControlPlane
from dataplane.front.cors import Cors
from dataplane.front.engines import AsyncEngines, ThreadEngines
from dataplane.front.event_log import EventLog
from dataplane.front.gate import Gate
from dataplane.front.grpc_face import GrpcFace
from dataplane.front.heartbeat import Heartbeat
from dataplane.front.import_desk import ImportDesk
from dataplane.front.import_routes import ImportRoutes
from dataplane.front.key_uses import KeyUseReporter, KeyUses
from dataplane.front.lanes import AsyncLanes, Company, ThreadLanes
from dataplane.front.meter import Meter
from dataplane.front.node_routes import NodeRoutes
from dataplane.front.passes import PassTaker
from dataplane.front.reporter import Reporter
from dataplane.front.rest import RestFace
from dataplane.front.stopwatch import Stopwatch
from keyring.layered import LayeredKeyring
from kit.collector import leave_out_what_is_there
from kit.environment import Environment, environment
from kit.logs import configure_logs
from storage.access_watch import AccessWatch
from storage.outer_keys import open_keyring

_GRACE_S = 5
_FIRST_WORD_S = 5
# The gateway keeps connections for later requests; it is the gateway that ends them.
_KEEP_ALIVE_S = 7200
_BACKLOG = 2048

_log = structlog.get_logger()


def main() -> None:
    configure_logs("node-front")
    # uvicorn raises the signal once more when it has ended: by then nothing is left to do.
    signal.signal(signal.SIGTERM, _nothing)
    signal.signal(signal.SIGINT, _nothing)
    settings = environment()
    # Sockets are for the gateway, which runs as the same user.
    os.umask(0o077)
    keyring = open_keyring(settings)
    url = settings.database_system_url.get_secret_value()

    uses = KeyUses()
    gate, watch = _watched_gate(url, keyring, uses)
    shared = _counting()
    reporter = Reporter(
        url, ThreadEngines(settings.engine_sockets), **shared, every_s=settings.usage_report_s
    )
    engines, probe_keys = AsyncEngines(settings.engine_sockets), partial(keyring.derived, "probe")
    routes = NodeRoutes(engines, find_index=gate.find_index, probe_keys=probe_keys)
    events = EventLog(url)
    imports = ImportRoutes(ImportDesk(url, keyring), settings, events.record_async)
    shared["events"] = events
    company = Company()
    by_turns = AsyncEngines(settings.engine_sockets, AsyncLanes(company))
    rest = RestFace(gate, by_turns, routes, imports=imports, **shared)
    in_threads = ThreadEngines(settings.engine_sockets, ThreadLanes(company))
    grpc_face = GrpcFace(gate, in_threads, **shared)
    key_uses = KeyUseReporter(url, uses, every_s=settings.usage_report_s)
    reporter.start()
    key_uses.start()
    _serve(settings, rest, grpc_face)
    reporter.stop()
    key_uses.stop()
    watch.stop()
    _log.info("stopped")


def _counting() -> dict[str, Any]:
    """What the faces count and the reporter brings, by the names of their arguments."""
    return {"meter": Meter(), "stopwatch": Stopwatch(), "allowances": Allowances()}


def _watched_gate(url: str, keyring: LayeredKeyring, uses: KeyUses) -> tuple[Gate, AccessWatch]:
    def forget() -> None:
        gate.forget()

    here = environment()
    watch = AccessWatch(url, forget, beat=Heartbeat.of(here).beat)
    gate = Gate(
        ControlPlane(url), keyring=keyring, uses=uses, silence_s=watch.seconds_since_heard,
        passes=PassTaker(partial(keyring.derived, "pass")), believed_s=here.data_key_cache_s,
        node=here.node_name, lease_s=here.node_lease_s,
    )  # fmt: skip
    watch.start()
    # Who is asked before it has heard anything must refuse; who cannot hear at all must say so.
    watch.wait_until_heard(timeout_s=_FIRST_WORD_S)
    return gate, watch


def _serve(settings: Environment, rest: RestFace, grpc_face: GrpcFace) -> None:
    grpc_server = grpc_face.server(settings.node_grpc_socket)
    grpc_server.start()
    server = uvicorn.Server(
        uvicorn.Config(
            Cors(rest, settings.cors_origins_allowed),
            loop="uvloop",
            http="httptools",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            # The gateway's own header is read where it is needed.
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    rest_socket = _listen(settings.node_rest_socket)
    _log.info("serving", rest=str(settings.node_rest_socket), grpc=str(settings.node_grpc_socket))
    leave_out_what_is_there()
    server.run(sockets=[rest_socket])
    grpc_server.stop(_GRACE_S).wait()


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(_BACKLOG)
    return listener


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The signal is uvicorn's to handle."""


if __name__ == "__main__":
    main()
