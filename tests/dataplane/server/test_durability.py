"""What was acknowledged stays, whatever dies; what was deleted stays deleted."""

import threading

import grpc
import httpx
import psycopg
import pytest
from psycopg import sql

from cli.embedded.postgres import SYSTEM, EmbeddedPostgres
from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from storage.database import connect
from storage.write_log import log
from tests.dataplane.server.conftest import Served
from tests.support.dataplane import Hammer
from tests.support.waiting import wait_until

LATER = {"vectors": [{"id": "later", "values": [1, 2, 3, 4]}]}


def test_a_restart_keeps_everything(mortal: Served) -> None:
    mortal.upsert("a", "b", kind="x")
    mortal.upsert("c", namespace="n")
    mortal.post("/namespaces", {"name": "empty", "schema": {"fields": {"g": {"filterable": True}}}})
    mortal.post("/vectors/delete", {"ids": ["b"]})
    mortal.post("/vectors/update", {"id": "a", "setMetadata": {"year": 2020}})
    asked = ["/describe_index_stats", "/vectors/fetch?ids=a&ids=b", "/namespaces"]
    before = [mortal.client.get(path).json() for path in asked]
    assert mortal.plane.stop("engine") == 0
    mortal.plane.start_engine()
    assert [mortal.client.get(path).json() for path in asked] == before
    reply = mortal.upsert("d")
    assert reply.headers["x-pinecone-request-lsn"] == "4"


def test_no_acknowledged_write_is_lost_when_the_engine_is_killed(mortal: Served) -> None:
    acknowledged: list[str] = []

    def write(number: int) -> None:
        body = {"vectors": [{"id": f"id{number}", "values": [1, 2, 3, number + 1]}]}
        reply = mortal.post("/vectors/upsert", body)
        if reply.status_code == 200:
            acknowledged.append(f"id{number}")
        else:
            assert reply.status_code == 503, reply.text
            assert int(reply.headers["retry-after"]) >= 1

    with Hammer(write):
        for _ in range(3):
            goal = len(acknowledged) + 30
            wait_until(lambda g=goal: len(acknowledged) >= g, timeout_s=20, what="writes go on")
            mortal.plane.kill("engine")
            mortal.plane.start_engine()
        goal = len(acknowledged) + 30
        wait_until(lambda: len(acknowledged) >= goal, timeout_s=20, what="writes go on")
    found: set[str] = set()
    for start in range(0, len(acknowledged), 500):
        ids = acknowledged[start : start + 500]
        reply = mortal.client.get("/vectors/fetch", params={"ids": ids})
        found |= reply.json()["vectors"].keys()
    assert found == set(acknowledged)


def test_reads_wait_for_an_engine_that_comes_back(mortal: Served) -> None:
    mortal.upsert("a")
    with mortal.plane.channel() as channel:
        metadata = [("x-stonepine-index", str(mortal.index_id)), ("api-key", mortal.key.value)]
        stub = VectorServiceStub(channel)
        assert stub.Fetch(pb.FetchRequest(ids=["a"]), metadata=metadata).vectors
        mortal.plane.kill("engine")
        starter = threading.Thread(target=mortal.plane.start_engine)
        starter.start()
        assert mortal.ids() == ["a"]
        assert stub.Fetch(pb.FetchRequest(ids=["a"]), metadata=metadata).vectors
        upsert = pb.UpsertRequest(vectors=[pb.Vector(id="b", values=[1, 2, 3, 4])])
        assert stub.Upsert(upsert, metadata=metadata).upserted_count == 1
        starter.join()


def test_without_an_engine_the_answer_is_503_and_not_a_hang(mortal: Served) -> None:
    mortal.plane.kill("engine")
    try:
        reply = mortal.client.get("/describe_index_stats")
        assert (reply.status_code, reply.json()["code"]) == (503, 14)
        assert reply.headers["retry-after"] == "1"
        metadata = [("x-stonepine-index", str(mortal.index_id)), ("api-key", mortal.key.value)]
        with mortal.plane.channel() as channel:
            stub = VectorServiceStub(channel)
            with pytest.raises(grpc.RpcError) as refusal:
                stub.Fetch(pb.FetchRequest(ids=["a"]), metadata=metadata)
        assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
        assert dict(refusal.value.trailing_metadata())["grpc-retry-pushback-ms"] == "1000"
    finally:
        mortal.plane.start_engine()


def test_a_namespace_made_again_shows_no_old_record(mortal: Served) -> None:
    for round_ in range(5):
        mortal.upsert(f"old{round_}", namespace="n")
        assert mortal.client.delete("/namespaces/n").status_code == 200
        assert mortal.ids("n") == []
    mortal.upsert("new", namespace="n")
    assert mortal.ids("n") == ["new"]
    mortal.plane.kill("engine")
    mortal.plane.start_engine()
    assert mortal.ids("n") == ["new"]
    for table, kept in (("log_namespace", 1), ("log_dropped", 5)):
        count = f"SELECT count(*) FROM {table} WHERE index_id = %s"  # noqa: S608 - constants
        assert mortal.plane.rows(count, [mortal.index_id]) == [(kept,)], table


def test_writes_from_many_clients_at_once_all_arrive_in_their_order(mortal: Served) -> None:
    lsns: list[int] = []

    def write(name: str) -> None:
        with mortal.plane.client(mortal.index_id, mortal.key.value) as client:
            for number in range(20):
                vector = {"id": f"{name}{number}", "values": [1, 2, 3, 4]}
                body = {"vectors": [vector], "namespace": "many"}
                reply = client.post("/vectors/upsert", json=body)
                assert reply.status_code == 200, reply.text
                lsns.append(int(reply.headers["x-pinecone-request-lsn"]))

    writers = [threading.Thread(target=write, args=[name]) for name in "abcdefgh"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(lsns) == list(range(1, 161))
    assert mortal.client.get("/namespaces/many").json()["record_count"] == "160"


def test_writes_by_filter_see_every_write_before_them(mortal: Served) -> None:
    """Upserts and deletes by filter in flight together: each delete takes whole upserts or none."""

    def delete(_: int) -> None:
        with mortal.plane.client(mortal.index_id, mortal.key.value) as client:
            body = {"filter": {"kind": "x"}}
            assert client.post("/vectors/delete", json=body).status_code == 200

    with Hammer(delete):
        for number in range(30):
            mortal.upsert(*[f"{number}-{n}" for n in range(5)], kind="x")
    assert len(mortal.ids()) % 5 == 0
    delete(0)
    assert mortal.ids() == []


def test_a_writer_that_lost_its_lease_is_refused_and_serves_what_the_log_holds(
    mortal: Served,
) -> None:
    mortal.upsert("a")
    with connect(mortal.plane.system_url, name="test") as connection:
        log.take_lease(connection, mortal.index_id, "another engine")
    body = {"vectors": [{"id": "b", "values": [1, 2, 3, 4]}]}
    refused = mortal.post("/vectors/upsert", body)
    assert (refused.status_code, refused.json()["code"]) == (503, 14)
    assert mortal.ids() == ["a"]
    assert mortal.post("/vectors/upsert", body).status_code == 200
    assert mortal.ids() == ["a", "b"]


def test_memory_that_is_behind_the_log_is_built_anew(mortal: Served) -> None:
    """As after a namespace was dropped by a request whose answer got lost."""
    mortal.upsert("old", namespace="n")
    [(namespace_id,)] = mortal.plane.rows(
        "SELECT namespace_id FROM log_namespace WHERE index_id = %s", [mortal.index_id]
    )
    for statement in (
        "DELETE FROM log_namespace WHERE namespace_id = %s RETURNING 1",
        "DELETE FROM log_batch WHERE namespace_id = %s RETURNING 1",
    ):
        mortal.plane.rows(statement, [namespace_id])
    body = {"vectors": [{"id": "new", "values": [1, 2, 3, 4]}], "namespace": "n"}
    assert mortal.post("/vectors/upsert", body).status_code == 503
    assert mortal.post("/vectors/upsert", body).status_code == 200
    assert mortal.ids("n") == ["new"]


def test_while_the_log_is_out_of_reach_reads_go_on_and_writes_fail_soon(
    mortal: Served, postgres_server: EmbeddedPostgres
) -> None:
    mortal.upsert("a")
    _let_sign_in(postgres_server, is_allowed=False)
    try:
        body = {"vectors": [{"id": "b", "values": [1, 2, 3, 4]}]}
        reply = wait_until(lambda: _refusal(mortal, body), timeout_s=5, what="a write is refused")
        assert reply.status_code == 503
        assert reply.elapsed.total_seconds() < 2
        assert int(reply.headers["retry-after"]) >= 1
        assert mortal.ids()[0] == "a"
    finally:
        _let_sign_in(postgres_server, is_allowed=True)
    wait_until(
        lambda: mortal.post("/vectors/upsert", body).status_code == 200,
        timeout_s=10,
        what="writes resume by themselves",
    )
    assert mortal.ids() == ["a", "b"]


def test_a_write_whose_end_is_unknown_stops_no_reads(
    mortal: Served, postgres_server: EmbeddedPostgres
) -> None:
    """The connection to the log ends while batches are on their way, and does not come back."""
    acknowledged: list[str] = []
    refused = threading.Event()

    def write(number: int) -> None:
        body = {"vectors": [{"id": f"id{number}", "values": [1, 2, 3, number + 1]}]}
        if mortal.post("/vectors/upsert", body).status_code == 200:
            acknowledged.append(f"id{number}")
        else:
            refused.set()

    try:
        with Hammer(write):
            wait_until(lambda: len(acknowledged) >= 50, timeout_s=20, what="writes go on")
            _let_sign_in(postgres_server, is_allowed=False)
            assert refused.wait(5)
        for _ in range(5):
            reply = mortal.client.get("/vectors/fetch", params={"ids": acknowledged[-500:]})
            assert reply.status_code == 200, reply.text
            assert reply.json()["vectors"].keys() == set(acknowledged[-500:])
    finally:
        _let_sign_in(postgres_server, is_allowed=True)
    wait_until(lambda: _refusal(mortal, LATER) is None, timeout_s=10, what="writes resume")
    assert mortal.client.get("/vectors/fetch", params={"ids": acknowledged[:1]}).json()["vectors"]


def _refusal(mortal: Served, body: dict[str, object]) -> httpx.Response | None:
    reply = mortal.post("/vectors/upsert", body)
    return None if reply.status_code == 200 else reply


def _let_sign_in(server: EmbeddedPostgres, *, is_allowed: bool) -> None:
    """Open or close the database to the system role, ending what it has open."""
    right = sql.SQL("LOGIN" if is_allowed else "NOLOGIN")
    with psycopg.connect(server.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(SYSTEM), right))
        if not is_allowed:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s",
                [SYSTEM],
            )


def test_a_front_that_is_asked_to_stop_ends_well(mortal: Served) -> None:
    mortal.upsert("a")
    assert mortal.plane.stop("front") == 0
    mortal.plane.start_front()
    with mortal.plane.client(mortal.index_id, mortal.key.value) as client:
        assert client.get("/vectors/fetch?ids=a").status_code == 200
