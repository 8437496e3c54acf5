"""The development certificate authority and the gateway's certificate under it."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from cli.issuing import Issued, host_names, new_authority, new_leaf
from cli.private_files import write_private
from kit.clock import now

_AUTHORITY_DAYS = 3650
_LEAF_DAYS = 90
_RENEW_BEFORE = timedelta(days=30)


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
    return set(names) == set(host_names(hosts)) and leaf.issuer == _load(files.authority).subject


def _make_authority(files: TlsFiles) -> None:
    # The serial number in the name keeps an old, trusted authority apart from a new one.
    name = f"Stonepine development authority {x509.random_serial_number() % 10**8:08}"
    made = new_authority(name, ends_at=now() + timedelta(days=_AUTHORITY_DAYS))
    write_private(files.authority_key, made.key)
    write_private(files.authority, made.certificate, mode=0o644)


def _make_leaf(files: TlsFiles, hosts: list[str]) -> None:
    authority = Issued(files.authority.read_bytes(), files.authority_key.read_bytes())
    ends_at = now() + timedelta(days=_LEAF_DAYS)
    made = new_leaf(authority, "Stonepine gateway", host_names(hosts), ends_at=ends_at)
    write_private(files.key, made.key)
    write_private(files.certificate, made.certificate, mode=0o644)
