"""The way out: where streams may go, and that they go nowhere else."""

import socket
import ssl
import threading
from ipaddress import ip_address
from pathlib import Path

import pytest

from audit.streams.network import exchange, resolved
from cli.tls import ensure_certificate
from kit.environment import environment
from kit.outbound import AddressRefused, ExchangeFailed, is_allowed
from tests.audit.streams.receivers import HttpReceiver, http_receiver


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "198.18.0.1", "192.0.2.1",  # noqa: S104
        "::1", "::", "fe80::1", "fc00::1", "ff02::1", "fd00:ec2::254", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2001:db8::1", "fec0::1", "64:ff9b:1::a00:1", "::10.0.0.1", "::ffff:0:10.0.0.1",
    ],
)  # fmt: skip
def test_special_addresses_are_refused(address: str) -> None:
    assert not is_allowed(ip_address(address), ())


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(ip_address(address), ())


def test_names_and_odd_spellings_of_this_machine_are_refused() -> None:
    for host in ("localhost", "127.1", "2130706433", "0x7f000001", "0"):
        with pytest.raises(AddressRefused):
            resolved(host, 80)


def test_what_does_not_resolve_is_a_failure_that_names_it() -> None:
    with pytest.raises(ExchangeFailed, match=r"nowhere\.invalid cannot be resolved"):
        resolved("nowhere.invalid", 80)


@pytest.mark.usefixtures("loopback_allowed")
def test_the_operator_may_allow_a_network() -> None:
    allowed = environment().audit_stream_networks_allowed
    assert is_allowed(ip_address("127.0.0.1"), allowed)
    assert is_allowed(ip_address("::ffff:127.0.0.1"), allowed)
    assert not is_allowed(ip_address("10.0.0.1"), allowed)


def test_without_permission_nothing_is_connected(receiver: HttpReceiver) -> None:
    url = receiver.url.replace("127.0.0.1", "10.255.255.1")
    with pytest.raises(AddressRefused):
        exchange("POST", url, b"", headers={})
    assert receiver.requests == []


def test_redirects_are_not_followed(receiver: HttpReceiver) -> None:
    receiver.statuses, receiver.headers = [307], {"location": receiver.url + "/elsewhere"}
    assert exchange("POST", receiver.url + "/here", b"x", headers={}) == 307
    assert [request.path for request in receiver.requests] == ["/here"]


@pytest.mark.usefixtures("loopback_allowed")
def test_an_answer_that_drips_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        is_over = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not is_over.wait(0.02):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(ExchangeFailed):
                exchange(
                    "POST", f"http://127.0.0.1:{server.getsockname()[1]}/", b"",
                    headers={}, timeout_s=0.3,
                )  # fmt: skip
        finally:
            is_over.set()
            thread.join()


def test_a_receiver_without_the_right_certificate_gets_nothing(receiver: HttpReceiver) -> None:
    with pytest.raises(ExchangeFailed, match=r"TLS with 127\.0\.0\.1 failed"):
        exchange("POST", receiver.url.replace("http:", "https:"), b"secret", headers={})
    assert receiver.requests == []


def test_a_certificate_for_the_receivers_name_is_needed_and_enough(
    loopback_allowed: None, tmp_path: Path
) -> None:
    """The address is pinned, the name is verified all the same."""
    ensure_certificate(tmp_path, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    ca = (tmp_path / "ca.pem").read_text()
    with http_receiver(context) as secure:
        url = secure.url.replace("127.0.0.1", "localhost")
        assert exchange("POST", url, b"x", headers={}, ca=ca) == 200
        with pytest.raises(ExchangeFailed, match="TLS"):
            exchange("POST", url, b"x", headers={})
    assert len(secure.requests) == 1
