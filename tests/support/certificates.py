"""Authorities and certificates of every kind that a peer should or should not show."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import NameOID

from kit.clock import now

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shown:
    """PEM files of a server (or client): its chain and its key."""

    certificate: Path
    key: Path


@dataclass
class Authority:
    """A small certificate authority; `folder` takes its files."""

    folder: Path
    name: str = "authority"

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.pem"

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @cached_property
    def certificate(self) -> x509.Certificate:
        made = (
            self._builder(self._subject, self.key, now() - _DAY, now() + _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA384())
        )
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return made

    @cached_property
    def key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP384R1())

    def issue(
        self,
        name: str,
        *hosts: str,
        key: CertificateIssuerPrivateKeyTypes | None = None,
        ended_ago: timedelta = -_DAY,
    ) -> Shown:
        """A certificate for these hosts; negative `ended_ago`: it is good for so long."""
        key = key or ec.generate_private_key(ec.SECP384R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        end = now() - ended_ago
        made = (
            self._builder(subject, key, min(now(), end) - _DAY, end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(list(map(_name, hosts))), critical=False)
            .sign(self.key, hashes.SHA384())
        )
        shown = Shown(self.folder / f"{name}.pem", self.folder / f"{name}-key.pem")
        shown.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        shown.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        shown.key.chmod(0o600)
        return shown

    @property
    def _subject(self) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])

    def _builder(self, subject, key, start, end) -> x509.CertificateBuilder:  # type: ignore[no-untyped-def] # noqa: ANN001
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
