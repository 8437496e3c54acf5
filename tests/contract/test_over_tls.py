"""A whole installation that advertises https: TLS everywhere, plaintext nowhere, no other door."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from xml.etree import ElementTree

import httpx
import psycopg
import pytest

from cli.embedded.postgres import DATABASE, ROLES
from tests.support.clients import VERSIONS, run_client, run_scenario, typescript_folder
from tests.support.sockets import documented_sockets, listening
from tests.support.stack import Stack, running_stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

_GUESSES = ("", "postgres", "stonepine", "password", "admin", "valkey")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack(STONEPINE_ADVERTISED_SCHEME="https", STONEPINE_ENGINES="2") as running:
        yield running


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[httpx.Client]:
    trusting = ssl.create_default_context(cafile=stack.home / "tls" / "ca.pem")
    headers = {"Api-Key": stack.api_key, "X-Pinecone-Api-Version": "2026-04"}
    with httpx.Client(verify=trusting, headers=headers, timeout=20) as made:
        yield made


@pytest.fixture(scope="module")
def host(stack: Stack, client: httpx.Client) -> str:
    """The host of an index, as clients are told it."""
    body = {
        "name": "secured", "dimension": 2, "metric": "cosine",
        "spec": {"serverless": {"cloud": "aws", "region": "us-east-1"}},
    }  # fmt: skip
    assert client.post(f"{stack.api_url}/indexes", json=body).status_code == 201

    def ready_host() -> str:
        found = client.get(f"{stack.api_url}/indexes/secured").json()
        return str(found["host"]) if found["status"]["ready"] else ""

    return wait_until(ready_host, timeout_s=60, what="the index is ready")


def test_index_answers_over_tls_alone(host: str, client: httpx.Client) -> None:
    assert "://" not in host, "clients put https in front of a bare host"
    vectors = {"vectors": [{"id": "a", "values": [1, 0]}]}
    assert client.post(f"https://{host}/vectors/upsert", json=vectors).json() == {
        "upsertedCount": 1
    }
    with pytest.raises(httpx.TransportError):
        httpx.post(f"http://{host}/vectors/upsert", json=vectors, timeout=5)


def test_base_port_speaks_no_plaintext(stack: Stack, client: httpx.Client) -> None:
    assert client.get(f"https://localhost:{stack.port}/healthz").json() == {"status": "ok"}
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{stack.port}/healthz", timeout=5)


def test_cookies_are_secure_and_urls_are_https(stack: Stack, client: httpx.Client) -> None:
    assert stack.facts["console_url"].startswith("https://")
    page = client.get(f"{stack.api_url}/signin")
    cookies = page.headers.get_list("set-cookie")
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("transport", ["rest", "grpc"])
def test_python_clients_trust_the_development_authority(
    stack: Stack, name: str, version: str, transport: str
) -> None:
    run_scenario(stack, "data_plane", name, transport, version=version)


def test_the_typescript_client_trusts_it_too(stack: Stack, name: str) -> None:
    command = ["node", "dist/quickstart.js", "--name", name]
    assert "subtitle" in run_client(stack, command, cwd=typescript_folder())


def test_sockets_are_those_of_the_documentation(stack: Stack, host: str) -> None:
    tcp, unix = listening(stack)
    assert tcp == {("127.0.0.1", stack.port), ("127.0.0.1", int(host.rpartition(":")[2]))}
    assert unix == documented_sockets()


def test_sockets_lie_where_nobody_else_may_enter(stack: Stack) -> None:
    """Started by root, the embedded PostgreSQL has a user of its own: who may pass, no more."""
    names = [name.replace("web.sock.1", "web.sock") for name in listening(stack)[1]]
    modes = {name: (stack.home / name).stat().st_mode & 0o777 for name in names}
    assert modes
    assert not any(mode & 0o077 for mode in modes.values()), modes
    folder = (stack.home / "run").stat().st_mode & 0o777
    assert folder & ~0o010 == 0o700, oct(folder)


def test_every_port_speaks_256_bit_aes_alone(stack: Stack, host: str) -> None:
    if shutil.which("sslscan") is None:
        pytest.skip("sslscan is not installed")
    ports = {port for _, port in listening(stack)[0]}
    assert {stack.port, int(host.rpartition(":")[2])} <= ports
    for port in ports:
        scan = scanned(port)
        enabled = {
            f"{one.get('type')} {one.get('version')}"
            for one in scan.findall("protocol")
            if one.get("enabled") == "1"
        }
        assert enabled == {"tls 1.2", "tls 1.3"}
        suites = {(one.get("cipher"), one.get("bits")) for one in scan.findall("cipher")}
        assert suites == {
            ("TLS_AES_256_GCM_SHA384", "256"), ("ECDHE-ECDSA-AES256-GCM-SHA384", "256"),
        }  # fmt: skip
        assert {one.get("name") for one in scan.findall("group")} == {"secp384r1 (NIST P-384)"}
        assert {one.get("vulnerable") for one in scan.findall("heartbleed")} == {"0"}
        assert [one.get("supported") for one in scan.findall("renegotiation")] == ["0"]


def scanned(port: int) -> ElementTree.Element:
    result = subprocess.run(
        ["sslscan", "--xml=-", f"localhost:{port}"],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    found = ElementTree.fromstring(result.stdout).find("ssltest")  # noqa: S314 - a tool of ours
    assert found is not None, result.stdout
    return found


def test_no_part_takes_a_credential_that_can_be_guessed(stack: Stack) -> None:
    for role in (*ROLES, "postgres"):
        for guess in (*_GUESSES, role):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(
                    host=str(stack.home / "run" / "postgres"), user=role, password=guess,
                    dbname=DATABASE, connect_timeout=5,
                )  # fmt: skip
    for guess in _GUESSES:
        with socket.socket(socket.AF_UNIX) as valkey:
            valkey.settimeout(5)
            valkey.connect(str(stack.home / "run" / "valkey.sock"))
            valkey.sendall(f'AUTH "{guess}"\r\nPING\r\n'.encode())
            assert b"PONG" not in valkey.recv(1024)
