"""A certificate of the operator's own: taken where every client takes it, else refused in words."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from cli.certificates import read_pair
from cli.errors import SetupError
from tests.support.certificates import Authority, Shown

HOST = "vectors.example.com"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()),
                                 rsa.generate_private_key(65537, 2048)])  # fmt: skip
@pytest.mark.parametrize("name", [HOST, "*.example.com", "VECTORS.example.com"])
def test_fit_certificate_is_read(authority: Authority, key: rsa.RSAPrivateKey, name: str) -> None:
    shown = authority.issue("gateway", name, key=key)
    pair = read_pair(shown.certificate, shown.key, [HOST])
    assert pair.hosts == [name]
    assert timedelta(hours=23) < pair.left <= timedelta(days=1)


def other_key(authority: Authority) -> Shown:
    one, two = authority.issue("one", HOST), authority.issue("two", HOST)
    return Shown(one.certificate, two.key)


def without_pem(authority: Authority) -> Shown:
    shown = authority.issue("gateway", HOST)
    shown.certificate.write_bytes(b"\x30\x82\xff")
    return shown


def empty(authority: Authority) -> Shown:
    shown = authority.issue("gateway", HOST)
    shown.certificate.write_text("")
    return shown


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda a: a.issue("x", HOST, ended_ago=timedelta(hours=1)), "ended on"),
        (lambda a: a.issue("x", "other.example.com"), f"clients dial {HOST}"),
        (lambda a: a.issue("x", "*.com", "*.vectors.example.com"), f"clients dial {HOST}"),
        (lambda a: a.issue("x", HOST, key=ec.generate_private_key(ec.SECP256R1())), "neither"),
        (lambda a: a.issue("x", HOST, key=ed25519.Ed25519PrivateKey.generate()), "neither"),
        (lambda a: a.issue("x", HOST, key=rsa.generate_private_key(65537, 1024)), "neither"),  # noqa: S505
        (other_key, "not that of the certificate"),
        (without_pem, "is not PEM"),
        (empty, "holds no certificate"),
        (lambda a: Shown(a.folder / "none.pem", a.folder / "none.pem"), "Cannot read"),
        (lambda a: Shown((s := a.issue("x", HOST)).certificate, s.certificate), "no private key"),
    ],
)  # fmt: skip
def test_unfit_certificate_is_refused_with_the_reason(
    authority: Authority, make: Callable[[Authority], Shown], said: str
) -> None:
    shown = make(authority)
    with pytest.raises(SetupError, match=said) as failure:
        read_pair(shown.certificate, shown.key, [HOST])
    assert failure.value.hint
    assert "PRIVATE KEY" not in failure.value.message
