"""Receivers on this machine: HTTP (also S3's PUT), and a syslog listener."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class HttpReceiver:
    """`statuses` are given one after the other, the last one from then on."""

    url: str
    statuses: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    requests: list[Request] = field(default_factory=list)

    def sequences(self) -> list[int]:
        """Of all events that came, in the order in which they came."""
        return [
            event["sequence"] for request in self.requests for event in request.document["events"]
        ]


@contextmanager
def http_receiver(tls: ssl.SSLContext | None = None) -> Iterator[HttpReceiver]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.requests.append(Request(self.command, self.path, headers, body))
            more = len(receiver.statuses) > 1
            status = receiver.statuses.pop(0) if more else receiver.statuses[0]
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        do_POST = do_PUT = do_GET = _take  # noqa: N815 - http.server calls them so

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                return  # whoever refused our certificate hung up

        def log_message(self, *_arguments: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            # The handshake is made by the request's own thread.
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if tls is None else "https"
        receiver = HttpReceiver(f"{scheme}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@dataclass
class SyslogListener:
    port: int
    received: bytes = b""
    is_done: threading.Event = field(default_factory=threading.Event)

    def frames(self) -> list[str]:
        """The messages, cut by their octet counts."""
        assert self.is_done.wait(10)
        rest, found = self.received, []
        while rest:
            length, _, rest = rest.partition(b" ")
            found.append(rest[: int(length)].decode())
            rest = rest[int(length) :]
        return found


@contextmanager
def syslog_listener() -> Iterator[SyslogListener]:
    """Takes one connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        listener = SyslogListener(server.getsockname()[1])

        def take() -> None:
            connection, _ = server.accept()
            with connection:
                while part := connection.recv(65_536):
                    listener.received += part
            listener.is_done.set()

        thread = threading.Thread(target=take)
        thread.start()
        yield listener
        thread.join(10)
