"""Parts of an installation on machines of their own: their names, and TLS between them.

Each part shows a certificate of the installation's own authority, whose name says which part it is;
whoever connects or is connected to looks at that name. Addresses prove nothing.
"""

import http.client
import re
import socket
import ssl
from enum import StrEnum

from kit.environment import Environment

_ZONE = "stonepine.internal"
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class PartKind(StrEnum):
    """What runs on one machine; several of each may."""

    GATEWAY = "gateway"
    NODE = "node"
    WEB = "web"
    WORKER = "worker"


# Who may knock at whose door. Gateways and workers have none.
CALLERS: dict[PartKind, tuple[PartKind, ...]] = {
    PartKind.NODE: (PartKind.GATEWAY, PartKind.WEB, PartKind.WORKER),
    PartKind.WEB: (PartKind.GATEWAY,),
}


def identity(kind: PartKind, name: str) -> str:
    """The name in the part's certificate."""
    return f"{name}.{zone(kind)}"


def zone(kind: PartKind) -> str:
    """What the names of all parts of that kind end in."""
    return f"{kind}.{_ZONE}"


def is_part_name(name: str) -> bool:
    """Lower case letters, digits and hyphens: a label of a host name."""
    return _LABEL.fullmatch(name) is not None


def split_address(address: str) -> tuple[str, int]:
    """`host:port`, the host of IPv6 in brackets. Raises `ValueError` for anything else."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"{address!r} is no host:port")
    return host.strip("[]"), int(port)


class PartConnection(http.client.HTTPSConnection):
    """HTTP to the door of a part, which must prove to be that one, as we prove to be ours."""

    def __init__(self, here: Environment, address: str, *, expected: str, timeout_s: float) -> None:
        """`expected` is the identity of who must answer."""
        host, port = split_address(address)
        super().__init__(host, port, timeout=timeout_s)
        self._told = client_context(here)
        self._expected = expected

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock = self._told.wrap_socket(plain, server_hostname=self._expected)
        except BaseException:
            plain.close()
            raise


def client_context(here: Environment) -> ssl.SSLContext:
    """Our certificate, and trust in the installation's authority alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cafile=here.parts_ca)
    assert here.part_certificate is not None
    context.load_cert_chain(here.part_certificate, here.part_key)
    return context
