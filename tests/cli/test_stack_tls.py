"""A whole installation that advertises https: TLS everywhere, plaintext nowhere."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from tests.support.stack import Stack, running_stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack(STONEPINE_ADVERTISED_SCHEME="https") as running:
        yield running


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    trusting = ssl.create_default_context(cafile=stack.home / "tls" / "ca.pem")
    headers = {"Api-Key": stack.api_key, "X-Pinecone-Api-Version": "2026-04"}
    with httpx.Client(verify=trusting, headers=headers, timeout=20) as made:
        yield made


def test_index_is_created_and_answers_over_tls_alone(stack: Stack, client: httpx.Client) -> None:
    body = {
        "name": "secured", "dimension": 2, "metric": "cosine",
        "spec": {"serverless": {"cloud": "aws", "region": "us-east-1"}},
    }  # fmt: skip
    created = client.post(f"https://127.0.0.1:{stack.port}/indexes", json=body).json()
    assert created["status"]["ready"], created
    host = created["host"]
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
    page = client.get(f"https://127.0.0.1:{stack.port}/signin")
    cookies = page.headers.get_list("set-cookie")
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)
