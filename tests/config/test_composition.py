"""Settings, broker and headers, as they follow from the environment."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from config.celery import broker_url
from config.databases import SpeltOutRoles, database, databases
from kit.environment import Environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("url", "spelt"),
    [
        ("", "memory://localhost/"),
        ("redis://host:6379/1", "redis://host:6379/1"),
        (
            "rediss://:pw@host/0",
            "rediss://:pw@host/0?ssl_cert_reqs=required&ssl_check_hostname=true",
        ),
        (
            "rediss://host?ssl_ca_certs=%2Fca.pem&ssl_cert_reqs=none",
            "rediss://host?ssl_cert_reqs=none&ssl_check_hostname=true&ssl_ca_certs=%2Fca.pem",
        ),
        ("unix://:p%2Fw@/run/v.sock?db=2", "redis+socket://:p%2Fw@/run/v.sock?virtual_host=2"),
    ],
)
def test_the_broker_is_spelt_as_kombu_reads_it(url: str, spelt: str) -> None:
    assert broker_url(url) == spelt


def test_a_url_with_a_socket_folder_becomes_settings() -> None:
    found = database("postgresql://app:p%40ss@%2Frun%2Fpg/db?sslmode=disable", is_pooled=True)
    assert (found["USER"], found["PASSWORD"], found["HOST"]) == ("app", "p@ss", "/run/pg")
    assert found["OPTIONS"]["sslmode"] == "disable"
    assert found["OPTIONS"]["pool"]


def test_the_owner_is_known_only_to_processes_that_were_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    assert set(databases(Environment())) == {"default", "system"}
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner@/db")
    found = databases(Environment())
    assert set(found) == {"default", "system", "owner"}
    assert found["owner"]["OPTIONS"]["options"].endswith("-c lock_timeout=10s")


def test_only_the_owner_migrates() -> None:
    router = SpeltOutRoles()
    assert [alias for alias in ("default", "system", "owner") if router.allow_migrate(alias)] == [
        "owner"
    ]


@pytest.mark.parametrize("secret", ["", "short"])
def test_production_refuses_a_weak_secret(secret: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"STONEPINE_PRODUCTION": "1", "STONEPINE_SECRET_KEY": secret, "PATH": ""},
    )  # fmt: skip
    assert done.returncode != 0
    assert "STONEPINE_SECRET_KEY" in done.stderr


def test_pages_forbid_inline_code_frames_and_sniffing(database: None) -> None:
    response = Client().get("/signin", headers={"Accept": "text/html"})
    policy = response["Content-Security-Policy"]
    for directive in (
        "default-src 'self'", "script-src 'self'", "style-src 'self'", "object-src 'none'",
        "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
    ):  # fmt: skip
        assert directive in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["x-pinecone-request-id"]


def test_an_unknown_host_is_refused(database: None) -> None:
    response = Client().get("/indexes", headers={"Host": "evil.example"})
    assert response.status_code == 400


def test_people_get_a_page_and_clients_an_envelope_for_what_is_missing(database: None) -> None:
    page = Client().get("/nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page["Content-Type"].startswith("text/html")
    assert page["x-pinecone-request-id"] in page.content.decode()
    envelope = Client().get("/nowhere", headers={"Accept": "*/*"})
    assert envelope.json()["error"]["code"] == "NOT_FOUND"
