"""The way out: bounded, and to no other place than was asked for."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.development_authority import ensure_certificate
from kit.destinations import Purpose
from kit.environment import environment
from kit.outbound.client import Answer, exchange
from kit.outbound.errors import AddressRefused, ExchangeFailed
from tests.kit.outbound.conftest import Operator
from tests.support.receivers import HttpReceiver, http_receiver

FOLLOWING: dict[str, Any] = {"max_redirects": 2}


def get(url: str, **more: Any) -> Answer:
    given = {"headers": {}, "allowed": environment().outbound_allowed(Purpose.WEBHOOKS), **more}
    return exchange("GET", url, **given)


@contextmanager
def dripping(first: bytes, drop: bytes, *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that answers `first`, then drop by drop without end."""
    is_over = threading.Event()

    def drip() -> None:
        connection: socket.socket = server.accept()[0]
        if tls is not None:
            connection = tls.wrap_socket(connection, server_side=True)
        with connection:
            try:
                connection.sendall(first)
                while not is_over.wait(0.02):
                    connection.sendall(drop)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            scheme = "http" if tls is None else "https"
            yield f"{scheme}://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            is_over.set()
            thread.join()


def test_without_permission_nothing_is_connected(receiver: HttpReceiver) -> None:
    with pytest.raises(AddressRefused):
        get(receiver.url.replace("127.0.0.1", "10.255.255.1"))
    with pytest.raises(AddressRefused):
        get(receiver.url, allowed=environment().outbound_allowed(Purpose.AUDIT))
    assert receiver.requests == []


def test_the_answer_comes_with_its_status_headers_and_body(receiver: HttpReceiver) -> None:
    receiver.statuses, receiver.headers, receiver.body = [418], {"X-Kind": "Pot"}, b"short"
    found = get(receiver.url + "/a?b=c", headers={"Authorization": "Bearer x"})
    assert (found.status, found.body, found.is_whole) == (418, b"short", True)
    assert (found.headers["x-kind"], found.is_success) == ("Pot", False)
    (request,) = receiver.requests
    assert request.path == "/a?b=c"
    assert request.headers["authorization"] == "Bearer x"
    assert request.headers["host"] == receiver.url.removeprefix("http://")


def test_of_a_long_answer_only_the_beginning_is_taken(receiver: HttpReceiver) -> None:
    receiver.body = b"x" * 11
    found = get(receiver.url, max_bytes=10)
    assert (found.body, found.is_whole) == (b"x" * 10, False)


def test_redirects_are_not_followed_unless_asked_for(receiver: HttpReceiver) -> None:
    receiver.statuses, receiver.headers = [307], {"location": receiver.url + "/elsewhere"}
    assert get(receiver.url + "/here").status == 307
    assert [request.path for request in receiver.requests] == ["/here"]


def test_redirects_end_where_they_are_too_many(receiver: HttpReceiver) -> None:
    receiver.statuses, receiver.headers = [302], {"location": "/next"}
    with pytest.raises(ExchangeFailed, match="redirects too often"):
        get(receiver.url, **FOLLOWING)
    assert [request.path for request in receiver.requests] == ["/", "/next", "/next"]


@pytest.mark.parametrize("location", ["http://10.255.255.1/", "http://localhost.localhost:1/"])
def test_each_hop_is_checked_anew(receiver: HttpReceiver, location: str) -> None:
    receiver.statuses, receiver.headers = [302], {"location": location}
    with pytest.raises(ExchangeFailed, match=r"may not be reached|resolved|answer"):
        get(receiver.url, **FOLLOWING)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://u:p@x/"])
def test_redirects_to_what_is_no_web_address_are_refused(
    receiver: HttpReceiver, location: str
) -> None:
    receiver.statuses, receiver.headers = [302], {"location": location}
    with pytest.raises(ExchangeFailed, match="nobody may follow"):
        get(receiver.url, **FOLLOWING)


def test_another_host_is_not_told_who_we_are(receiver: HttpReceiver) -> None:
    with http_receiver() as other:
        receiver.statuses, receiver.headers = [302], {"location": other.url + "/there"}
        headers = {"Authorization": "Bearer x", "User-Agent": "Us"}
        assert get(receiver.url, **FOLLOWING, headers=headers).status == 200
    (request,) = other.requests
    assert "authorization" not in request.headers
    assert request.headers["user-agent"] == "Us"


def test_a_post_is_never_sent_on(receiver: HttpReceiver) -> None:
    receiver.statuses, receiver.headers = [307], {"location": "/next"}
    allowed = environment().outbound_allowed(Purpose.WEBHOOKS)
    answer = exchange("POST", receiver.url, b"x", headers={}, allowed=allowed, **FOLLOWING)
    assert answer.status == 307


@pytest.mark.usefixtures("loopback_allowed")
@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\n\r\nhalf of "])
def test_an_answer_that_drips_is_cut_off_and_never_taken_for_whole(first: bytes) -> None:
    with dripping(first, b"H") as url, pytest.raises(ExchangeFailed):
        get(url, timeout_s=0.3)


@pytest.mark.usefixtures("loopback_allowed")
def test_an_answer_that_drips_inside_tls_is_cut_off_as_well(tmp_path: Path) -> None:
    context, ca = made_certificate(tmp_path)
    with dripping(b"HTTP", b"H", tls=context) as url, pytest.raises(ExchangeFailed):
        get(url, timeout_s=1, ca=ca)


def test_what_is_no_ascii_goes_nowhere(receiver: HttpReceiver) -> None:
    with pytest.raises(ExchangeFailed, match="ASCII"):
        get(receiver.url + "/ä")
    with pytest.raises(ExchangeFailed):
        get(receiver.url + "/a\r\nX: y")
    assert receiver.requests == []


def test_a_name_that_answers_differently_the_second_time_gains_nothing(
    receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One look-up, and the connection goes to what it gave."""
    port = int(receiver.url.rpartition(":")[2])
    answers = [("127.0.0.1", port), ("10.255.255.1", port)]
    asked = []

    def rebinding(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", answers[len(asked) - 1])]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert get(f"http://rebind.example:{port}/").status == 200
    assert asked == ["rebind.example"]
    with pytest.raises(AddressRefused):
        get(f"http://rebind.example:{port}/")


def test_one_forbidden_address_among_several_refuses_the_name(
    receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def several(*_: object, **__: object) -> list[tuple[object, ...]]:
        places = [("127.0.0.1", 1), ("169.254.169.254", 1)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", place) for place in places]

    monkeypatch.setattr(socket, "getaddrinfo", several)
    with pytest.raises(AddressRefused):
        get("http://several.example/")


def test_the_next_address_is_tried_where_one_is_deaf(
    receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.rpartition(":")[2])

    def several(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port))
            for address in ("127.0.0.9", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", several)
    assert get(f"http://several.example:{port}/").status == 200


def test_a_receiver_without_the_right_certificate_gets_nothing(receiver: HttpReceiver) -> None:
    with pytest.raises(ExchangeFailed, match=r"TLS with 127\.0\.0\.1 failed"):
        get(receiver.url.replace("http:", "https:"))
    assert receiver.requests == []


def made_certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    """For localhost and 127.0.0.1, and the authority that signed it."""
    ensure_certificate(folder, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, (folder / "ca.pem").read_text()


@contextmanager
def secure_receiver(folder: Path) -> Iterator[tuple[HttpReceiver, str]]:
    """It, and the authority that signed its certificate for localhost."""
    context, ca = made_certificate(folder)
    with http_receiver(context) as secure:
        secure.url = secure.url.replace("127.0.0.1", "localhost")
        yield secure, ca


@pytest.mark.usefixtures("loopback_allowed")
def test_a_certificate_for_the_receivers_name_is_needed_and_enough(tmp_path: Path) -> None:
    """The address is pinned, the name is verified all the same."""
    with secure_receiver(tmp_path) as (secure, ca):
        assert get(secure.url, ca=ca).status == 200
        with pytest.raises(ExchangeFailed, match="TLS"):
            get(secure.url)
    assert len(secure.requests) == 1


def test_tls_is_never_left_for_plain_http(operator: Operator, tmp_path: Path) -> None:
    operator(OUTBOUND_ALLOW="127.0.0.0/8,::1")
    with secure_receiver(tmp_path) as (secure, ca), http_receiver() as plain:
        secure.statuses, secure.headers = [302], {"location": plain.url}
        with pytest.raises(ExchangeFailed, match="nobody may follow"):
            get(secure.url, **FOLLOWING, ca=ca)
    assert plain.requests == []


def test_without_tls_only_what_is_listed_may_be_reached_where_tls_is_needed(
    receiver: HttpReceiver,
) -> None:
    assert get(receiver.url, needs_tls=True).status == 200
    with pytest.raises(AddressRefused):
        get("http://8.8.8.8/", needs_tls=True)
