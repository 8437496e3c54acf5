"""A small HTTPS server that publishes metadata, under a certificate of an authority of its own."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cli.development_authority import TlsFiles, ensure_certificate


class MetadataHost:
    """`answers` are status and body by path."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.base = ""


@contextmanager
def running_metadata_host(folder: Path) -> Iterator[tuple[MetadataHost, Path]]:
    """The host, and the file with the authority that signed its certificate."""
    ensure_certificate(folder, ["127.0.0.1"])
    files = TlsFiles(folder)
    host = MetadataHost()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = host.answers.get(self.path, (404, b""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status in {301, 302}:
                self.send_header("Location", f"{host.base}/good")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.certificate, files.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        host.base = f"https://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield host, files.authority
        finally:
            server.shutdown()
            thread.join()
