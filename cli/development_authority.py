"""The development certificate authority and the gateway's certificate under it."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cli.private_files import write_private
from kit.clock import now

_AUTHORITY_DAYS = 3650
_LEAF_DAYS = 90
_RENEW_BEFORE = timedelta(days=30)
_LEEWAY = timedelta(hours=1)
# The gateway's TLS 1.3 policy admits P-384 only.
_CURVE = ec.SECP384R1


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """`ca.pem` is what clients trust, `cert.pem` and `key.pem` what the gateway shows."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def authority_key(self) -> Path:
        return self.folder / "ca-key.pem"

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"


def ensure_certificate(folder: Path, hosts: list[str]) -> bool:
    """Make or renew what is missing, near its end, or made for other hosts; True if it changed.

    Without `ca-key.pem` beside it a certificate is left alone.
    """
    files = TlsFiles(folder)
    if files.certificate.exists() and not files.authority_key.exists():
        return False
    if not _is_fresh(files.authority) or not files.authority_key.exists():
        _make_authority(files)
    elif _is_fresh(files.certificate) and _covers(files, hosts) and files.key.exists():
        return False
    _make_leaf(files, hosts)
    return True


def forget_authority(folder: Path) -> None:
    """The next certificate comes from a new authority; clients do not trust it by themselves."""
    files = TlsFiles(folder)
    for path in (files.certificate, files.authority_key, files.authority):
        path.unlink(missing_ok=True)


def expires_in(path: Path) -> timedelta:
    """How long that certificate is still good."""
    return _load(path).not_valid_after_utc - now()


def _load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _is_fresh(path: Path) -> bool:
    return path.exists() and expires_in(path) > _RENEW_BEFORE


def _covers(files: TlsFiles, hosts: list[str]) -> bool:
    leaf = _load(files.certificate)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(names) == set(_names(hosts)) and leaf.issuer == _load(files.authority).subject


def _names(hosts: list[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in dict.fromkeys(["localhost", "127.0.0.1", "::1", *hosts]):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def _subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - _LEEWAY)
        .not_valid_after(now() + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _make_authority(files: TlsFiles) -> None:
    key = ec.generate_private_key(_CURVE())
    # The serial number in the name keeps an old, trusted authority apart from a new one.
    subject = _subject(f"Stonepine development authority {x509.random_serial_number() % 10**8:08}")
    certificate = (
        _builder(subject, subject, key.public_key(), _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(is_authority=True), critical=True)
        .sign(key, hashes.SHA384())
    )
    write_private(files.authority_key, _pem(key))
    write_private(files.authority, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _make_leaf(files: TlsFiles, hosts: list[str]) -> None:
    authority = _load(files.authority)
    authority_key = serialization.load_pem_private_key(files.authority_key.read_bytes(), None)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(_CURVE())
    certificate = (
        _builder(_subject("Stonepine gateway"), authority.subject, key.public_key(), _LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA384())
    )
    write_private(files.key, _pem(key))
    write_private(
        files.certificate, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644
    )


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
