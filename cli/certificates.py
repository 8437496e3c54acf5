"""The gateway's certificate and key as files: read together, and refused where they cannot serve.

The gateway's TLS 1.3 admits signatures by P-384 and RSA alone: a certificate of another kind would
be taken by some clients and refused by others.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cli.errors import SetupError
from kit.clock import now

_MIN_RSA_BITS = 2048
_KINDS = "Use a P-384 key (certbot: --key-type ecdsa --elliptic-curve secp384r1) or RSA."


@dataclass(frozen=True, slots=True)
class Pair:
    """The whole chain and the key in PEM, and the certificate itself."""

    chain: str
    key: str = field(repr=False)
    certificate: x509.Certificate

    @property
    def left(self) -> timedelta:
        """How long it is still good."""
        return self.certificate.not_valid_after_utc - now()

    @property
    def hosts(self) -> list[str]:
        """The names and addresses that it is for."""
        try:
            found = self.certificate.extensions.get_extension_for_class(
                x509.SubjectAlternativeName
            ).value
        except x509.ExtensionNotFound:
            return []
        addresses = map(str, found.get_values_for_type(x509.IPAddress))
        return [*found.get_values_for_type(x509.DNSName), *addresses]


def read_pair(certificate: Path, key: Path, hosts: Iterable[str]) -> Pair:
    """Raises SetupError where they do not fit together, or clients of `hosts` would refuse them."""
    chain, secret = _read(certificate), _read(key)
    pair = Pair(chain, secret, _first_of(certificate, chain))
    _require_key(pair, key)
    _require_kind(pair, certificate)
    if pair.left <= timedelta(0):
        raise SetupError(
            f"The certificate in {certificate} ended on {pair.certificate.not_valid_after_utc:%F}.",
            hint="Put a renewed one there.",
        )
    for host in hosts:
        if not any(_is_for(name, host) for name in pair.hosts):
            raise SetupError(
                f"The certificate in {certificate} is for {', '.join(pair.hosts) or 'no host'}, "
                f"and clients dial {host}.",
                hint="STONEPINE_ADVERTISED_HOST and its private twin name what clients dial.",
            )
    return pair


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        raise SetupError(f"{path} is not PEM.", hint="`openssl` converts it.") from None
    except OSError as error:
        raise SetupError(
            f"Cannot read {path}: {error.strerror}.", hint="Stonepine's user must be able to."
        ) from error


def _first_of(path: Path, chain: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(chain.encode())[0]
    except ValueError:
        raise SetupError(
            f"{path} holds no certificate.", hint="It must be PEM, the gateway's own one first."
        ) from None


def _require_key(pair: Pair, path: Path) -> None:
    try:
        key = serialization.load_pem_private_key(pair.key.encode(), None)
    except (ValueError, TypeError):
        raise SetupError(
            f"{path} holds no private key, or one that is locked with a password.",
            hint="It must be PEM; the folder's mode protects it.",
        ) from None
    if _public(key.public_key()) != _public(pair.certificate.public_key()):
        raise SetupError(
            f"The key in {path} is not that of the certificate.",
            hint="The gateway's own certificate must be the first in its file.",
        )


def _public(key: object) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(serialization.Encoding.DER, form))  # type: ignore[attr-defined]


def _require_kind(pair: Pair, path: Path) -> None:
    key = pair.certificate.public_key()
    is_p384 = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP384R1)
    is_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS
    if not is_p384 and not is_rsa:
        raise SetupError(
            f"The key of the certificate in {path} is neither P-384 nor RSA of "
            f"{_MIN_RSA_BITS} bits or more.",
            hint=_KINDS,
        )


def _is_for(name: str, host: str) -> bool:
    name, host = name.lower(), host.lower().strip("[]")
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host
