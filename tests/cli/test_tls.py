"""`stonepine tls`: the certificate before, beside and without a running installation."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from typer.testing import CliRunner

from cli.errors import SetupError
from cli.main import app
from gateway.tls import read_chain
from tests.support.certificates import Authority


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("STONEPINE_", "DATABASE_")) or name == "REDIS_URL":
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "h"


def say(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["tls", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def facts(home: Path) -> dict[str, Any]:
    return dict(json.loads(say("show", "--json", "--home", str(home))))


def shown(home: Path) -> str:
    return read_chain((home / "gateway" / "certificate.json").read_bytes())


def test_one_command_makes_authority_and_certificate_and_prints_what_clients_need(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STONEPINE_ADVERTISED_SCHEME", "https")
    printed = say("create", "--home", str(home))
    authority = home / "tls" / "ca.pem"
    assert f"export SSL_CERT_FILE={authority} " in printed
    assert f"export NODE_EXTRA_CA_CERTS={authority} " in printed
    assert "127.0.0.1" in facts(home)["hosts"]
    leaf = x509.load_pem_x509_certificate(shown(home).encode())
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.read_bytes()))


def test_what_exists_stays_unless_a_new_authority_is_wanted(home: Path) -> None:
    say("create", "--home", str(home))
    first = facts(home)
    say("create", "--home", str(home))
    assert facts(home) == first
    say("create", "--new-authority", "--home", str(home))
    assert facts(home)["issuer"] != first["issuer"]


def test_own_certificate_is_taken_up_and_an_unfit_one_leaves_the_last(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("create", "--home", str(home))
    own = Authority(tmp_path).issue("own", "vectors.example.com")
    monkeypatch.setenv("STONEPINE_ADVERTISED_HOST", "vectors.example.com")
    monkeypatch.setenv("STONEPINE_TLS_CERTIFICATE", str(own.certificate))
    monkeypatch.setenv("STONEPINE_TLS_KEY", str(own.key))
    assert "Taken up" in say("reload", "--home", str(home))
    assert shown(home) == own.certificate.read_text()
    assert (facts(home)["authority"], facts(home)["hosts"]) == ("", ["vectors.example.com"])
    assert "already" in say("reload", "--home", str(home))

    before = shown(home)
    own.key.write_text("")
    with pytest.raises(SetupError, match="no private key"):
        say("reload", "--home", str(home))
    with pytest.raises(SetupError, match="of your own"):
        say("create", "--home", str(home))
    assert shown(home) == before


def test_home_without_an_installation_is_named(home: Path) -> None:
    with pytest.raises(SetupError, match="holds no installation"):
        say("show", "--home", str(home))
    assert not home.exists()
