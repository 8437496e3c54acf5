"""Three nodes, two workers, two gateways and a web on machines of their own: cut off, killed, wiped
and emptied while clients write. What was acknowledged is there afterwards, at both gateways."""

import json
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from kit.parts import PartKind
from tests.support.apart import BASE_PORT, DOOR_PORT, Apart, RunningPart, machines_apart
from tests.support.machines import why_not
from tests.support.waiting import wait_until

WITHIN_S = 30
_SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
_INDEXES = ("alpha", "beta", "gamma")

_why_not = why_not()
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(bool(_why_not), reason=_why_not),
]


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    """In a folder with a short name, which sockets and PostgreSQL's user need."""
    with (
        tempfile.TemporaryDirectory(prefix="spa-", ignore_cleanup_errors=True) as folder,
        machines_apart(Path(folder)) as found,
    ):
        for kind, names in (
            (PartKind.GATEWAY, ("g1", "g2")),
            (PartKind.NODE, ("n1", "n2", "n3")),
            (PartKind.WEB, ("w1",)),
            (PartKind.WORKER, ("k1", "k2")),
        ):
            for name in names:
                found.add(kind, name)
        found.start(*found.parts.values())
        found.bootstrap()
        yield found


@dataclass
class Client:
    """One gateway as a client knows it. Every request is a connection's first or a later one."""

    apart: Apart
    gateway: RunningPart
    _http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        trusting = ssl.create_default_context(cafile=str(self.apart.authority))
        headers = {
            "Api-Key": self.apart.facts["api_key"],
            "X-Pinecone-Api-Version": "2025-10",
            "Host": "gateway.test",
        }
        self._http = httpx.Client(verify=trusting, headers=headers, timeout=15)

    def control(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self._http.request(method, self._url(BASE_PORT, path), json=body)

    def index(self, port: int, path: str, body: object) -> httpx.Response:
        return self._http.post(self._url(port, path), json=body)

    def stored(self, port: int) -> set[str]:
        """Every record's id, page by page."""
        found: set[str] = set()
        token = ""
        while True:
            query = {"limit": "100", **({"paginationToken": token} if token else {})}
            reply = self._http.get(self._url(port, "/vectors/list"), params=query)
            assert reply.status_code == 200, reply.text
            page = reply.json()
            found |= {one["id"] for one in page.get("vectors", [])}
            token = page.get("pagination", {}).get("next", "")
            if not token:
                return found

    def _url(self, port: int, path: str) -> str:
        return f"https://{self.gateway.machine.address}:{port}{path}"


@dataclass
class Writer:
    """Upserts one record after the other through one gateway, whatever becomes of them."""

    client: Client
    port: int
    name: str
    acknowledged: set[str] = field(default_factory=set)
    last_s: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(timeout=60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            record = {"id": f"{self.name}-{number}", "values": [1.0, 2.0, 3.0, float(number)]}
            try:
                reply = self.client.index(self.port, "/vectors/upsert", {"vectors": [record]})
            except httpx.HTTPError:
                continue
            if reply.status_code == 200:
                self.acknowledged.add(str(record["id"]))
                self.last_s = time.monotonic()
            else:
                assert reply.status_code in {429, 500, 502, 503, 504}, reply.text
                self._over.wait(0.1)


def create(client: Client, name: str) -> int:
    """The index, ready; its port."""
    body = {"name": name, "dimension": 4, "metric": "cosine", "spec": _SPEC}
    reply = client.control("POST", "/indexes", body)
    assert reply.status_code == 201, reply.text

    def ready() -> dict[str, Any] | None:
        told: dict[str, Any] = client.control("GET", f"/indexes/{name}").json()
        return told if told["status"]["ready"] else None

    told = wait_until(ready, timeout_s=60, every_s=0.3, what=f"{name} is ready")
    return int(told["host"].rpartition(":")[2])


def placed(apart: Apart) -> dict[str, int]:
    """How many indexes each node has."""
    return {one["name"]: one["indexes"] for one in json.loads(apart.run("nodes", "list", "--json"))}


def went_on(writers: list[Writer], *, within_s: float) -> float:
    """How long until each of them was acknowledged something again."""
    began_s = time.monotonic()
    wait_until(
        lambda: all(one.last_s > began_s for one in writers),
        timeout_s=within_s, what="every index is written to through both gateways",
    )  # fmt: skip
    return time.monotonic() - began_s


def test_nothing_acknowledged_is_lost(apart: Apart, capsys: pytest.CaptureFixture[str]) -> None:
    gateways = [Client(apart, part) for part in apart.of(PartKind.GATEWAY)]
    ports = {name: create(gateways[number % 2], name) for number, name in enumerate(_INDEXES)}
    assert placed(apart) == {"n1": 1, "n2": 1, "n3": 1}
    writers = [
        Writer(client, port, f"{name}-{client.gateway.name}")
        for name, port in ports.items()
        for client in gateways
    ]
    took: dict[str, float] = {"at first": went_on(writers, within_s=60)}
    first, second, third = apart.of(PartKind.NODE)

    first.machine.cut()
    try:
        took["a node is cut off"] = went_on(writers, within_s=WITHIN_S)
    finally:
        first.machine.mend()

    second.kill()
    second.wipe()
    took["a node is killed and wiped"] = went_on(writers, within_s=WITHIN_S)
    assert placed(apart)["n2"] == 0
    second.start()

    apart.parts["k1"].kill()
    apart.parts["g1"].kill()
    apart.start(apart.parts["g1"], apart.parts["k1"])
    took["a gateway and a worker are killed"] = went_on(writers, within_s=WITHIN_S)

    wait_until(second.is_ready, timeout_s=120, every_s=0.2, what="the wiped node is back")
    # The other worker moved indexes while the first one was away, or does now.
    apart.run("nodes", "drain", third.name)
    wait_until(lambda: placed(apart)["n3"] == 0, timeout_s=60, what="the drained node is empty")
    took["a node was drained"] = went_on(writers, within_s=WITHIN_S)
    apart.run("nodes", "admit", third.name)
    apart.run("nodes", "rebalance")
    took["nodes were evened out"] = went_on(writers, within_s=WITHIN_S)
    assert max(placed(apart).values()) == 1

    for writer in writers:
        writer.stop()
    acknowledged = {name: set[str]() for name in _INDEXES}
    for writer in writers:
        acknowledged[writer.name.partition("-")[0]] |= writer.acknowledged
    for name, port in ports.items():
        for client in gateways:
            lost = acknowledged[name] - client.stored(port)
            assert not lost, f"{name} at {client.gateway.name}: {len(lost)} are lost"
    with capsys.disabled():
        counted = sum(map(len, acknowledged.values()))
        told = ", ".join(f"{what}: {seconds:.1f} s" for what, seconds in took.items())
        sys.stdout.write(f"\n{counted:,} writes acknowledged, none lost; {told}\n")


@pytest.mark.parametrize("name", ["n1", "w1"])
def test_a_door_opens_to_parts_that_have_business_there_alone(apart: Apart, name: str) -> None:
    part = apart.parts[name]
    knocked = {
        "g1": _knock(apart, part, "g1"),
        "another node": _knock(apart, part, "n2"),
        "nobody": _knock(apart, part, None),
    }
    assert knocked["g1"], "the gateway is let in"
    assert not knocked["another node"]
    assert not knocked["nobody"]


def test_every_part_ends_with_a_signal(apart: Apart) -> None:
    """Gateways first, as an operator would."""
    for part in apart.parts.values():
        assert part.stop() == 0, part.log()


def _knock(apart: Apart, door: RunningPart, caller: str | None) -> bool:
    """Whether a request with that part's certificate is answered, by the right part."""
    trusting = ssl.create_default_context(cafile=str(door.folder / "ca.pem"))
    if caller is not None:
        folder = apart.parts[caller].folder
        trusting.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    identity = f"{door.name}.{door.kind}.stonepine.internal"
    try:
        with (
            socket.create_connection((door.machine.address, DOOR_PORT), timeout=10) as plain,
            trusting.wrap_socket(plain, server_hostname=identity) as told,
        ):
            told.sendall(b"GET /healthz HTTP/1.1\r\nHost: gateway.test\r\n\r\n")
            return told.recv(9) == b"HTTP/1.1 "
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        return False
