"""Three nodes, two workers, two gateways, a web, PostgreSQL and Valkey on machines of their own:
cut off, killed, wiped and emptied while clients write. What was acknowledged is there afterwards,
at both gateways."""

import json
import signal
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from kit.parts import PartKind
from tests.support.apart import DOOR_PORT, Apart, RunningPart, machines_apart
from tests.support.apart_clients import (
    NOT_NOW,
    AnyWriter,
    Client,
    OfficialWriter,
    Writer,
    create,
    port_once_ready,
    stopped_at_last,
    went_on,
)
from tests.support.machines import Machine, why_not
from tests.support.shared_stores import Store
from tests.support.waiting import wait_until

WITHIN_S = 30
_INDEXES = ("alpha", "beta", "gamma")
_OFFICIAL = (("alpha", "c1", "grpc"), ("beta", "c2", "rest"), ("gamma", "c2", "grpc"))

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
        found.add_client("c1", "g1")
        found.add_client("c2", "g1", "g2")
        found.start(*found.parts.values())
        found.bootstrap()
        yield found


@pytest.fixture
def gateways(apart: Apart) -> Iterator[list[Client]]:
    found = [Client(apart, part) for part in apart.of(PartKind.GATEWAY)]
    yield found
    for client in found:
        client.close()


def placed(apart: Apart) -> dict[str, int]:
    """How many indexes each node has."""
    return {one["name"]: one["indexes"] for one in json.loads(apart.run("nodes", "list", "--json"))}


@contextmanager
def cut_off(machine: Machine) -> Iterator[None]:
    machine.cut()
    try:
        yield
    finally:
        machine.mend()


def test_nothing_acknowledged_is_lost(
    apart: Apart, gateways: list[Client], capsys: pytest.CaptureFixture[str]
) -> None:
    wait_until(lambda: not any(placed(apart).values()), timeout_s=60, what="the nodes are empty")
    ports = {name: create(gateways[number % 2], name) for number, name in enumerate(_INDEXES)}
    assert set(placed(apart).values()) == {1}
    writers: list[AnyWriter] = [
        Writer(client, name, port) for name, port in ports.items() for client in gateways
    ]
    writers += [OfficialWriter(apart, apart.clients[at], name, way) for name, at, way in _OFFICIAL]
    with stopped_at_last(writers):
        took = _trouble_nodes(apart, writers)
        for writer in writers:
            writer.stop()
    for name, port in ports.items():
        acknowledged = _acknowledged(one for one in writers if one.index == name)
        for client in gateways:
            lost = acknowledged - client.stored(port)
            assert not lost, f"{name} at {client.gateway.name}: {len(lost)} are lost"
    _tell(capsys, writers, took)


def _trouble_nodes(apart: Apart, writers: Sequence[AnyWriter]) -> dict[str, float]:
    took = {"at first": went_on(writers, within_s=60)}
    first, second, third = apart.of(PartKind.NODE)
    with cut_off(first.machine):
        took["a node is cut off"] = went_on(writers, within_s=WITHIN_S)

    second.kill()
    second.wipe()
    took["a node is killed and wiped"] = went_on(writers, within_s=WITHIN_S)
    assert placed(apart)["n2"] == 0
    second.start()

    apart.parts["k1"].kill()
    apart.parts["g1"].kill()
    who_know_both = [
        one for one in writers if one.name in {"beta-official-rest", "gamma-official-grpc"}
    ]
    took["a gateway is away, for clients that know another"] = went_on(who_know_both, within_s=10)
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
    return took


def test_stores_that_are_cut_off_lose_nothing(
    apart: Apart, gateways: list[Client], capsys: pytest.CaptureFixture[str]
) -> None:
    """A backup is begun before each outage, or in it, and done after it."""
    port = create(gateways[0], "delta")
    writers: list[AnyWriter] = [Writer(client, "delta", port) for client in gateways]
    writers += [
        OfficialWriter(apart, apart.clients[at], "delta", way)
        for at, way in (("c1", "grpc"), ("c2", "rest"))
    ]
    took = {"at first": went_on(writers, within_s=60)}
    with stopped_at_last(writers):
        before = _acknowledged(writers)
        backups = [_begin_backup(gateways[0])]
        for what, is_killed in (("is cut off", False), ("loses its power, too", True)):
            with _outage(apart.stores.postgres, is_killed=is_killed):
                _expect_no_acknowledgements(gateways, port, writers)
            took[f"PostgreSQL {what}"] = went_on(writers, within_s=WITHIN_S)
            with _outage(apart.stores.valkey, is_killed=is_killed):
                took[f"Valkey {what}, meanwhile"] = went_on(writers, within_s=5)
                backups.append(_begin_backup(gateways[1]))
            took[f"Valkey {what}"] = _done_within(gateways[0], backups)
        for writer in writers:
            writer.stop()

    acknowledged = _acknowledged(writers)
    for client in gateways:
        lost = acknowledged - client.stored(port)
        assert not lost, f"at {client.gateway.name}: {len(lost)} are lost"
    backups.append(_begin_backup(gateways[0]))
    took["the last backup"] = _done_within(gateways[0], backups)
    early, late = (
        _restored(gateways[1], backup, name)
        for backup, name in ((backups[0], "epsilon"), (backups[-1], "zeta"))
    )
    assert not before - gateways[0].stored(early)
    assert acknowledged <= gateways[0].stored(late)
    assert _digest(apart, gateways[0], "zeta") == _digest(apart, gateways[0], "delta")
    _tell(capsys, writers, took)
    for name in ("delta", "epsilon", "zeta"):
        assert gateways[0].control("DELETE", f"/indexes/{name}").status_code == 202


@contextmanager
def _outage(store: Store, *, is_killed: bool) -> Iterator[None]:
    """Nobody reaches it within the block. Afterwards they do, or one that knows no connection."""
    with cut_off(store.machine):
        yield
        if is_killed:
            store.end(signal.SIGKILL)
            store.start()


def _expect_no_acknowledgements(
    gateways: Sequence[Client], port: int, writers: Sequence[AnyWriter]
) -> None:
    """Once the leases are over nobody reads either; refusals are in their callers' words."""

    def refused() -> bool:
        replies = [client.index(port, "/query", {"id": "a", "topK": 1}) for client in gateways]
        return all(reply.status_code in NOT_NOW for reply in replies)

    wait_until(refused, timeout_s=60, every_s=0.5, what="nobody reads what may be old")
    counted = len(_acknowledged(writers))
    for client in gateways:
        reply = client.control("GET", "/indexes")
        assert reply.status_code in NOT_NOW, reply.text
        assert reply.json()["error"]["code"] == "UNAVAILABLE", reply.text
    assert len(_acknowledged(writers)) == counted


def _begin_backup(client: Client) -> str:
    reply = client.control("POST", "/indexes/delta/backups", {})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["backup_id"])


def _done_within(client: Client, backups: Sequence[str]) -> float:
    """How many seconds until all of them are."""
    began_s = time.monotonic()

    def are_done() -> bool:
        told = [client.control("GET", f"/backups/{one}").json()["status"] for one in backups]
        assert "Failed" not in told
        return set(told) == {"Ready"}

    wait_until(are_done, timeout_s=90, every_s=0.3, what="the backups are there")
    return time.monotonic() - began_s


def _restored(client: Client, backup: str, name: str) -> int:
    reply = client.control("POST", f"/backups/{backup}/create-index", {"name": name})
    assert reply.status_code == 202, reply.text
    return port_once_ready(client, name)


def _digest(apart: Apart, client: Client, name: str) -> str:
    return apart.run("digest", client.control("GET", f"/indexes/{name}").json()["id"]).strip()


def _acknowledged(writers: Iterable[AnyWriter]) -> set[str]:
    return {record for writer in writers for record in tuple(writer.acknowledged)}


def _tell(
    capsys: pytest.CaptureFixture[str], writers: Sequence[AnyWriter], took: dict[str, float]
) -> None:
    with capsys.disabled():
        counted = sum(len(one.acknowledged) for one in writers)
        told = ", ".join(f"{what}: {seconds:.1f} s" for what, seconds in took.items())
        sys.stdout.write(f"\n{counted:,} writes acknowledged, none lost; {told}\n")
        for one in writers:
            refused = ", ".join(f"{what} {often}" for what, often in one.refused.items())
            sys.stdout.write(f"{one.name}: {len(one.acknowledged):,}; refused: {refused}\n")


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
    """Gateways first, as an operator would; what was there is there after the next start."""
    before = placed(apart)
    for part in apart.parts.values():
        assert part.stop() == 0, part.log()
    apart.start(*apart.parts.values())
    assert placed(apart) == before


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
