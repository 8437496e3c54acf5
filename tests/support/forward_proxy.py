"""A forward proxy on this machine that knows CONNECT, and writes down what it was asked for."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class ForwardProxy:
    """`refusal` is a status line's code and reason; `names` are what it alone can look up."""

    port: int
    refusal: str = ""
    names: dict[str, str] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [head.split()[1] for head in self.heads]


@contextmanager
def forward_proxy() -> Iterator[ForwardProxy]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b"".join(iter(self.rfile.readline, b"\r\n")).decode()
            proxy.heads.append(head)
            if proxy.refusal:
                self.wfile.write(f"HTTP/1.1 {proxy.refusal}\r\n\r\n".encode())
                return
            host, _, port = head.split()[1].rpartition(":")
            place = (proxy.names.get(host, host).strip("[]"), int(port))
            with socket.create_connection(place, timeout=10) as far:
                self.wfile.write(b"HTTP/1.1 200 Joined\r\nX-Filler: yes\r\n\r\n")
                _join(self.connection, far)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        proxy = ForwardProxy(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def _join(near: socket.socket, far: socket.socket) -> None:
    back = threading.Thread(target=_pump, args=(far, near), daemon=True)
    back.start()
    _pump(near, far)
    back.join(10)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65_536):
            sink.sendall(part)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
