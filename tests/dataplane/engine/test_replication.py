"""What the writer of an index tells a follower, in which order, and what its writes wait for."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dataplane.engine import messages
from dataplane.engine.open_index import OpenIndex
from dataplane.engine.peers import Peer
from dataplane.engine.replication import Replication
from dataplane.engine.spec import IndexSpec, Metric, VectorType
from keyring.envelope import DataKey
from kit import clock
from kit.ids import new_id
from tests.support.waiting import wait_until

_SPEC = IndexSpec(3, Metric.COSINE, VectorType.DENSE)
_ENGINE = 1


@dataclass
class Follower:
    """The other end of the line: it answers when it is told to, or dies."""

    listener: socket.socket
    line: socket.socket | None = None
    buffer: bytearray = field(default_factory=bytearray)
    unanswered: list[int] = field(default_factory=list)
    heard: list[messages.AnyRequest] = field(default_factory=list)

    def listen(self) -> None:
        if self.line is None:
            try:
                self.line, _ = self.listener.accept()
            except BlockingIOError:
                return
            self.line.settimeout(0)
        try:
            self.buffer += self.line.recv(1 << 20)
        except BlockingIOError:
            return
        for call, request in messages.unpack_requests(self.buffer):
            self.heard.append(request)
            self.unanswered.append(call)

    def answer_all(self) -> None:
        assert self.line is not None
        for call in self.unanswered:
            self.line.sendall(messages.pack(call, messages.Pong()))
        self.unanswered.clear()

    def die(self) -> None:
        self.listener.close()
        if self.line is not None:
            self.line.close()


@dataclass
class Scene:
    peer: Peer
    replication: Replication
    follower: Follower
    index: OpenIndex
    done: list[str] = field(default_factory=list)

    def until(self, condition: Callable[[], bool]) -> None:
        """Do what the engine's loop does until the condition holds."""

        def is_met() -> bool:
            if self.follower.listener.fileno() >= 0:
                self.follower.listen()
            self.peer.on_ready()
            if self.replication.wait_s() == 0.0:
                self.replication.on_ready()
            return condition()

        wait_until(is_met, timeout_s=20, what="the writer and its follower agree")

    def hears(self, kind: type[messages.Request]) -> bool:
        return any(isinstance(request, kind) for request in self.follower.heard)

    def write(self, lsn: int) -> None:
        self.replication.publish(
            self.index,
            messages.Applied(
                index_id=self.index.index_id,
                epoch=self.index.epoch,
                namespace_id=new_id(),
                lsn=lsn,
                operation=1,
                sealed=b"",
            ),
        )
        self.replication.confirm(self.index, lambda: self.done.append(f"write {lsn}"))

    def assert_held(self, write: str) -> None:
        """It waits, unless this machine has slept through the grant that it waits for."""
        has_slept = not self.index.followers[0].may_serve(clock.monotonic_s())
        assert has_slept or write not in self.done

    def follow(self) -> None:
        self.until(lambda: self.hears(messages.Follow))
        self.follower.answer_all()
        self.until(lambda: self.hears(messages.Renew))
        self.follower.answer_all()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "engine-1.sock"))
    listener.listen()
    listener.settimeout(0)
    peer = Peer(tmp_path / "engine-1.sock")
    replication = Replication({_ENGINE: peer})
    key = DataKey(new_id(), 1, b"an unremarkable 32 bytes secret.")
    index = OpenIndex(new_id(), _SPEC, key, 7, engines=(0, _ENGINE))
    follower = Follower(listener)
    yield Scene(peer, replication, follower, index)
    follower.die()
    peer.on_ready()


def test_rows_and_grants_of_an_index_are_sent_in_order_and_under_its_own_name(
    scene: Scene,
) -> None:
    """An engine carries out requests for one index in their order, and those for others in turn
    with them: a grant under another name could overtake the rows before it."""
    scene.replication.begin(scene.index)
    scene.follow()
    scene.write(1)
    scene.follower.heard.clear()
    scene.until(lambda: scene.hears(messages.Applied))
    scene.follower.answer_all()
    scene.until(lambda: isinstance(scene.follower.heard[-1], messages.Renew))
    assert {request.index_id for request in scene.follower.heard} == {scene.index.index_id}


def test_a_write_waits_for_who_may_read_and_for_nobody_else(scene: Scene) -> None:
    scene.replication.begin(scene.index)
    scene.write(1)
    assert scene.done == ["write 1"]
    scene.follow()
    scene.follower.heard.clear()
    scene.write(2)
    scene.assert_held("write 2")
    scene.until(lambda: scene.hears(messages.Applied))
    scene.follower.answer_all()
    scene.until(lambda: scene.done == ["write 1", "write 2"])


def test_replies_that_come_in_another_order_are_understood(scene: Scene) -> None:
    scene.replication.begin(scene.index)
    scene.follow()
    scene.write(1)
    scene.until(lambda: len(scene.follower.unanswered) >= 2)
    scene.follower.unanswered.reverse()
    scene.follower.answer_all()
    scene.until(lambda: scene.done == ["write 1"])


def test_who_does_not_answer_delays_a_write_no_longer_than_its_grant(scene: Scene) -> None:
    scene.replication.begin(scene.index)
    scene.follow()
    scene.write(1)
    granted_until_s = scene.index.followers[0].may_serve_until_s
    scene.until(lambda: scene.done == ["write 1"])
    assert clock.monotonic_s() >= granted_until_s


def test_who_is_gone_is_not_waited_for(scene: Scene) -> None:
    scene.replication.begin(scene.index)
    scene.follow()
    scene.write(1)
    scene.follower.die()
    scene.until(lambda: scene.done == ["write 1"])
    assert not scene.index.followers[0].may_serve(clock.monotonic_s())


def test_engines_of_the_lease_before_are_waited_for_until_they_follow_or_leave(
    scene: Scene,
) -> None:
    scene.index.engines, scene.index.former_engines = (0,), frozenset({_ENGINE})
    scene.replication.begin(scene.index)
    scene.write(1)
    scene.assert_held("write 1")
    scene.until(lambda: scene.hears(messages.Leave))
    scene.follower.answer_all()
    scene.until(lambda: scene.done == ["write 1"])
