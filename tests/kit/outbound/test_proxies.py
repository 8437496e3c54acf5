"""Through the operator's forward proxy: what it is asked for, and what goes past it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from kit.destinations import Purpose
from kit.environment import Environment, environment
from kit.outbound.client import Answer, exchange
from kit.outbound.errors import AddressRefused, ExchangeFailed
from kit.outbound.places import Place
from kit.outbound.proxies import proxy_for
from tests.kit.outbound.conftest import Operator
from tests.kit.outbound.test_client import secure_receiver
from tests.support.forward_proxy import ForwardProxy
from tests.support.receivers import HttpReceiver


def get(url: str, ca: str = "") -> Answer:
    allowed = environment().outbound_allowed(Purpose.WEBHOOKS)
    return exchange("GET", url, headers={}, allowed=allowed, ca=ca)


def test_the_proxy_is_asked_for_the_address_that_was_checked(
    receiver: HttpReceiver, proxy: ForwardProxy
) -> None:
    port = receiver.url.rpartition(":")[2]
    assert get(f"http://localhost:{port}/x").status == 200
    assert proxy.targets == [f"127.0.0.1:{port}"]
    assert receiver.requests[0].headers["host"] == f"localhost:{port}"


@pytest.mark.usefixtures("loopback_allowed")
def test_tls_is_verified_to_its_other_end(proxy: ForwardProxy, tmp_path: Path) -> None:
    with secure_receiver(tmp_path) as (secure, ca):
        assert get(secure.url, ca).status == 200
        with pytest.raises(ExchangeFailed, match="TLS with localhost failed"):
            get(secure.url)
    assert len(proxy.targets) == 2


@pytest.mark.usefixtures("proxy")
def test_what_may_not_be_reached_is_not_asked_of_the_proxy(proxy: ForwardProxy) -> None:
    for host in ("localhost", "169.254.169.254", "[::1]"):
        with pytest.raises(AddressRefused):
            get(f"http://{host}/")
    assert proxy.heads == []


def test_the_operators_credentials_go_to_the_proxy_alone(
    receiver: HttpReceiver, proxy: ForwardProxy, operator: Operator
) -> None:
    operator(HTTP_PROXY=proxy.url.replace("//", "//us:p%40ss@"))
    assert get(receiver.url).status == 200
    assert "Proxy-Authorization: Basic dXM6cEBzcw==" in proxy.heads[0]
    assert "proxy-authorization" not in receiver.requests[0].headers
    assert "dXM6" not in repr(proxy_for(Place("example.com", 80, is_tls=False)))


@pytest.mark.parametrize(
    ("refusal", "why"), [("403 No", r"refused the connection \(403\)"), ("407 Who", "credentials")]
)
def test_a_refusal_of_the_proxy_is_told(
    receiver: HttpReceiver, proxy: ForwardProxy, refusal: str, why: str
) -> None:
    proxy.refusal = refusal
    with pytest.raises(ExchangeFailed, match=why):
        get(receiver.url)
    assert receiver.requests == []


def test_a_proxy_that_is_away_is_told(receiver: HttpReceiver, operator: Operator) -> None:
    operator(HTTP_PROXY="http://127.0.0.1:9")
    with pytest.raises(ExchangeFailed, match=r"The proxy 127\.0\.0\.1 does not answer"):
        get(receiver.url)


def test_names_that_only_the_proxy_knows_need_the_operators_word(
    receiver: HttpReceiver, proxy: ForwardProxy, operator: Operator
) -> None:
    port = receiver.url.rpartition(":")[2]
    proxy.names["outside.invalid"] = "127.0.0.1"
    with pytest.raises(ExchangeFailed, match="cannot be resolved"):
        get(f"http://outside.invalid:{port}/")
    operator(OUTBOUND_PROXY_RESOLVES="true")
    assert get(f"http://outside.invalid:{port}/").status == 200
    assert proxy.targets == [f"outside.invalid:{port}"]
    with pytest.raises(AddressRefused):
        get("http://10.0.0.1/")


@pytest.mark.parametrize(
    ("no_proxy", "is_direct"),
    [
        ("", False),
        ("*", True),
        ("corp.example", True),
        (".corp.example", True),
        ("*.corp.example", True),
        ("vault.corp.example:8200", True),
        ("vault.corp.example:1", False),
        ("other.example, corp.example", True),
        ("p.example", False),
        ("10.0.0.0/8", False),
    ],
)
def test_no_proxy_names_hosts_with_all_below_them(
    operator: Operator, no_proxy: str, is_direct: bool
) -> None:
    operator(HTTPS_PROXY="proxy.example:3128", NO_PROXY=no_proxy)
    found = proxy_for(Place("vault.corp.example", 8200))
    assert (found is None) is is_direct


@pytest.mark.parametrize("no_proxy", ["10.0.0.0/8", "10.1.2.3", "fd00::/8,10.1.2.3/32"])
def test_no_proxy_names_networks(operator: Operator, no_proxy: str) -> None:
    operator(HTTPS_PROXY="http://proxy.example", NO_PROXY=no_proxy)
    assert proxy_for(Place("10.1.2.3", 443)) is None
    assert proxy_for(Place("11.1.2.3", 443)) is not None
    assert proxy_for(Place("10.1.2.3", 80, is_tls=False)) is None


@pytest.mark.parametrize("url", ["socks5://x:1", "https://x:1", "http://", "http://x:y", "x:99999"])
def test_proxies_of_other_kinds_are_refused_at_the_start(operator: Operator, url: str) -> None:
    operator(HTTPS_PROXY=url)
    with pytest.raises(ValidationError, match="only proxies of the form"):
        Environment()
