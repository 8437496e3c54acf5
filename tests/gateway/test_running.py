"""What clients see of the gateway: one port for every protocol, headers they cannot forge."""

import contextlib
import dataclasses
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import grpc
import httpx
import pytest

from access import passes
from cli.errors import SetupError
from cli.renewal import renew_certificate
from gateway.listeners import IndexListener
from tests.gateway.conftest import ALPHA, Gateway, free_port, is_listening, running_gateway
from tests.gateway.upstreams import rest_upstream
from tests.support.certificates import Authority
from tests.support.waiting import wait_until

BETA = UUID("01890a5d-ac96-774b-bcce-b302099a8058")


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(verify=gateway.trusting(), timeout=20) as made:
        yield made


def said_headers(reply: httpx.Response) -> dict[str, str]:
    pairs = reply.json()["headers"]
    assert len({name for name, _ in pairs}) == len(pairs), "a header came twice"
    return dict(pairs)


def grpc_call(channel: grpc.Channel, *metadata: tuple[str, str]) -> dict[str, object]:
    call = channel.unary_unary("/VectorService/Query")
    return dict(json.loads(call(b"\x01\x02", metadata=metadata, timeout=20)))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_one_port_answers_rest_in_the_clear_and_over_tls(
    gateway: Gateway, client: httpx.Client, scheme: str
) -> None:
    reply = client.post(f"{scheme}://127.0.0.1:{gateway.index_port}/query", content=b"{}")
    assert reply.status_code == 200
    assert reply.json()["served_by"] == "node"
    assert said_headers(reply)["x-stonepine-index"] == str(ALPHA)


def test_the_same_port_answers_grpc_in_the_clear(gateway: Gateway) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{gateway.index_port}") as channel:
        said = grpc_call(channel, ("x-stonepine-index", str(BETA)))
    assert said["method"] == "/VectorService/Query"
    assert [v for k, v in said["metadata"] if k == "x-stonepine-index"] == [str(ALPHA)]


def test_the_same_port_answers_grpc_over_tls(gateway: Gateway) -> None:
    credentials = grpc.ssl_channel_credentials((gateway.settings.tls_dir / "ca.pem").read_bytes())
    with grpc.secure_channel(f"localhost:{gateway.index_port}", credentials) as channel:
        assert grpc_call(channel)["length"] == 2


@pytest.mark.parametrize("name", ["x-stonepine-index", "X-Stonepine-Index", "X_STONEPINE_INDEX"])
def test_client_cannot_name_another_index(
    gateway: Gateway, client: httpx.Client, name: str
) -> None:
    forged = [(name, str(BETA)), (name, str(BETA))]
    reply = client.get(f"http://127.0.0.1:{gateway.index_port}/vectors/list", headers=forged)
    headers = said_headers(reply)
    assert headers["x-stonepine-index"] == str(ALPHA)
    assert str(BETA) not in headers.values()


def test_no_pass_comes_in_from_outside(gateway: Gateway, client: httpx.Client) -> None:
    forged = {passes.HEADER: "anything"}
    index, base = gateway.index_port, gateway.settings.port
    for url in (f"http://127.0.0.1:{index}/query", f"http://127.0.0.1:{base}/i/{ALPHA}/query"):
        assert passes.HEADER not in said_headers(client.get(url, headers=forged))


def test_minimum_lsn_is_the_clients_to_say_on_an_index(
    gateway: Gateway, client: httpx.Client
) -> None:
    asked = {"x-stonepine-min-lsn": "7"}
    reply = client.get(f"http://127.0.0.1:{gateway.index_port}/", headers=asked)
    assert said_headers(reply)["x-stonepine-min-lsn"] == "7"


def test_web_gets_each_request_on_a_connection_of_its_own_and_a_node_does_not(
    gateway: Gateway, client: httpx.Client
) -> None:
    base = f"http://127.0.0.1:{gateway.settings.port}"
    assert [client.get(f"{base}/indexes").json()["turn"] for _ in range(3)] == [1, 1, 1]
    node = f"http://127.0.0.1:{gateway.index_port}/vectors/list"
    assert client.get(node).json()["turn"] < client.get(node).json()["turn"]


def test_base_port_sends_indexes_by_path_to_the_node_and_the_rest_to_the_web(
    gateway: Gateway, client: httpx.Client
) -> None:
    base = f"http://127.0.0.1:{gateway.settings.port}"
    forged = {"x-stonepine-index": str(BETA)}
    by_path = client.get(f"{base}/i/{ALPHA}/vectors/list?limit=3", headers=forged)
    assert by_path.json()["served_by"] == "node"
    assert by_path.json()["path"] == f"/i/{ALPHA}/vectors/list?limit=3"
    assert "x-stonepine-index" not in said_headers(by_path)
    assert client.get(f"{base}/indexes").json()["served_by"] == "web"


def test_headers_that_processes_believe_are_never_the_clients(
    gateway: Gateway, client: httpx.Client
) -> None:
    forged = {
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "x-real-ip": "203.0.113.9",
        "x-original-url": "/operator",
        "x-http-method-override": "DELETE",
        "x-stonepine-anything": "1",
        "x-request-id": "chosen-by-the-client",
        "x-envoy-original-path": "/operator",
    }
    headers = said_headers(
        client.get(f"http://127.0.0.1:{gateway.settings.port}/indexes", headers=forged)
    )
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert len(UUID(headers["x-request-id"]).hex) == 32
    left = set(forged) - {"x-forwarded-for", "x-forwarded-proto", "x-request-id"}
    assert not left & set(headers)


def test_style_sheets_travel_packed_and_answers_do_not(
    gateway: Gateway, client: httpx.Client
) -> None:
    asked = {"accept-encoding": "gzip", "x-long": "of-many-letters-" * 64}
    base = f"http://127.0.0.1:{gateway.settings.port}"
    packed = client.get(f"{base}/static/base.css", headers=asked)
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert packed.json()["path"] == "/static/base.css"
    assert packed.num_bytes_downloaded < len(packed.content) / 2
    assert "content-encoding" not in client.get(f"{base}/indexes", headers=asked).headers
    asked["accept-encoding"] = "identity"
    assert "content-encoding" not in client.get(f"{base}/static/base.css", headers=asked).headers


def test_behind_a_proxy_the_address_is_the_one_that_the_proxy_saw() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="sp-gw-") as folder,
        running_gateway(Path(folder), trusted_hops=1) as behind,
        rest_upstream(behind.settings.web_socket, "web"),
    ):
        said = {"x-forwarded-for": "203.0.113.9, 198.51.100.7", "x-forwarded-proto": "https"}
        headers = said_headers(
            httpx.get(f"http://127.0.0.1:{behind.settings.port}/indexes", headers=said)
        )
    assert headers["x-forwarded-for"] == "198.51.100.7"
    assert headers["x-forwarded-proto"] == "https"


def test_only_proxies_that_the_operator_knows_are_believed() -> None:
    """Whoever connects from elsewhere is who the connection says, whatever it claims."""
    said = {"x-forwarded-for": "203.0.113.9, 198.51.100.7"}
    with (
        tempfile.TemporaryDirectory(prefix="sp-gw-") as folder,
        running_gateway(
            Path(folder), trusted_hops=1, trusted_proxies=("127.0.0.2/32", "fd00::/8")
        ) as behind,
        rest_upstream(behind.settings.web_socket, "web"),
    ):
        for local, seen in (("127.0.0.2", "198.51.100.7"), ("127.0.0.3", "127.0.0.3")):
            transport = httpx.HTTPTransport(local_address=local, verify=behind.trusting())
            with httpx.Client(transport=transport) as client:
                for scheme in ("http", "https"):
                    url = f"{scheme}://127.0.0.1:{behind.settings.port}/indexes"
                    headers = said_headers(client.get(url, headers=said))
                    assert headers["x-forwarded-for"] == seen, (local, scheme)


def test_the_private_endpoint_serves_indexes_and_says_so_and_nobody_else_can() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="sp-gw-") as folder,
        running_gateway(Path(folder), private_bind_host="127.0.0.2", trusted_hops=1) as both,
        rest_upstream(both.settings.web_socket, "web"),
        rest_upstream(both.settings.node_rest_socket, "node"),
    ):
        said = {"x-stonepine-endpoint": "private", "x-forwarded-for": "10.9.9.9"}
        port, base = both.index_port, both.settings.port
        public = said_headers(httpx.get(f"http://127.0.0.1:{port}/", headers=said))
        assert "x-stonepine-endpoint" not in public
        private = said_headers(httpx.get(f"http://127.0.0.2:{port}/", headers=said))
        assert private["x-stonepine-endpoint"] == "private"
        assert private["x-stonepine-index"] == str(ALPHA)
        # The proxies before the public address do not stand before this one.
        assert private["x-forwarded-for"] == "127.0.0.1"
        by_path = httpx.get(f"http://127.0.0.2:{base}/i/{ALPHA}/query", headers=said)
        assert said_headers(by_path)["x-stonepine-endpoint"] == "private"
        assert httpx.get(f"http://127.0.0.2:{base}/indexes").status_code == 404
        reply = httpx.get(f"http://127.0.0.1:{base}/i/{ALPHA}/query", headers=said)
        assert "x-stonepine-endpoint" not in said_headers(reply)


def test_scheme_is_told_by_the_connection(gateway: Gateway, client: httpx.Client) -> None:
    reply = client.get(f"https://127.0.0.1:{gateway.settings.port}/")
    assert said_headers(reply)["x-forwarded-proto"] == "https"


def test_dots_in_a_path_are_resolved_before_routing(gateway: Gateway) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.settings.port, timeout=20)
    connection.request("GET", f"/i/{ALPHA}/../../operator")
    said = json.load(connection.getresponse())
    connection.close()
    assert (said["served_by"], said["path"]) == ("web", "/operator")


def test_escaped_slash_in_a_namespace_reaches_the_node_untouched(
    gateway: Gateway, client: httpx.Client
) -> None:
    reply = client.get(f"http://127.0.0.1:{gateway.index_port}/namespaces/a%2Fb%20c")
    assert reply.json()["path"] == "/namespaces/a%2Fb%20c"


def handshake(gateway: Gateway, context: ssl.SSLContext) -> str:
    with (
        socket.create_connection(("127.0.0.1", gateway.index_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        cipher = secured.cipher()
        assert cipher is not None
        return cipher[0]


def test_only_suites_with_256_bit_aes_are_spoken_in_tls_1_2(gateway: Gateway) -> None:
    taken = set()
    offered = {entry["name"] for entry in ssl.create_default_context().get_ciphers()}
    for suite in {name for name in offered if not name.startswith("TLS_")}:
        context = gateway.trusting()
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(suite)
        with contextlib.suppress(ssl.SSLError):
            taken.add(handshake(gateway, context))
    assert taken == {"ECDHE-ECDSA-AES256-GCM-SHA384"}


@pytest.mark.parametrize(
    ("suite", "is_spoken"),
    [
        ("TLS_AES_256_GCM_SHA384", True),
        ("TLS_AES_128_GCM_SHA256", False),
        ("TLS_CHACHA20_POLY1305_SHA256", False),
    ],
)
def test_only_256_bit_aes_is_spoken_in_tls_1_3(
    gateway: Gateway, tmp_path: Path, suite: str, is_spoken: bool
) -> None:
    """Python cannot choose the suites of TLS 1.3; OpenSSL's configuration file of a process can."""
    configuration = tmp_path / "openssl.cnf"
    configuration.write_text(
        "openssl_conf = start\n[start]\nssl_conf = parts\n[parts]\nsystem_default = suites\n"
        f"[suites]\nCiphersuites = {suite}\nMinProtocol = TLSv1.3\n"
    )
    program = (
        "import socket, ssl, sys\n"
        "context = ssl.create_default_context(cafile=sys.argv[2])\n"
        "plain = socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=10)\n"
        "print(context.wrap_socket(plain, server_hostname='localhost').cipher()[0])\n"
    )
    authority = str(gateway.settings.tls_dir / "ca.pem")
    result = subprocess.run(
        [sys.executable, "-c", program, str(gateway.index_port), authority],
        env={**os.environ, "OPENSSL_CONF": str(configuration)},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert (result.returncode == 0) is is_spoken, result.stderr
    assert (suite in result.stdout) is is_spoken
    assert is_spoken or "HANDSHAKE_FAILURE" in result.stderr


def test_tls_1_1_is_refused(gateway: Gateway) -> None:
    context = gateway.trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        handshake(gateway, context)


def shown_certificate(gateway: Gateway) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", gateway.index_port), timeout=10) as plain,
        gateway.trusting().wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        return secured.getpeercert(binary_form=True) or b""


def test_renewed_certificate_is_shown_without_a_restart(gateway: Gateway) -> None:
    before = shown_certificate(gateway)
    assert not renew_certificate(gateway.settings, "localhost"), "nothing to renew yet"
    assert renew_certificate(gateway.settings, "new.example.com")
    wait_until(lambda: shown_certificate(gateway) != before, timeout_s=5, what="the new one")


def test_operators_own_certificate_is_shown_and_an_unfit_one_is_not(
    gateway: Gateway, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    shown = authority.issue("first", "localhost")
    own = dataclasses.replace(gateway.settings, own_chain=shown.certificate, own_key=shown.key)
    context = ssl.create_default_context(cadata=authority.pem)
    try:
        assert renew_certificate(own, "localhost")
        wait_until(lambda: is_trusted(gateway, context), timeout_s=5, what="our own one")
        shown.key.write_text(authority.issue("second", "localhost").key.read_text())
        with pytest.raises(SetupError, match="not that of the certificate"):
            renew_certificate(own, "localhost")
        assert is_trusted(gateway, context)
    finally:
        renew_certificate(gateway.settings, "localhost")
        wait_until(lambda: is_trusted(gateway, gateway.trusting()), timeout_s=5, what="the old")


def is_trusted(gateway: Gateway, context: ssl.SSLContext) -> bool:
    with contextlib.suppress(ssl.SSLCertVerificationError):
        return bool(handshake(gateway, context))
    return False


def test_strict_transport_is_asked_for_on_every_answer_where_a_name_is_advertised() -> None:
    """On those of processes, on the gateway's own, and of every face."""
    with tempfile.TemporaryDirectory(prefix="sp-gw-") as folder, contextlib.ExitStack() as stack:
        running = stack.enter_context(
            running_gateway(Path(folder), speaks_plaintext=False, has_strict_transport=True)
        )
        stack.enter_context(rest_upstream(running.settings.web_socket, "web"))
        said = {}
        for port in (running.settings.port, running.index_port):
            reply = httpx.get(f"https://localhost:{port}/", verify=running.trusting(), timeout=20)
            said[reply.status_code] = reply.headers.get_list("strict-transport-security")
    assert said == {200: ["max-age=31536000"], 503: ["max-age=31536000"]}


def test_strict_transport_is_not_asked_for_on_a_name_that_others_share(
    client: httpx.Client, gateway: Gateway
) -> None:
    reply = client.get(f"https://localhost:{gateway.settings.port}/")
    assert "strict-transport-security" not in reply.headers


def test_http2_is_agreed_over_tls(gateway: Gateway) -> None:
    context = gateway.trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", gateway.settings.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        assert secured.selected_alpn_protocol() == "h2"


def test_listener_opens_and_closes_at_run_time(gateway: Gateway, client: httpx.Client) -> None:
    kept = IndexListener(ALPHA, gateway.index_port)
    added = IndexListener(BETA, free_port())
    assert gateway.publish(kept, added)
    assert not gateway.publish(added, kept), "the same set is the same file"
    wait_until(lambda: is_listening(added.port), timeout_s=5, what="the new listener opens")
    reply = client.get(f"http://127.0.0.1:{added.port}/")
    assert said_headers(reply)["x-stonepine-index"] == str(BETA)
    assert gateway.publish(kept)
    wait_until(lambda: not is_listening(added.port), timeout_s=10, what="the listener closes")
    assert client.get(f"http://127.0.0.1:{gateway.index_port}/").status_code == 200


def test_taken_port_of_one_index_leaves_the_others_served(gateway: Gateway) -> None:
    third = IndexListener(BETA, free_port())
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = IndexListener(UUID(int=9), int(holder.getsockname()[1]))
        gateway.publish(IndexListener(ALPHA, gateway.index_port), taken, third)
        wait_until(lambda: is_listening(third.port), timeout_s=5, what="the free port opens")
        assert is_listening(gateway.index_port)
    gateway.publish(IndexListener(ALPHA, gateway.index_port))
    wait_until(lambda: not is_listening(third.port), timeout_s=10, what="the listener closes")


@pytest.mark.parametrize(("path", "shape"), [("/indexes", "web"), (f"/i/{ALPHA}/query", "node")])
def test_body_over_the_limit_is_refused_in_the_faces_own_shape(
    gateway: Gateway, client: httpx.Client, path: str, shape: str
) -> None:
    """What is a little too much is the process's own to refuse; the gateway keeps the rest."""
    settings = gateway.settings
    most = settings.max_web_body_bytes if shape == "web" else settings.max_node_body_bytes
    url = f"http://127.0.0.1:{settings.port}{path}"
    assert client.post(url, content=b"x" * (most + 1000)).json()["served_by"] == shape

    refused = client.post(url, content=b"x" * (most + settings.body_slack_bytes + 1))

    assert refused.status_code == 413
    assert UUID(refused.headers["x-pinecone-request-id"])
    said = refused.json()
    code, message = (
        (said["error"]["code"], said["error"]["message"])
        if shape == "web"
        else (said["code"], said["message"])
    )
    assert code == ("PAYLOAD_TOO_LARGE" if shape == "web" else 11)
    assert str(most) in message


def test_body_over_the_limit_is_refused_on_the_port_of_an_index(
    gateway: Gateway, client: httpx.Client
) -> None:
    large = b"x" * (gateway.settings.max_node_body_bytes + gateway.settings.body_slack_bytes + 1)
    reply = client.post(f"http://127.0.0.1:{gateway.index_port}/vectors/upsert", content=large)
    assert (reply.status_code, reply.json()["code"]) == (413, 11)


def test_message_over_the_limit_is_exhausted_in_grpc(gateway: Gateway) -> None:
    large = b"x" * (gateway.settings.max_node_body_bytes + gateway.settings.body_slack_bytes + 1)
    with (
        grpc.insecure_channel(f"127.0.0.1:{gateway.index_port}") as channel,
        pytest.raises(grpc.RpcError) as refused,
    ):
        channel.unary_unary("/VectorService/Upsert")(large, timeout=20)
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(gateway.settings.max_node_body_bytes) in refused.value.details()


def test_one_index_takes_no_more_connections_than_its_share(gateway: Gateway) -> None:
    def is_answered(connection: http.client.HTTPConnection) -> bool:
        try:
            connection.request("GET", "/")
            return connection.getresponse().read() != b""
        except OSError:
            return False

    def connect(port: int) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    share = gateway.settings.max_index_connections
    with contextlib.ExitStack() as open_ones:
        held = [connect(gateway.index_port) for _number in range(share + 10)]
        for connection in held:
            open_ones.callback(connection.close)
        assert sum(map(is_answered, held)) <= share
        assert is_answered(
            open_ones.enter_context(contextlib.closing(connect(gateway.settings.port)))
        )


def test_those_who_stall_are_cut_off_before_others_are_refused() -> None:
    """Together they would fill the gateway's memory, which is 128 MiB here, twice."""
    stalled = (
        b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n" + b"x" * 4_000_000
    )
    with tempfile.TemporaryDirectory(prefix="sp-gw-") as folder, contextlib.ExitStack() as stack:
        running = stack.enter_context(running_gateway(Path(folder), max_heap_bytes=128 * 2**20))
        stack.enter_context(rest_upstream(running.settings.web_socket, "web"))
        for _number in range(64):
            address = ("127.0.0.1", running.index_port)
            sender = stack.enter_context(socket.create_connection(address, timeout=20))
            with contextlib.suppress(OSError):  # cut off while it sends
                sender.sendall(stalled)
        others = f"http://127.0.0.1:{running.settings.port}/indexes"
        wait_until(lambda: httpx.get(others).status_code == 200, timeout_s=5, what="others go on")


@pytest.fixture(scope="module")
def lonely() -> Iterator[Gateway]:
    """A gateway with nothing behind it."""
    with (
        tempfile.TemporaryDirectory(prefix="sp-gw-") as folder,
        running_gateway(Path(folder)) as running,
    ):
        yield running


def test_absent_process_is_a_503_in_the_shape_of_the_face(lonely: Gateway) -> None:
    base, index = lonely.settings.port, lonely.index_port
    control = httpx.get(f"http://127.0.0.1:{base}/indexes", timeout=20)
    assert control.status_code == 503
    assert control.headers["content-type"] == "application/json"
    assert control.json()["status"] == 503
    assert control.json()["error"]["code"] == "UNAVAILABLE"
    for url in (f"http://127.0.0.1:{index}/query", f"http://127.0.0.1:{base}/i/{ALPHA}/query"):
        node = httpx.post(url, timeout=20)
        assert node.status_code == 503
        assert node.headers["retry-after"] == "1"
        assert node.json()["code"] == 14
        assert node.json()["details"] == []
        assert "upstream" not in node.text


def test_absent_process_is_unavailable_in_grpc_with_a_plain_sentence(lonely: Gateway) -> None:
    with (
        grpc.insecure_channel(f"127.0.0.1:{lonely.index_port}") as channel,
        pytest.raises(grpc.RpcError) as failure,
    ):
        grpc_call(channel)
    assert failure.value.code() is grpc.StatusCode.UNAVAILABLE
    assert failure.value.details().endswith("Send the request again.")
    assert "{" not in failure.value.details()


def test_restart_of_a_process_is_bridged_by_retries(lonely: Gateway) -> None:
    """The request is sent while nobody listens, and answered by who comes a moment later."""
    with socket.create_connection(("127.0.0.1", lonely.index_port), timeout=20) as sender:
        sender.sendall(b"GET /late HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        with rest_upstream(lonely.settings.node_rest_socket, "late"):
            reply = b"".join(iter(lambda: sender.recv(65536), b""))
    assert b"200 OK" in reply.split(b"\r\n")[0]
    assert b'"served_by": "late"' in reply


def test_admin_interface_is_a_private_socket_only(gateway: Gateway) -> None:
    path = gateway.settings.admin_socket
    assert path.stat().st_mode & 0o777 == 0o600
    transport = httpx.HTTPTransport(uds=str(path))
    with httpx.Client(transport=transport) as admin:
        assert admin.get("http://admin/ready").text.strip() == "LIVE"
