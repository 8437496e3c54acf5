"""A TLS server that shows a chosen certificate and keeps what it is told after the handshake."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.certificates import Shown

Opening = Callable[[socket.socket], None]


@dataclass
class Peer:
    """`heard` is what came inside TLS: nothing, where the client has refused the certificate.

    `client` is the common name in the client's own certificate, where one was asked for.
    """

    port: int
    heard: bytes = b""
    client: str = ""
    connections: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def running_peer(
    shown: Shown,
    *,
    opening: Opening | None = None,
    greeting: bytes = b"",
    clients: Path | None = None,
) -> Iterator[Peer]:
    """`opening` is spoken in the clear before the handshake, `greeting` first thing after it.

    `clients`: the authority under which clients must have a certificate of their own.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.certificate, shown.key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        peer = Peer(server.getsockname()[1])

        def serve() -> None:
            while not peer.is_over.is_set():
                try:
                    accepted, _ = server.accept()
                except TimeoutError:
                    continue
                peer.connections += 1
                accepted.settimeout(5)
                with accepted:
                    _listen(peer, accepted, context, opening, greeting)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield peer
        finally:
            peer.is_over.set()
            thread.join()


def _listen(
    peer: Peer,
    accepted: socket.socket,
    context: ssl.SSLContext,
    opening: Opening | None,
    greeting: bytes,
) -> None:
    try:
        if opening is not None:
            opening(accepted)
        with context.wrap_socket(accepted, server_side=True) as secured:
            secured.sendall(greeting)
            peer.heard += secured.recv(65_536)
            for ((kind, value),) in (secured.getpeercert() or {}).get("subject", ()):
                peer.client = value if kind == "commonName" else peer.client
    except OSError:
        return  # whoever refused our certificate hung up


def open_postgres(accepted: socket.socket) -> None:
    """PostgreSQL's way into TLS: the client asks, the server says S."""
    asked = accepted.recv(8)
    assert asked.endswith((80877103).to_bytes(4, "big")), asked
    accepted.sendall(b"S")


def open_smtp(accepted: socket.socket) -> None:
    """SMTP's way into TLS: STARTTLS."""
    accepted.sendall(b"220 peer\r\n")
    accepted.recv(1024)
    accepted.sendall(b"250-peer\r\n250 STARTTLS\r\n")
    assert accepted.recv(1024).strip().upper() == b"STARTTLS"
    accepted.sendall(b"220 go ahead\r\n")
