"""The engine of an index node: `python -m dataplane.engine`, one thread on one unix socket."""

import os
from pathlib import Path

import structlog

from dataplane.engine.control_link import ControlLink
from dataplane.engine.engine import Engine
from dataplane.engine.key_courier import KeyCourier
from dataplane.engine.log_source import LogSource
from dataplane.engine.loop import Loop, Source
from dataplane.engine.memory_ceiling import ceiling_bytes
from dataplane.engine.opening import STATEMENT_TIMEOUT, Storage
from dataplane.engine.peers import Peer
from dataplane.engine.replication import Replication
from dataplane.engine.server import Listener
from keyring.provider import KeyProvider
from kit.collector import leave_out_what_is_there
from kit.environment import Environment, environment
from kit.logs import configure_logs
from storage.database import LastingConnection
from storage.objects import open_object_store
from storage.outer_keys import open_keyring
from storage.write_log.appender import LogAppender

_GRACE_S = 5.0

_log = structlog.get_logger()


def main() -> None:
    configure_logs("node-engine")
    settings = environment()
    os.umask(0o077)
    url = settings.database_system_url.get_secret_value()
    loop = Loop()
    appender = LogAppender(url)
    memory_bytes = ceiling_bytes(settings.engine_memory_mb, engines=settings.engine_count)
    peers = _peers(settings)
    replication = Replication(peers)
    keyring = open_keyring(settings, may_wait=False)
    courier = KeyCourier(keyring, cache_s=settings.data_key_cache_s)
    engine = Engine(
        _storage(settings, url, keyring),
        appender,
        replication,
        courier,
        memory_bytes=memory_bytes,
        idle_s=settings.engine_idle_s,
    )
    sources: list[Source] = [
        LogSource(appender, engine.settle),
        replication,
        _control_link(settings, url, engine),
        courier,
        *peers.values(),
    ]
    for source in sources:
        loop.add(source)
    _serve(settings.engine_socket, loop, engine)


def _control_link(settings: Environment, url: str, engine: Engine) -> ControlLink:
    return ControlLink(
        url,
        node=settings.node_name,
        engine=settings.engine_number,
        open_indexes=engine.known_indexes,
        on_manifest=engine.adopt,
        on_index=engine.look_over,
        on_gone=engine.forget,
    )


def _serve(path: Path, loop: Loop, engine: Engine) -> None:
    """Until a signal asks to stop; then what is under way is finished."""
    loop.stop_on_signals()
    listener = Listener(path, loop, engine)
    leave_out_what_is_there()
    _log.info("serving", socket=str(path))
    loop.run()
    engine.stop_following()
    listener.close()
    loop.run_until(lambda: engine.is_idle and not loop.has_work, timeout_s=_GRACE_S)
    _log.info("stopped")


def _peers(settings: Environment) -> dict[int, Peer]:
    """The other engines of this machine, by number."""
    sockets = enumerate(settings.engine_sockets)
    return {number: Peer(path) for number, path in sockets if number != settings.engine_number}


def _storage(settings: Environment, url: str, keyring: KeyProvider) -> Storage:
    return Storage(
        database=LastingConnection(url, "engine", STATEMENT_TIMEOUT),
        objects=open_object_store(settings.object_store_url),
        keyring=keyring,
        node_name=settings.node_name,
        engine=settings.engine_number,
        holder=f"{settings.node_name}/{settings.engine_number}/{os.getpid()}",
    )


if __name__ == "__main__":
    main()
