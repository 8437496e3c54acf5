"""The process environment: typed, read from variables, secrets hidden."""

import pytest
from pydantic import ValidationError

from kit.environment import Addressing, Environment


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("STONEPINE_", "DATABASE_", "REDIS_URL", "OBJECT_STORE_URL")):
            monkeypatch.delenv(name)


def test_defaults_are_those_of_one_machine() -> None:
    here = Environment()
    assert here.base_url == "http://127.0.0.1:8080"
    assert here.addressing is Addressing.PORT
    assert here.gateway_dir == here.home / "gateway"


def test_variables_set_fields_and_wrong_ones_fail_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STONEPINE_PORT", "9000")
    monkeypatch.setenv("STONEPINE_ADDRESSING", "path")
    assert (Environment().port, Environment().addressing) == (9000, Addressing.PATH)
    monkeypatch.setenv("STONEPINE_PORT", "many")
    with pytest.raises(ValidationError):
        Environment()


@pytest.mark.parametrize(
    ("scheme", "host", "is_asked_for"),
    [
        ("https", "vectors.example.com", True),
        ("http", "vectors.example.com", False),
        ("https", "localhost", False),
        ("https", "a.localhost", False),
        ("https", "192.0.2.1", False),
        ("https", "[2001:db8::1]", False),
    ],
)
def test_strict_transport_is_for_names_that_are_ours(
    scheme: str, host: str, is_asked_for: bool
) -> None:
    here = Environment(advertised_scheme=scheme, advertised_host=host)
    assert here.has_strict_transport is is_asked_for


@pytest.mark.parametrize("zone", ["eu-west-1a", "7", "z" * 63, ""])
def test_a_zone_is_called_by_lower_case_letters_digits_and_hyphens(zone: str) -> None:
    assert Environment(node_zone=zone).node_zone == zone


@pytest.mark.parametrize("zone", ["Z1", "z.1", "z 1", "z" * 64, "zöne", "z1\n"])
def test_a_zone_called_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    monkeypatch.setenv("STONEPINE_NODE_ZONE", zone)
    with pytest.raises(ValidationError, match=r"node_zone\n.*1 to 63 of a-z, 0-9 and '-'"):
        Environment()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:hunter2@/db")
    monkeypatch.setenv("STONEPINE_SECRET_KEY", "hunter2")
    assert "hunter2" not in repr(Environment())
    assert "hunter2" not in str(Environment().model_dump())
