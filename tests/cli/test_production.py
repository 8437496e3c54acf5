"""What production refuses before anything starts: each weak part by name, and no secret shown."""

import os
from pathlib import Path

import pytest

from cli.doctor import tell_of_production
from cli.errors import SetupError
from cli.home import Home
from cli.production import weaknesses
from cli.settings import Installation
from kit.environment import Environment

PASSWORD = "kW3-vq8Z_t5Yb1Lx"


def database(role: str, *, host: str = "db.example.com", more: str = "") -> str:
    return f"postgresql://{role}:{PASSWORD}@{host}/stonepine?sslmode=verify-full{more}"


STRONG = {
    "STONEPINE_PRODUCTION": "1",
    "STONEPINE_ADVERTISED_SCHEME": "https",
    "STONEPINE_TLS_CERTIFICATE": "/etc/stonepine/chain.pem",
    "STONEPINE_TLS_KEY": "/etc/stonepine/key.pem",
    "DATABASE_URL": database("app"),
    "DATABASE_SYSTEM_URL": database("system"),
    "DATABASE_OWNER_URL": database("owner"),
    "REDIS_URL": f"rediss://:{PASSWORD}@cache.example.com/0",
    "OBJECT_STORE_URL": "s3://bucket/prefix",
    "STONEPINE_SMTP_URL": f"smtps://us:{PASSWORD}@mail.example.com",
}


@pytest.fixture(autouse=True)
def strong(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("STONEPINE_", "AWS_", "AZURE_", "GOOGLE_")) or name == "PGSSLMODE":
            monkeypatch.delenv(name)
    for name, value in STRONG.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "h")
    made.create()
    return made


def test_strong_parts_are_accepted(home: Home) -> None:
    assert Installation.of(home).environment.production


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_SYSTEM_URL", database("s").replace("verify-full", "verify-ca"), "by name"),
        ("DATABASE_URL", database("app").partition("?")[0], "DATABASE_URL does not verify"),
        ("DATABASE_URL", database("app", host="%2Frun%2Fx,db").replace("full", "ca"), "by name"),
        ("DATABASE_URL", database("app", more="&ssl_min_protocol_version=TLSv1.1"), "before 1.2"),
        ("DATABASE_OWNER_URL", database("o").replace(PASSWORD, "postgres"), "a password to guess"),
        ("DATABASE_OWNER_URL", "postgresql://[", "no libpq URL"),
        ("REDIS_URL", f"redis://:{PASSWORD}@127.0.0.1/0", "not encrypted"),
        ("REDIS_URL", f"{STRONG['REDIS_URL']}?ssl_cert_reqs=none", "by name"),
        ("REDIS_URL", f"{STRONG['REDIS_URL']}?ssl_check_hostname=False", "by name"),
        ("REDIS_URL", "rediss://cache.example.com/0", "no password"),
        ("OBJECT_STORE_URL", "", "OBJECT_STORE_URL"),
        ("AWS_ENDPOINT_URL", "http://minio:9000", "AWS_ENDPOINT_URL is not encrypted"),
        ("AWS_ALLOW_HTTP", "true", "AWS_ALLOW_HTTP"),
        ("STONEPINE_SMTP_URL", "smtp://relay.example.com", "STONEPINE_SMTP_URL"),
        ("STONEPINE_SECRET_KEY", "short", "STONEPINE_SECRET_KEY"),
        ("STONEPINE_SECRET_KEY", "x" * 64, "STONEPINE_SECRET_KEY"),
        ("STONEPINE_METRICS_TOKEN", "prometheus", "STONEPINE_METRICS_TOKEN"),
        ("STONEPINE_DEBUG", "1", "STONEPINE_DEBUG"),
        ("STONEPINE_ADVERTISED_SCHEME", "http", "plain HTTP"),
    ],
)
def test_weak_part_is_refused_by_name_without_its_value(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SetupError) as failure:
        Installation.of(home)
    faults = failure.value.message.splitlines()[1:]
    assert len(faults) == 1, faults
    assert said in faults[0]
    assert PASSWORD not in failure.value.message
    assert len(value) < 6 or value not in failure.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"postgresql://app:{PASSWORD}@%2Frun%2Fpostgresql/stonepine"),
        ("DATABASE_URL", "postgresql://app@db/x?sslmode=verify-full&sslcert=/c.pem&sslkey=/k.pem"),
        ("REDIS_URL", f"unix://:{PASSWORD}@/run/valkey.sock?db=0"),
        ("REDIS_URL", "rediss://cache/0?ssl_certfile=/c.pem&ssl_keyfile=/k.pem"),
        ("OBJECT_STORE_URL", "file:///srv/objects"),
        ("STONEPINE_SMTP_URL", "smtp://127.0.0.1"),
        ("STONEPINE_SMTP_URL", ""),
    ],
)
def test_sockets_and_client_certificates_are_as_good(
    home: Home, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert Installation.of(home).environment.production


def test_everything_weak_is_told_at_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(STRONG) - {"STONEPINE_PRODUCTION"}:
        monkeypatch.delenv(name)
    with pytest.raises(SetupError) as failure:
        Installation.of(home)
    for part in ("PostgreSQL", "Valkey", "Objects", "plain HTTP", "development authority"):
        assert part in failure.value.message


def test_doctor_says_beforehand_what_production_would_refuse() -> None:
    weak = {**STRONG, "REDIS_URL": ""}
    relaxed = Environment(production=False)
    assert "would refuse:\n- Valkey is the embedded one" in tell_of_production(relaxed, weak)
    assert "would refuse nothing" in tell_of_production(
        relaxed.model_copy(update={"secret_key": strong_secret()}), STRONG
    )


def strong_secret() -> object:
    from pydantic import SecretStr

    return SecretStr("Zk4-uT9q_W2xVb7LmR1cYd8sFh3jPn6G")


def test_weaknesses_are_found_in_what_is_given_alone() -> None:
    assert any("PostgreSQL" in fault for fault in weaknesses(Environment(), {}))
