"""The development certificate: verifiable, for the right names, renewed in time, private."""

import ipaddress
import socket
import ssl
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from cli import development_authority
from cli.development_authority import TlsFiles, ensure_certificate, expires_in


def leaf(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(TlsFiles(folder).certificate.read_bytes())


def verified_by(folder: Path, name: str) -> str:
    """A handshake of Python's own ssl on both sides, in memory of the kernel."""
    files = TlsFiles(folder)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(files.certificate, files.key)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server_context.wrap_socket(theirs, server_side=True) as secured:
                secured.recv(1)
        except ssl.SSLError:
            theirs.close()

    server = threading.Thread(target=serve)
    server.start()
    context = ssl.create_default_context(cafile=files.authority)
    try:
        with context.wrap_socket(ours, server_hostname=name) as secured:
            secured.send(b"x")
            return str(secured.version())
    finally:
        ours.close()
        server.join()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "vectors.example.com"])
def test_chain_verifies_for_every_name_clients_use(tmp_path: Path, name: str) -> None:
    assert ensure_certificate(tmp_path, ["vectors.example.com"])
    assert verified_by(tmp_path, name) == "TLSv1.3"


def test_chain_does_not_verify_for_another_name(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, [])
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        verified_by(tmp_path, "elsewhere.example.com")


def test_keys_are_p_384_and_private(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, [])
    key = leaf(tmp_path).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP384R1)
    files = TlsFiles(tmp_path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (files.key, files.authority_key)} == {
        0o600
    }


def test_advertised_address_is_named(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, ["192.0.2.7"])
    names = leaf(tmp_path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("192.0.2.7") in names.get_values_for_type(x509.IPAddress)


def test_fresh_certificate_is_kept(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, [])
    before = leaf(tmp_path)
    assert not ensure_certificate(tmp_path, [])
    assert leaf(tmp_path) == before


def test_certificate_for_other_hosts_is_made_again_under_the_same_authority(
    tmp_path: Path,
) -> None:
    ensure_certificate(tmp_path, [])
    authority = TlsFiles(tmp_path).authority.read_bytes()
    assert ensure_certificate(tmp_path, ["new.example.com"])
    assert TlsFiles(tmp_path).authority.read_bytes() == authority
    assert verified_by(tmp_path, "new.example.com")


def test_certificate_near_its_end_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_certificate(tmp_path, [])
    before = leaf(tmp_path)
    later = development_authority.now() + timedelta(days=61)
    monkeypatch.setattr(development_authority, "now", lambda: later)
    assert expires_in(TlsFiles(tmp_path).certificate) < timedelta(days=30)
    assert ensure_certificate(tmp_path, [])
    assert leaf(tmp_path).not_valid_after_utc > before.not_valid_after_utc


def test_operators_own_certificate_is_left_alone(tmp_path: Path) -> None:
    ensure_certificate(tmp_path, [])
    TlsFiles(tmp_path).authority_key.unlink()
    before = leaf(tmp_path)
    assert not ensure_certificate(tmp_path, ["other.example.com"])
    assert leaf(tmp_path) == before
