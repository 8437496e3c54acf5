"""What the gateway is told to speak, and whose certificate it shows."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from gateway.settings import GatewaySettings
from gateway.tls import read_chain
from kit.environment import environment


@dataclass(frozen=True, slots=True)
class Certificate:
    """The first of the chain that clients are shown."""

    subject: str
    issuer: str
    not_after: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class Transport:
    """`certificate` is None where the gateway has none yet; `is_own`: the operator's, not that of
    a development authority."""

    address: str
    speaks_plaintext: bool
    has_strict_transport: bool
    is_own: bool
    certificate: Certificate | None


def transport() -> Transport:
    here = environment()
    settings = GatewaySettings.of(here)
    return Transport(
        here.base_url,
        settings.speaks_plaintext,
        settings.has_strict_transport,
        settings.own_chain is not None,
        _certificate(settings),
    )


def _certificate(settings: GatewaySettings) -> Certificate | None:
    # Written when the gateway starts; what is not there, or not whole, is no certificate.
    with suppress(OSError, ValueError, KeyError):
        chain = read_chain(settings.certificate_file.read_bytes())
        found = x509.load_pem_x509_certificate(chain.encode())
        return Certificate(
            found.subject.rfc4514_string(),
            found.issuer.rfc4514_string(),
            found.not_valid_after_utc,
            found.fingerprint(hashes.SHA256()).hex(),
        )
    return None
