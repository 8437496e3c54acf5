"""What the gateway's ports really speak, tried out; and whose certificate they show."""

import socket
import ssl
import warnings
from contextlib import suppress
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from gateway.settings import GatewaySettings
from kit import clock
from kit.environment import Environment

_TIMEOUT_S = 3.0
_VERSIONS = (
    ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3,
)  # fmt: skip
_REFUSED = "refused"


def transport_report(environment: Environment, index_ports: list[int]) -> list[dict[str, Any]]:
    """Of the base port and each index's."""
    host = GatewaySettings.of(environment).bind_host
    return [_port(host, port) for port in (environment.port, *index_ports)]


def _port(host: str, port: int) -> dict[str, Any]:
    return {
        "address": f"{host}:{port}",
        "protocols": {version.name: _spoken(host, port, version) for version in _VERSIONS},
        "plaintext": "answered" if _answers_plaintext(host, port) else _REFUSED,
        "certificate": _certificate(host, port),
    }


def _spoken(host: str, port: int, version: ssl.TLSVersion) -> str:
    """The suite that both agree on, or that they do not."""
    with suppress(OSError), _connected(host, port, _context(version)) as secured:
        cipher = secured.cipher()
        return cipher[0] if cipher else _REFUSED
    return _REFUSED


def _certificate(host: str, port: int) -> dict[str, Any] | None:
    with suppress(OSError), _connected(host, port, _context(ssl.TLSVersion.TLSv1_3)) as secured:
        found = x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")
        return {
            "subject": found.subject.rfc4514_string(),
            "issuer": found.issuer.rfc4514_string(),
            "not_before": found.not_valid_before_utc,
            "not_after": found.not_valid_after_utc,
            "days_left": (found.not_valid_after_utc - clock.now()).days,
            "sha256": found.fingerprint(hashes.SHA256()).hex(),
        }
    return None


def _answers_plaintext(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), _TIMEOUT_S) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return plain.recv(5) == b"HTTP/"
    return False


def _connected(host: str, port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection((host, port), _TIMEOUT_S)
    try:
        return context.wrap_socket(plain, server_hostname="localhost")
    except OSError:
        plain.close()
        raise


def _context(version: ssl.TLSVersion) -> ssl.SSLContext:
    """Takes whatever is offered: what the port does is asked, not whether it is trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are asked for on purpose
        context.minimum_version = context.maximum_version = version
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context
