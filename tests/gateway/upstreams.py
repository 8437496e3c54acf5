"""Small processes-behind for the gateway: they answer with what they were sent."""

import contextlib
import json
import socket
import socketserver
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import grpc


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    name = ""
    turn = 0

    def do_GET(self) -> None:
        self.turn += 1
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        reply = json.dumps(
            {
                "served_by": self.name,
                "turn": self.turn,
                "path": self.path,
                "headers": [[key.lower(), value] for key, value in self.headers.items()],
                "body_length": len(body),
            }
        ).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(reply)))
        is_style = self.path.endswith(".css")
        self.send_header("content-type", "text/css" if is_style else "application/json")
        self.end_headers()
        self.wfile.write(reply)

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        pass


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: str, handler: type[BaseHTTPRequestHandler]) -> None:
        self._connections: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        super().__init__(path, handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def server_close(self) -> None:
        """As the death of a process: connections that are kept for later end with it."""
        super().server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # its client was quicker
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def rest_upstream(path: Path, name: str) -> Iterator[None]:
    """An HTTP/1.1 server on a unix socket that echoes each request as JSON, which it calls a style
    sheet where it is asked for one. `turn` is the number of the request on its connection."""
    handler = type("Echo", (_Echo,), {"name": name})
    server = _UnixServer(str(path), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        path.unlink(missing_ok=True)


class _AnyMethod(grpc.GenericRpcHandler):
    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        metadata = [[key, str(value)] for key, value in details.invocation_metadata]
        method = details.method

        def answer(request: bytes, _context: grpc.ServicerContext) -> bytes:
            said = {"method": method, "metadata": metadata, "length": len(request)}
            return json.dumps(said).encode()

        return grpc.unary_unary_rpc_method_handler(answer)


@contextmanager
def grpc_upstream(path: Path) -> Iterator[None]:
    """A gRPC server on a unix socket that answers any method with what it was sent, as JSON."""
    options = [("grpc.max_receive_message_length", 128 * 1024 * 1024)]
    server = grpc.server(ThreadPoolExecutor(4), handlers=[_AnyMethod()], options=options)
    server.add_insecure_port(f"unix:{path}")
    server.start()
    try:
        yield
    finally:
        server.stop(None).wait()
