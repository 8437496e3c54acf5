"""The engine of an index node: `python -m dataplane.engine`, one thread on one unix socket."""

import os

import structlog

from dataplane.engine.control_link import ControlLink
from dataplane.engine.engine import Engine
from dataplane.engine.log_source import LogSource
from dataplane.engine.loop import Loop
from dataplane.engine.memory_ceiling import ceiling_bytes
from dataplane.engine.opening import Database, Storage
from dataplane.engine.server import Listener
from keyring.local import LocalKeyring
from kit.environment import Environment, environment
from kit.logs import configure_logs
from storage.objects import open_object_store
from storage.write_log.appender import LogAppender

_GRACE_S = 5.0

_log = structlog.get_logger()


def main() -> None:
    configure_logs("node-engine")
    settings = environment()
    os.umask(0o077)
    url = settings.database_system_url.get_secret_value()
    loop = Loop()
    loop.stop_on_signals()
    appender = LogAppender(url)
    memory_bytes = ceiling_bytes(settings.engine_memory_mb, engines=settings.engine_count)
    engine = Engine(
        _storage(settings, url),
        appender,
        memory_bytes=memory_bytes,
        idle_s=settings.engine_idle_s,
    )
    loop.add(LogSource(appender, engine.settle))
    loop.add(
        ControlLink(
            url,
            engine=settings.engine_number,
            open_indexes=lambda: [index.index_id for index in engine.open_indexes],
            on_manifest=engine.adopt,
            on_limit=engine.limit_namespaces,
            on_gone=engine.forget,
        )
    )
    listener = Listener(settings.engine_socket, loop, engine)
    _log.info("serving", socket=str(settings.engine_socket))
    loop.run()
    listener.close()
    loop.run_until(lambda: engine.is_idle and not loop.has_work, timeout_s=_GRACE_S)
    _log.info("stopped")


def _storage(settings: Environment, url: str) -> Storage:
    return Storage(
        database=Database(url),
        objects=open_object_store(settings.object_store_url),
        keyring=LocalKeyring(settings.keyring_dir),
        node_name=settings.node_name,
        engine=settings.engine_number,
        holder=f"{settings.node_name}/{settings.engine_number}/{os.getpid()}",
    )


if __name__ == "__main__":
    main()
