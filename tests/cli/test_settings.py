"""From the operator's environment to what processes are told, and what is refused on the way."""

import os
from pathlib import Path

import pytest

from cli.embedded.identity import Identity
from cli.errors import SetupError
from cli.home import Home
from cli.process_table import process_table
from cli.settings import Installation
from kit.environment import Environment

OWN_DATABASE = {
    "DATABASE_URL": "postgresql://app:a-password@db/x",
    "DATABASE_SYSTEM_URL": "postgresql://system:b-password@db/x",
    "DATABASE_OWNER_URL": "postgresql://owner:c-password@db/x",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in list(os.environ):
        if name.startswith(("STONEPINE_", "DATABASE_")) or name in {
            "REDIS_URL", "OBJECT_STORE_URL",
        }:  # fmt: skip
            monkeypatch.delenv(name)
    made = Home(tmp_path / "h")
    made.create()
    return made


def set_all(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def names(installation: Installation) -> list[str]:
    table = process_table(installation, Identity(None, None), must_migrate=True)
    return [entry.name for entry in table]


def test_nodes_start_beside_the_recovery_of_a_database_that_has_its_tables(home: Home) -> None:
    installation = Installation.of(home)
    for must_migrate, needs in ((True, ["database"]), (False, [])):
        table = process_table(installation, Identity(None, None), must_migrate=must_migrate)
        found = {spec.name: spec.needs for spec in table}
        assert found["node-engine"] == found["node-front"] == needs
        assert found["web"]


def test_children_read_back_the_same_installation(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Installation.of(home, 8200).children_environment()
    set_all(monkeypatch, **told)
    seen = Environment()
    assert seen.home == home.path
    assert seen.run_dir == home.run_dir
    assert (seen.port, seen.index_port_first) == (8200, 9200)
    assert seen.keyring_dir == home.keyring_dir
    assert seen.object_store_url == home.objects_dir.as_uri()
    assert len(seen.secret_key.get_secret_value()) >= 32


def test_no_child_is_told_the_owners_url_but_the_one_that_migrates(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, **OWN_DATABASE)
    installation = Installation.of(home)
    assert "c-password" not in str(installation.children_environment())
    table = process_table(installation, Identity(None, None), must_migrate=True)
    told = [spec.name for spec in table if "c-password" in str(spec.environment)]
    assert told == ["database"]


def test_port_is_remembered_and_can_be_overruled(home: Home) -> None:
    assert Installation.of(home).environment.port == 8080
    home.remember(port=8300)
    assert Installation.of(home).environment.port == 8300
    assert Installation.of(home, 8400).environment.port == 8400


def test_high_port_leaves_fewer_for_indexes_and_none_beyond_the_last(home: Home) -> None:
    environment = Installation.of(home, 64_000).environment
    assert environment.index_port_first + environment.index_port_count == 65_536


@pytest.mark.parametrize("port", [65_000, 70_000])
def test_port_without_room_for_indexes_is_refused(home: Home, port: int) -> None:
    with pytest.raises(SetupError, match=str(port)):
        Installation.of(home, port)


def test_own_servers_replace_the_embedded_ones(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"postgres", "valkey"} <= set(names(Installation.of(home)))
    set_all(monkeypatch, **OWN_DATABASE, REDIS_URL="redis://cache/0")
    installation = Installation.of(home)
    assert not {"postgres", "valkey"} & set(names(installation))
    told = installation.children_environment()
    assert told["DATABASE_URL"] == OWN_DATABASE["DATABASE_URL"]
    assert told["REDIS_URL"] == "redis://cache/0"


def test_own_database_needs_all_three_roles(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, DATABASE_URL=OWN_DATABASE["DATABASE_URL"])
    with pytest.raises(SetupError, match="DATABASE_OWNER_URL, DATABASE_SYSTEM_URL is not"):
        Installation.of(home)


def test_half_a_certificate_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, STONEPINE_TLS_CERTIFICATE="/etc/tls/chain.pem")
    with pytest.raises(SetupError, match="one is set alone"):
        Installation.of(home)


def test_own_certificate_is_told_to_children_wherever_they_stand(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, STONEPINE_TLS_CERTIFICATE="chain.pem", STONEPINE_TLS_KEY="key.pem")
    told = Installation.of(home).children_environment()
    assert told["STONEPINE_TLS_CERTIFICATE"] == str(Path.cwd() / "chain.pem")
    set_all(monkeypatch, STONEPINE_TLS_CERTIFICATE="", STONEPINE_TLS_KEY="")
    told = Installation.of(home).children_environment()
    set_all(monkeypatch, **told)
    assert Environment().tls_certificate is None


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])  # noqa: S104 - refused
def test_open_address_needs_tls(home: Home, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    set_all(monkeypatch, STONEPINE_BIND_HOST=host)
    with pytest.raises(SetupError, match="without TLS"):
        Installation.of(home)
    set_all(monkeypatch, STONEPINE_ADVERTISED_SCHEME="https")
    assert Installation.of(home).environment.bind_host == host


def test_wrong_setting_is_named_and_its_value_is_not(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, STONEPINE_CREATE_WAIT_S="secret-by-mistake")
    with pytest.raises(SetupError) as failure:
        Installation.of(home)
    assert "create_wait_s" in failure.value.message
    assert "secret-by-mistake" not in failure.value.message


def test_secrets_do_not_show_in_the_reprs_of_the_table(home: Home) -> None:
    installation = Installation.of(home)
    known = home.secrets()
    shown = repr(process_table(installation, Identity(None, None), must_migrate=True))
    assert known.valkey_password not in shown
    assert known.owner_password not in shown


def test_addressing_that_the_gateway_does_not_serve_is_refused(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, STONEPINE_ADDRESSING="subdomain")
    with pytest.raises(SetupError, match="by subdomain"):
        Installation.of(home)
