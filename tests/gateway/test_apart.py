"""A gateway in front of parts on other machines: it finds them, and all prove who they are."""

import dataclasses
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest

from cli.embedded import envoy
from cli.part_renewal import renew_part
from cli.parts_authority import issue_part, make_parts_authority
from gateway.apart import Parts, PlacedIndex, publish_parts
from gateway.bootstrap import render_bootstrap
from gateway.door import render_door
from gateway.rendering import publish
from gateway.settings import GatewaySettings
from kit.environment import Environment
from kit.parts import PartConnection, PartKind, identity
from tests.gateway.conftest import ALPHA, free_port, is_listening, prepare
from tests.gateway.test_running import grpc_call, said_headers
from tests.gateway.upstreams import grpc_upstream, rest_upstream
from tests.support.waiting import wait_until


@dataclass
class Part:
    """`folder` has its certificate."""

    kind: PartKind
    name: str
    folder: Path
    settings: GatewaySettings
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> Environment:
        return Environment(
            parts_ca=self.folder / "ca.pem",
            part_certificate=self.folder / "cert.pem",
            part_key=self.folder / "key.pem",
        )


class Installation:
    """Two nodes and a web behind doors, and a gateway; all of one authority."""

    def __init__(self, base: Path, stack: ExitStack) -> None:
        self.base, self._stack = base, stack
        make_parts_authority(base / "authority")
        self.nodes = {name: self._behind_door(PartKind.NODE, name) for name in ("n1", "n2")}
        self.web = self._behind_door(PartKind.WEB, "w1")
        self.gateway = self._part(PartKind.GATEWAY, "g1", port=0)
        self.index_port = free_port()
        settings = self.gateway.settings
        publish(settings.bootstrap_file, render_bootstrap(settings))
        self.tell("n1")
        self._run(self.gateway, listening=settings.port)

    def tell(self, node: str | None, **addresses: str) -> None:
        """Where the index is, and under which address each node is reached."""
        nodes = {name: part.address for name, part in self.nodes.items()} | addresses
        parts = Parts(
            nodes=tuple(nodes.items()),
            webs=((self.web.name, self.web.address),),
            indexes=(PlacedIndex(ALPHA, self.index_port, node),),
        )
        publish_parts(self.gateway.settings, parts)

    def _behind_door(self, kind: PartKind, name: str) -> Part:
        part = self._part(kind, name, port=free_port())
        settings = part.settings
        if kind is PartKind.WEB:
            self._stack.enter_context(rest_upstream(settings.web_socket, name))
        else:
            self._stack.enter_context(rest_upstream(settings.node_rest_socket, name))
            self._stack.enter_context(grpc_upstream(settings.node_grpc_socket))
        rendered = render_door(settings, kind, address=part.address)
        publish(settings.bootstrap_file, rendered)
        self._run(part, listening=part.port)
        return part

    def _part(self, kind: PartKind, name: str, *, port: int) -> Part:
        folder = self.base / name
        folder.mkdir()
        issue_part(self.base / "authority", kind, name, folder, days=2)
        plain = prepare(folder)
        settings = dataclasses.replace(plain, is_apart=True, parts_ca=folder / "ca.pem")
        part = Part(kind, name, folder, settings, port)
        renew_part(settings, part.environment, kind, name)
        return part

    def _run(self, part: Part, *, listening: int) -> None:
        with (part.folder / "envoy.log").open("wb") as log:
            process = subprocess.Popen(
                envoy.argv(part.settings.bootstrap_file, concurrency=1), stdout=log, stderr=log
            )
        self._stack.callback(process.wait, timeout=15)
        self._stack.callback(process.terminate)
        wait_until(lambda: is_listening(listening), timeout_s=30, what=f"{part.name} listens")


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="sp-ap-") as folder, ExitStack() as stack:
        running = Installation(Path(folder), stack)
        wait_until(
            lambda: is_listening(running.index_port), timeout_s=15, what="the index is listened for"
        )
        yield running


@contextmanager
def client(installation: Installation) -> Iterator[httpx.Client]:
    url = f"http://127.0.0.1:{installation.index_port}"
    with httpx.Client(base_url=url, timeout=20) as made:
        yield made


def test_an_index_that_moves_is_asked_elsewhere_on_a_connection_that_is_open(
    installation: Installation,
) -> None:
    with client(installation) as asking:

        def served_by() -> object:
            reply = asking.get("/vectors/list", headers={"x-stonepine-index": "forged"})
            assert reply.status_code == 200, reply.text
            assert said_headers(reply)["x-stonepine-index"] == str(ALPHA)
            return reply.json()["served_by"]

        assert served_by() == "n1"
        listeners = installation.gateway.settings.listeners_file.stat().st_mtime_ns
        for name in ("n2", "n1"):
            installation.tell(name)
            wait_until(lambda: served_by() == name, timeout_s=5, what="the other node answers")  # noqa: B023 - over within the round
        assert installation.gateway.settings.listeners_file.stat().st_mtime_ns == listeners


def test_grpc_goes_the_same_way(installation: Installation) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{installation.index_port}") as channel:
        told = grpc_call(channel)
    metadata = told["metadata"]
    assert isinstance(metadata, list)
    assert [v for k, v in metadata if k == "x-stonepine-index"] == [str(ALPHA)]


def test_the_base_port_leads_to_webs_and_by_path_to_nodes(installation: Installation) -> None:
    base = f"http://127.0.0.1:{installation.gateway.settings.port}"
    told = httpx.get(f"{base}/indexes", headers={"x-forwarded-for": "203.0.113.9"}, timeout=20)
    assert told.json()["served_by"] == "w1"
    assert said_headers(told)["x-forwarded-for"] == "127.0.0.1"
    assert said_headers(told)["x-request-id"]
    by_path = httpx.get(f"{base}/i/{ALPHA}/vectors/list", timeout=20)
    assert by_path.json()["served_by"] == "n1"


def test_a_node_that_answers_in_anothers_place_is_not_believed(
    installation: Installation,
) -> None:
    """Its certificate is of the same authority, but for another name."""
    installation.tell("n1", n1=installation.nodes["n2"].address)
    try:
        with client(installation) as asking:
            reply = wait_until(
                lambda: _refused(asking), timeout_s=20, what="nobody is taken for the node"
            )
        assert reply.json()["code"] == 14
        assert reply.headers["retry-after"] == "1"
    finally:
        installation.tell("n1")
    with client(installation) as asking:
        wait_until(
            lambda: asking.get("/vectors/list").status_code == 200,
            timeout_s=20, what="the node itself answers",
        )  # fmt: skip


def test_an_index_without_a_node_is_unavailable(installation: Installation) -> None:
    installation.tell(None)
    with client(installation) as asking:
        assert wait_until(lambda: _refused(asking), timeout_s=5, what="it is nowhere")
    installation.tell("n1")


def _refused(asking: httpx.Client) -> httpx.Response | None:
    reply = asking.get("/vectors/list")
    return reply if reply.status_code == 503 else None


def test_a_door_lets_in_who_has_business_there(installation: Installation) -> None:
    node, web = installation.nodes["n1"], installation.web
    for door, caller, is_let_in in (
        (node, installation.gateway, True),
        (node, web, True),
        (node, installation.nodes["n2"], False),
        (web, installation.gateway, True),
        (web, node, False),
    ):
        expected = identity(door.kind, door.name)
        connection = PartConnection(
            caller.environment, door.address, expected=expected, timeout_s=10
        )
        assert _is_answered(connection) is is_let_in
        connection.close()


def _is_answered(connection: PartConnection) -> bool:
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        return False


def test_who_dials_takes_the_wrong_part_for_nobody(installation: Installation) -> None:
    node = installation.nodes["n2"]
    expected = identity(PartKind.NODE, "n1")
    connection = PartConnection(
        installation.web.environment, node.address, expected=expected, timeout_s=10
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/healthz")


def test_a_door_has_nothing_for_who_shows_no_certificate(installation: Installation) -> None:
    door = installation.nodes["n1"]
    trusting = ssl.create_default_context(cafile=str(door.folder / "ca.pem"))
    with (
        socket.create_connection(("127.0.0.1", door.port), timeout=10) as plain,
        trusting.wrap_socket(plain, server_hostname=identity(door.kind, door.name)) as told,
        pytest.raises((ssl.SSLError, ConnectionResetError, BrokenPipeError)),
    ):
        _asked(told)


def _asked(connection: ssl.SSLSocket) -> bytes:
    """What comes first of the answer. A refusal may arrive before the question has left."""
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    return connection.recv(1)


def test_a_certificate_that_is_renewed_is_shown_without_a_restart(
    installation: Installation,
) -> None:
    node = installation.nodes["n1"]

    def shown() -> bytes | None:
        context = ssl.create_default_context(cafile=str(node.folder / "ca.pem"))
        with (
            socket.create_connection(("127.0.0.1", node.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=identity(node.kind, node.name)) as told,
        ):
            return told.getpeercert(binary_form=True)

    before = shown()
    issue_part(installation.base / "authority", node.kind, node.name, node.folder, days=3)
    assert renew_part(node.settings, node.environment, node.kind, node.name)
    assert wait_until(lambda: shown() != before, timeout_s=10, what="the new one is shown")
