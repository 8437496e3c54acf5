"""A running gateway in front of small stand-in processes."""

import dataclasses
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cli.embedded import envoy
from cli.renewal import renew_certificate
from gateway.bootstrap import render_bootstrap
from gateway.listeners import GatewaySettings, IndexListener, publish, render_listeners
from tests.gateway.upstreams import grpc_upstream, rest_upstream
from tests.support.waiting import wait_until

ALPHA = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclasses.dataclass
class Gateway:
    settings: GatewaySettings
    index_port: int

    def publish(self, *listeners: IndexListener) -> bool:
        return publish(self.settings.listeners_file, render_listeners(listeners, self.settings))

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.settings.tls_dir / "ca.pem")


def prepare(base: Path, **changes: Any) -> GatewaySettings:
    folders = {name: base / name for name in ("run", "gateway", "tls")}
    for folder in folders.values():
        folder.mkdir()
    run = folders["run"]
    settings = GatewaySettings(
        bind_host="127.0.0.1",
        port=free_port(),
        run_dir=run,
        gateway_dir=folders["gateway"],
        tls_dir=folders["tls"],
        web_socket=run / "web.sock",
        node_rest_socket=run / "node-rest.sock",
        node_grpc_socket=run / "node-grpc.sock",
        **changes,
    )
    renew_certificate(settings, "localhost")
    publish(settings.bootstrap_file, render_bootstrap(settings))
    return settings


@contextmanager
def running_gateway(base: Path, **changes: Any) -> Iterator[Gateway]:
    settings = prepare(base, **changes)
    gateway = Gateway(settings, index_port=free_port())
    gateway.publish(IndexListener(ALPHA, gateway.index_port))
    with (base / "envoy.log").open("wb") as log:
        process = subprocess.Popen(
            envoy.argv(settings.bootstrap_file, concurrency=1), stdout=log, stderr=log
        )
    try:
        wait_until(
            lambda: is_listening(settings.port) and is_listening(gateway.index_port),
            timeout_s=15,
            what="the gateway listens",
        )
        yield gateway
    finally:
        process.terminate()
        process.wait(timeout=15)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """One gateway with all processes behind it, and one index's listener."""
    with tempfile.TemporaryDirectory(prefix="sp-gw-") as folder, ExitStack() as stack:
        base = Path(folder)
        running = stack.enter_context(running_gateway(base, max_index_connections=20))
        stack.enter_context(rest_upstream(running.settings.web_socket, "web"))
        stack.enter_context(rest_upstream(running.settings.node_rest_socket, "node"))
        stack.enter_context(grpc_upstream(running.settings.node_grpc_socket))
        yield running
