"""The forward proxy that the operator's network has us go through, where it has one.

Everything goes by CONNECT, to the address that was checked: what the proxy is asked for is
where the connection ends, and certificates are verified end to end.
"""

import base64
import socket
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from kit.environment import environment
from kit.outbound.errors import ExchangeFailed
from kit.outbound.places import Place

_MAX_HEAD = 16_384
_DEFAULT_PORT = 3128


@dataclass(frozen=True, slots=True)
class Proxy:
    """`authorization` is the value of a header, or ""."""

    host: str
    port: int
    authorization: str = field(default="", repr=False)


def proxy_for(place: Place) -> Proxy | None:
    """HTTPS_PROXY for TLS, HTTP_PROXY for the rest, unless NO_PROXY names the host."""
    own = environment()
    url = (own.https_proxy if place.is_tls else own.http_proxy).get_secret_value()
    if not url or _is_direct(place.host, place.port, own.no_proxy):
        return None
    return parse_proxy(url)


def parse_proxy(url: str) -> Proxy:
    """Of `http://[user:password@]host:port`, which the environment has checked."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return Proxy(parts.hostname or "", parts.port or _DEFAULT_PORT, authorization)


def tunnel(wire: socket.socket, proxy: Proxy, *, host: str, port: int) -> None:
    """Ask the proxy to join the connection to host and port. Raises `ExchangeFailed`."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    wire.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
    status = _status(_head(wire))
    if status == "407":
        raise ExchangeFailed(f"The proxy {proxy.host} wants credentials that it was not given.")
    if not status.startswith("2"):
        raise ExchangeFailed(f"The proxy {proxy.host} refused the connection ({status or 'mute'}).")


def _is_direct(host: str, port: int, no_proxy: str) -> bool:
    entries = (entry.strip().lower() for entry in no_proxy.split(","))
    return any(_names(entry, host.lower(), port) for entry in entries if entry)


def _names(entry: str, host: str, port: int) -> bool:
    """As curl and Go read it: a name with all below it, an address, a network, with or without
    a port; `*` is everything."""
    if entry in {"*", host, f"{host}:{port}"}:
        return True
    name = entry.removesuffix(f":{port}").removeprefix("*").removeprefix(".")
    if host == name or host.endswith(f".{name}"):
        return True
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:
        return False


def _head(wire: socket.socket) -> bytes:
    """Up to the empty line, and not a byte further: what follows belongs to the other end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = wire.recv(1)
        if not byte or len(head) >= _MAX_HEAD:
            raise ExchangeFailed("The proxy hung up.")
        head += byte
    return head


def _status(head: bytes) -> str:
    parts = head.split(b"\r\n", 1)[0].split(b" ", 2)
    is_status = len(parts) > 1 and len(parts[1]) == 3 and parts[1].isdigit()
    return parts[1].decode() if is_status else ""
