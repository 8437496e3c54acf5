"""Two nodes over one log: an index is taken elsewhere when its node is lost, and whoever comes back
has nothing to say.

STONEPINE_THAWS sets how often a writer is frozen and thawed (5; 500 in `make nightly`, where an
interrupted run is gone on with), STONEPINE_SEED repeats a run's choices.
"""

import os
import random
import shutil
import signal
import sys
import threading
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

from dataplane.engine import messages
from kit.errors import StonepineError, Unavailable
from tests.dataplane.server.conftest import Served, serve
from tests.support.campaign import Campaign, chosen_seed
from tests.support.dataplane import DataPlane, running_beside
from tests.support.engine_socket import ask_engine
from tests.support.waiting import wait_until

IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
THAWS = int(os.environ.get("STONEPINE_THAWS", "500" if IS_NIGHTLY else "5"))
WITHIN_S = 30
LEASE_S = 4
_VECTOR = array("f", [1, 2, 3, 4]).tobytes()

pytestmark = pytest.mark.timeout(240 + 20 * THAWS)


@pytest.fixture(scope="module")
def first(mortal_plane: DataPlane) -> DataPlane:
    return mortal_plane


@pytest.fixture(scope="module")
def second(first: DataPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataPlane]:
    folder = tmp_path_factory.mktemp("dp")
    own = {"STONEPINE_NODE_LEASE_S": str(LEASE_S), "STONEPINE_NODE_ZONE": "room-2"}
    with running_beside(first, folder, node="second", **own) as running:
        yield running


@dataclass
class Client:
    """Writes to one engine past the front, again and again, until it is told to stop."""

    engine: Path
    index_id: UUID
    name: str
    begun: dict[str, float] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    answers: int = 0

    def __post_init__(self) -> None:
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.is_set():
            record_id = f"{self.name}-{len(self.begun)}"
            self.begun[record_id] = time.monotonic()
            try:
                upsert(self.engine, self.index_id, record_id)
                self.acknowledged.add(record_id)
            except StonepineError:
                pass
            self.answers += 1


def upsert(engine: Path, index_id: UUID, record_id: str) -> None:
    ask_engine(engine, messages.Upsert(index_id=index_id, ids=[record_id], values=_VECTOR))


def stored(engine: Path, index_id: UUID, ids: list[str]) -> set[str]:
    found = ask_engine(engine, messages.Fetch(index_id=index_id, ids=ids))
    assert isinstance(found, messages.Records)
    return {record.id for record in found.records}


def is_written(engine: Path, index_id: UUID, record_id: str) -> bool:
    try:
        upsert(engine, index_id, record_id)
    except StonepineError:
        return False
    return True


def test_a_thawed_writer_gets_nothing_accepted(
    first: DataPlane, second: DataPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The nodes take turns: the writer is frozen under load, the index goes to the other one, the
    writer is thawed with requests waiting for it, and goes on being asked."""
    if IS_NIGHTLY:
        thaws = Campaign.resume("thaws", THAWS)
    else:
        thaws = Campaign("thaws", THAWS, chosen_seed(), folder=tmp_path)
    index_id = first.index(first.project())
    nodes = [("local", first), ("second", second)]
    acknowledged, refused, taken_s = 0, 0, []
    upsert(first.engine_socket(), index_id, "begin")
    for number in thaws.rest():
        choose, told = random.Random(f"{thaws.seed} {number}"), f"{thaws}, thaw {number}"
        (_, old), (name, new) = nodes
        client = Client(old.engine_socket(), index_id, f"{number}")
        wait_until(lambda: len(client.acknowledged) > 2, timeout_s=30, what="it writes")  # noqa: B023 - over within the round
        threading.Event().wait(choose.uniform(0, 0.02))  # anywhere in a write
        os.kill(old.pid("engine"), signal.SIGSTOP)
        begun_s = time.monotonic()
        new_engine = new.engine_socket()
        new.move(index_id, 0, node=name)
        wait_until(
            lambda: is_written(new_engine, index_id, f"taken-{number}"),  # noqa: B023
            timeout_s=WITHIN_S, what="the other node writes",
        )  # fmt: skip
        moved_s = time.monotonic()
        taken_s.append(moved_s - begun_s)
        os.kill(old.pid("engine"), signal.SIGCONT)
        waits = client.answers + 3
        wait_until(lambda: client.answers >= waits, timeout_s=60, what="it answers again")  # noqa: B023
        client.stop()
        late = {one for one, begun in client.begun.items() if begun > moved_s}
        assert late, "nobody asked the thawed one"
        assert not late & client.acknowledged, told
        found = stored(new_engine, index_id, list(client.begun))
        assert client.acknowledged <= found, f"{told}: an acknowledged write is lost"
        assert not late & found, f"{told}: what was refused is there"
        acknowledged += len(client.acknowledged)
        refused += len(late)
        nodes.reverse()
    if IS_NIGHTLY:
        with capsys.disabled():
            sys.stdout.write(
                f"\n{thaws}; {acknowledged:,} writes acknowledged before, {refused:,} refused after"
                f" it was thawed; taken elsewhere within {max(taken_s, default=0):.2f} s at most\n"
            )


def test_a_node_whose_disk_is_wiped_loses_nothing(
    first: DataPlane, second: DataPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keyring and objects are no node's own: they lie elsewhere in an installation of several."""
    with serve(first) as served:
        clients = [
            Client(first.engine_socket(), served.index_id, f"writer-{number}")
            for number in range(3)
        ]
        wait_until(
            lambda: all(len(one.acknowledged) >= 30 for one in clients),
            timeout_s=60, what="there is something to lose",
        )  # fmt: skip
        lost_s = time.monotonic()
        for name in ("engine", "front"):
            first.kill(name)
        for client in clients:
            client.stop()
        for path in first.folder.iterdir():
            if path.name not in {"keyring", "objects"}:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        second.move(served.index_id, 0, node="second")
        with second.client(served.index_id, served.key.value) as client:
            there = Served(second, served.project, served.index_id, served.key, client)
            wait_until(
                lambda: there.client.post("/describe_index_stats", json={}).status_code == 200,
                timeout_s=WITHIN_S, what="the index answers elsewhere",
            )  # fmt: skip
            there.upsert("after")
        answered_s = time.monotonic() - lost_s
        for one in clients:
            found = stored(second.engine_socket(), served.index_id, list(one.begun))
            assert one.acknowledged <= found, "an acknowledged write is lost"
        assert answered_s < WITHIN_S
        first.start()
    if IS_NIGHTLY:
        with capsys.disabled():
            sys.stdout.write(f"\nanswered and written elsewhere after {answered_s:.2f} s\n")


def test_a_node_lets_go_of_an_index_that_another_one_serves(
    first: DataPlane, second: DataPlane
) -> None:
    """Also where nobody writes: a read there would be a stale one."""
    index_id = first.index(first.project())
    upsert(first.engine_socket(), index_id, "before")
    second.move(index_id, 0, node="second")
    upsert(second.engine_socket(), index_id, "after")

    def is_refused() -> bool:
        try:
            stored(first.engine_socket(), index_id, ["before"])
        except StonepineError:
            return True
        return False

    wait_until(is_refused, timeout_s=30, what="the node before refuses")
    assert stored(second.engine_socket(), index_id, ["before", "after"]) == {"before", "after"}


def test_an_index_is_opened_once_the_node_before_has_let_go_of_it(
    first: DataPlane, second: DataPlane
) -> None:
    index_id = first.index(first.project())
    upsert(first.engine_socket(), index_id, "before")
    second.withhold(index_id)
    second.move(index_id, 0, node="second")
    with pytest.raises(Unavailable, match="served elsewhere"):
        upsert(second.engine_socket(), index_id, "early")
    second.withhold(index_id, is_released=True)
    wait_until(
        lambda: is_written(second.engine_socket(), index_id, "after"),
        timeout_s=WITHIN_S, what="the node has taken it",
    )  # fmt: skip
    assert stored(second.engine_socket(), index_id, ["before", "early", "after"]) == {
        "before", "after",
    }  # fmt: skip


def test_a_front_sends_nobody_to_an_index_of_another_node(
    first: DataPlane, second: DataPlane
) -> None:
    with serve(first) as served:
        served.upsert("before")
        second.move(served.index_id, 0, node="second")

        def refused() -> bool:
            return served.post("/query", {"id": "before", "topK": 1}).status_code == 503

        wait_until(refused, timeout_s=10, what="the node before refuses")
        reply = served.post("/describe_index_stats", {})
        assert reply.status_code == 503
        assert "served elsewhere" in reply.json()["message"]
        assert reply.headers["retry-after"] == "1"


def test_a_node_that_cannot_say_that_it_lives_answers_nobody(
    first: DataPlane, second: DataPlane
) -> None:
    """Past its lease others may have taken what it has: the name is somebody else's here."""
    with serve(first) as served:
        second.move(served.index_id, 0, node="second")
        with second.client(served.index_id, served.key.value) as client:
            there = Served(second, served.project, served.index_id, served.key, client)
            wait_until(
                lambda: client.post("/describe_index_stats", json={}).status_code == 200,
                timeout_s=WITHIN_S, what="the second node serves",
            )  # fmt: skip
            there.upsert("before")
            second.change(
                "UPDATE dataplane_node SET place = 'another machine',"
                " lease_ends_at = now() + interval '1 hour' WHERE name = 'second'"
            )
            taken_s = time.monotonic()
            wait_until(
                lambda: client.post("/describe_index_stats", json={}).status_code == 503,
                timeout_s=LEASE_S + 5, what="it answers nobody",
            )  # fmt: skip
            assert time.monotonic() - taken_s > LEASE_S / 2, "it took no time at all"
            second.change("UPDATE dataplane_node SET lease_ends_at = now() WHERE name = 'second'")
            wait_until(
                lambda: client.post("/describe_index_stats", json={}).status_code == 200,
                timeout_s=10, what="it is back",
            )  # fmt: skip
            assert there.ids() == ["before"]


def test_a_node_says_what_it_is_lost_together_with(first: DataPlane, second: DataPlane) -> None:
    rows = dict(first.rows("SELECT name, zone FROM dataplane_node"))
    assert rows.pop("second") == "room-2"
    assert set(rows.values()) == {""}


def test_a_node_without_engines_does_not_say_that_it_lives(
    first: DataPlane, second: DataPlane
) -> None:
    def lease_left_s() -> float:
        ((left,),) = first.rows(
            "SELECT extract(epoch FROM lease_ends_at - now())::float8 FROM dataplane_node"
            " WHERE name = 'second'"
        )
        return float(left)

    assert lease_left_s() > 0
    second.kill("engine")
    try:
        wait_until(lambda: lease_left_s() < 0, timeout_s=LEASE_S + 5, what="its lease is over")
    finally:
        second.start_engine()
    wait_until(lambda: lease_left_s() > 0, timeout_s=10, what="it is heard again")
