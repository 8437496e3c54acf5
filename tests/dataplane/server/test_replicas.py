"""Replicas of an index on several engines: no stale read, nothing lost, whoever is killed."""

import os
import signal
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.embedded.postgres import EmbeddedPostgres
from cli.memory import held_memory
from dataplane.engine import messages
from kit.errors import StonepineError, Unavailable
from storage.database import connect
from storage.write_log.log import take_lease
from tests.dataplane.server.conftest import Served, serve
from tests.support.dataplane import DataPlane, Hammer, running_data_plane
from tests.support.engine_socket import ask_engine
from tests.support.waiting import wait_until

_WRITER, _REPLICA = 0, 1
_VECTOR = array("f", [1, 2, 3, 4]).tobytes()


@pytest.fixture(scope="module")
def twins(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataPlane]:
    folder: Path = tmp_path_factory.mktemp("dp")
    with running_data_plane(postgres_server, folder, engines=2) as running:
        yield running


@pytest.fixture
def replicated(twins: DataPlane) -> Iterator[Served]:
    with serve(twins, _WRITER, _REPLICA) as served:
        served.upsert("first")
        wait_for_rotation(served)
        yield served


def ask(served: Served, engine: int, request: messages.Request) -> messages.AnyReply:
    """Of that very engine. Raises `Unavailable` while it is not in rotation."""
    return ask_engine(served.plane.engine_socket(engine), request)


def answered(served: Served, engine: int, request: messages.Request) -> messages.AnyReply:
    """Of that very engine, as soon as it is in rotation: a busy machine may have put it out."""

    def reply() -> messages.AnyReply | None:
        try:
            return ask(served, engine, request)
        except Unavailable:
            return None

    return wait_until(reply, timeout_s=60, what=f"engine {engine} answers")


def every_id(served: Served, namespace: str = "") -> messages.ListIds:
    return messages.ListIds(index_id=served.index_id, namespace=namespace, limit=10_000)


def listed(served: Served, engine: int, namespace: str = "") -> list[str]:
    reply = answered(served, engine, every_id(served, namespace))
    assert isinstance(reply, messages.Ids)
    return reply.ids


def mapped(served: Served, name: str) -> set[str]:
    """The inodes of decrypted segments in the engine's memory: equal ones are one copy."""
    lines = Path(f"/proc/{served.plane.pid(name)}/maps").read_text().splitlines()
    return {line.split()[4] for line in lines if "memfd:stonepine-segment" in line}


def is_in_rotation(served: Served, engine: int) -> bool:
    try:
        ask(served, engine, every_id(served))
    except Unavailable:
        return False
    return True


def wait_for_rotation(served: Served, engine: int = _REPLICA) -> None:
    wait_until(
        lambda: is_in_rotation(served, engine), timeout_s=60, what=f"engine {engine} may read"
    )


def test_what_is_acknowledged_is_at_once_on_every_engine_in_rotation(replicated: Served) -> None:
    served = replicated
    for number in range(50):
        served.upsert(f"id{number}")
        served.upsert("x", namespace=f"n{number}")
        for engine in (_WRITER, _REPLICA):
            assert f"id{number}" in listed(served, engine)
            assert listed(served, engine, f"n{number}") == ["x"]
    served.post("/vectors/delete", {"ids": ["id7"]})
    assert served.client.delete("/namespaces/n7").status_code == 200
    served.upsert("new", namespace="n7")
    for engine in (_WRITER, _REPLICA):
        assert "id7" not in listed(served, engine)
        assert listed(served, engine, "n7") == ["new"]


def test_every_operation_is_answered_alike_by_writer_and_replica(replicated: Served) -> None:
    served = replicated
    served.upsert("a", "b", "c", genre="noir")
    served.post("/vectors/update", {"id": "b", "setMetadata": {"genre": "western"}})
    schema = {"fields": {"genre": {"filterable": True}}}
    created = served.post("/namespaces", {"name": "made", "schema": schema})
    assert created.status_code == 200, created.text
    place = {"index_id": served.index_id}
    requests = [
        messages.Query(**place, top_k=3, vector=_VECTOR, include_metadata=True),
        messages.Query(**place, top_k=3, vector=_VECTOR, filter=b'{"genre":"noir"}'),
        messages.Fetch(**place, ids=["a", "b", "nothing"]),
        messages.FetchByMetadata(**place, filter=b'{"genre":"western"}'),
        messages.DescribeStats(**place),
        messages.ListNamespaces(**place),
        messages.DescribeNamespace(**place, namespace="made"),
    ]
    for request in requests:
        assert answered(served, _WRITER, request) == answered(served, _REPLICA, request)


def test_a_replica_that_hears_nothing_of_its_writer_refuses(replicated: Served) -> None:
    """Its writer may have lost the index, and others may acknowledge writes."""
    served = replicated
    os.kill(served.plane.pid("engine"), signal.SIGSTOP)
    try:
        wait_until(
            lambda: not is_in_rotation(served, _REPLICA), timeout_s=60, what="its grant is over"
        )
    finally:
        os.kill(served.plane.pid("engine"), signal.SIGCONT)
    wait_for_rotation(served)


def test_a_replica_that_stands_still_leaves_rotation_and_delays_no_write_for_long(
    replicated: Served,
) -> None:
    served = replicated
    os.kill(served.plane.pid("engine-1"), signal.SIGSTOP)
    try:
        for number in range(5):
            served.upsert(f"id{number}")
        assert len(served.ids()) == 6
    finally:
        os.kill(served.plane.pid("engine-1"), signal.SIGCONT)
    # What it was sent meanwhile it applies before it may answer again.
    wait_for_rotation(served)
    assert len(listed(served, _REPLICA)) == 6


@pytest.mark.parametrize("victim", [_REPLICA, _WRITER])
def test_no_read_is_stale_and_nothing_is_lost_when_an_engine_is_killed_under_writes(
    replicated: Served, victim: int
) -> None:
    served = replicated
    acknowledged: list[str] = ["first"]
    enough = threading.Event()

    def write(number: int) -> None:
        with served.plane.client(served.index_id, served.key.value) as client:
            vector = {"id": f"id{number:04}", "values": [1, 2, 3, 4]}
            if client.post("/vectors/upsert", json={"vectors": [vector]}).status_code == 200:
                acknowledged.append(vector["id"])
            if len(acknowledged) > 60:
                enough.set()

    def read(_number: int) -> None:
        for engine in (_WRITER, _REPLICA):
            known = set(acknowledged)
            try:
                reply = ask(served, engine, every_id(served))
            except StonepineError:
                continue
            assert isinstance(reply, messages.Ids)
            assert known <= set(reply.ids), f"engine {engine} lacks {known - set(reply.ids)}"

    with Hammer(write), Hammer(read):
        wait_until(lambda: len(acknowledged) > 20, timeout_s=60, what="writes go on")
        served.plane.kill("engine-1" if victim else "engine")
        if victim == _REPLICA:
            for _ in range(6):
                assert "first" in served.ids()
        served.plane.start_engine(victim)
        assert enough.wait(90), "writes did not go on after the kill"
    wait_for_rotation(served)
    for engine in (_WRITER, _REPLICA):
        assert set(acknowledged) <= set(listed(served, engine))


def test_a_read_that_needs_an_lsn_nobody_has_is_told_to_come_again(replicated: Served) -> None:
    served = replicated
    lsn = int(served.upsert("a").headers["x-pinecone-request-lsn"])
    for _ in range(4):
        for wanted, status in ((lsn, 200), (lsn + 1, 429)):
            headers = {"x-stonepine-min-lsn": str(wanted)}
            reply = served.client.get("/vectors/list", headers=headers)
            assert reply.status_code == status
            assert ("retry-after" in reply.headers) == (status == 429)


def test_a_segment_is_taken_over_by_writer_and_replica(replicated: Served) -> None:
    served = replicated
    served.upsert("a", "b")
    [(namespace_id,)] = served.plane.rows(
        "SELECT namespace_id FROM log_namespace WHERE index_id = %s", [served.index_id]
    )
    query = messages.Query(index_id=served.index_id, top_k=3, vector=_VECTOR)

    def paths() -> set[str]:
        replies = [answered(served, engine, query) for engine in (_WRITER, _REPLICA)]
        return {reply.path for reply in replies if isinstance(reply, messages.Matches)}

    before = paths()
    served.plane.build_segments(served.index_id, namespace_id)
    wait_until(lambda: not paths() & before, timeout_s=60, what="both took it")
    assert listed(served, _REPLICA) == ["a", "b", "first"]
    assert mapped(served, "engine-1") == mapped(served, "engine") != set()
    # Whoever comes later finds it in memory, too.
    served.plane.kill("engine-1")
    served.plane.start_engine(_REPLICA)
    wait_for_rotation(served)
    assert mapped(served, "engine-1") == mapped(served, "engine") != set()


def test_what_an_index_takes_in_memory_is_told_for_every_engine(replicated: Served) -> None:
    served = replicated

    def taken() -> dict[str, int]:
        found = held_memory(served.plane.folder)
        return {one.engine: one.memory_bytes for one in found if one.index_id == served.index_id}

    def told() -> dict[str, int] | None:
        found = taken()
        return found if len(found) == 2 else None

    before = wait_until(told, timeout_s=60, what="both engines tell")
    assert before.keys() == {"node-engine", "node-engine-1"}
    for number in range(20):
        served.upsert(f"id{number}", text="x" * 1000)
    wait_for_rotation(served)
    after = wait_until(told, timeout_s=60, what="both engines tell")
    assert all(after[engine] > before[engine] + 20_000 for engine in before)


def test_a_writer_that_lost_its_lease_wins_no_followers(replicated: Served) -> None:
    served = replicated
    with connect(served.plane.system_url, name="test") as connection:
        epoch = take_lease(connection, served.index_id, "elsewhere")
    for asked in (epoch - 1, epoch + 1):
        with pytest.raises(Unavailable):
            ask(served, _REPLICA, messages.Follow(index_id=served.index_id, epoch=asked))


def test_an_index_that_gets_and_loses_a_replica_serves_on(twins: DataPlane) -> None:
    with serve(twins, _WRITER) as served:
        served.upsert("a")
        twins.move(served.index_id, _WRITER, _REPLICA)

        def is_read_by_both() -> bool:
            served.upsert("b")
            return is_in_rotation(served, _REPLICA)

        wait_until(is_read_by_both, timeout_s=60, what="the replica reads")
        twins.move(served.index_id, _WRITER)
        wait_until(
            lambda: not is_in_rotation(served, _REPLICA), timeout_s=60, what="the replica left"
        )
        served.upsert("c")
        assert served.ids() == ["a", "b", "c"]
