"""Administration of the data plane leaves exactly one event each, over both faces; records none."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import grpc
import httpx
import psycopg
import pytest

from cli.embedded.postgres import SYSTEM
from dataplane.front.refusal_bound import MOST_REFUSALS
from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from tests.dataplane.server.conftest import Served
from tests.support.dataplane import DataPlane

_FROM = {"x-forwarded-for": "203.0.113.9, 192.0.2.7", "user-agent": "curl/8"}


class Rest:
    """The three acts of administration and a record's write, over REST."""

    def __init__(self, served: Served, key: str) -> None:
        self._client = served.plane.client(served.index_id, key)
        self._client.headers.update(_FROM)

    def close(self) -> None:
        self._client.close()

    def create(self, name: str) -> bool:
        return self._done(self._client.post("/namespaces", json={"name": name}))

    def delete(self, name: str) -> bool:
        return self._done(self._client.delete(f"/namespaces/{name}"))

    def empty(self, name: str) -> bool:
        body = {"deleteAll": True, "namespace": name}
        return self._done(self._client.post("/vectors/delete", json=body))

    def delete_record(self, name: str) -> bool:
        body = {"ids": ["a"], "namespace": name}
        return self._done(self._client.post("/vectors/delete", json=body))

    def _done(self, reply: httpx.Response) -> bool:
        assert reply.status_code != 500
        return reply.is_success


class Grpc:
    """The same over gRPC."""

    def __init__(self, served: Served, key: str) -> None:
        self._channel = served.plane.channel()
        self._stub = VectorServiceStub(self._channel)
        self._metadata = [
            ("x-stonepine-index", str(served.index_id)), ("api-key", key),
            ("x-forwarded-for", _FROM["x-forwarded-for"]),
        ]  # fmt: skip

    def close(self) -> None:
        self._channel.close()

    def create(self, name: str) -> bool:
        return self._done(self._stub.CreateNamespace, pb.CreateNamespaceRequest(name=name))

    def delete(self, name: str) -> bool:
        return self._done(self._stub.DeleteNamespace, pb.DeleteNamespaceRequest(namespace=name))

    def empty(self, name: str) -> bool:
        return self._done(self._stub.Delete, pb.DeleteRequest(delete_all=True, namespace=name))

    def delete_record(self, name: str) -> bool:
        return self._done(self._stub.Delete, pb.DeleteRequest(ids=["a"], namespace=name))

    def _done(self, method: Any, request: Any) -> bool:
        try:
            method(request, metadata=self._metadata)
        except grpc.RpcError:
            return False
        return True


Face = Callable[[str], Rest | Grpc]


@pytest.fixture(params=[Rest, Grpc])
def face(served: Served, request: pytest.FixtureRequest) -> Iterator[Face]:
    """Gives a caller with that key."""
    with ExitStack() as opened:
        yield lambda key: opened.enter_context(closing(request.param(served, key)))


def events(served: Served) -> list[tuple[str, str, str]]:
    return [
        (event["action"], event["outcome"], event["error_code"])
        for event in served.plane.events(served.index_id)
    ]


# What breaks the log at the statement or, as the chain would, at the commit; and what mends it.
BROKEN = {
    "statement": (
        f"REVOKE INSERT ON dataplane_event FROM {SYSTEM}",
        f"GRANT INSERT ON dataplane_event TO {SYSTEM}",
    ),
    "commit": (
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
               $$ BEGIN RAISE EXCEPTION 'no'; END $$;
           CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON dataplane_event
               DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()""",
        "DROP TRIGGER refuse ON dataplane_event; DROP FUNCTION refuse()",
    ),
}


@contextmanager
def no_event_can_be_written(plane: DataPlane, *, at: str = "statement") -> Iterator[None]:
    breaking, mending = BROKEN[at]
    with psycopg.connect(plane.owner_url, autocommit=True) as connection:
        connection.execute(breaking)
        try:
            yield
        finally:
            connection.execute(mending)


def test_each_act_of_administration_leaves_one_event(served: Served, face: Face) -> None:
    caller = face(served.key.value)
    assert caller.create("n")
    served.upsert("a", "b", namespace="n")
    assert caller.empty("n")
    assert caller.delete("n")
    assert events(served) == [
        ("namespace.created", "success", ""),
        ("namespace.emptied", "success", ""),
        ("namespace.deleted", "success", ""),
    ]


def test_an_event_names_key_origin_and_opaque_namespace(served: Served, face: Face) -> None:
    face(served.key.value).create("a name of the customer's")
    (event,) = served.plane.events(served.index_id)
    (row,) = served.plane.rows(
        "SELECT namespace_id FROM log_namespace WHERE index_id = %s", [served.index_id]
    )
    assert event["key_id"] == served.key.public_id
    assert event["ip"] == "192.0.2.7"
    assert event["namespace_id"] == str(row[0])
    assert len(event["request_id"]) == 32
    assert event["user_agent"]
    assert "customer" not in str(event)


def test_what_changes_nothing_leaves_one_event_too(served: Served, face: Face) -> None:
    caller = face(served.key.value)
    assert caller.empty("__default__")
    assert caller.delete("__default__")
    assert [event[:2] for event in events(served)] == [
        ("namespace.emptied", "success"), ("namespace.deleted", "success"),
    ]  # fmt: skip


def test_a_failed_act_leaves_one_event(served: Served, face: Face) -> None:
    caller = face(served.key.value)
    assert caller.create("n")
    assert not caller.create("n")
    assert not caller.delete("missing")
    assert not caller.empty("missing")
    assert events(served)[1:] == [
        ("namespace.created", "failure", "ALREADY_EXISTS"),
        ("namespace.deleted", "failure", "NOT_FOUND"),
        ("namespace.emptied", "failure", "NOT_FOUND"),
    ]


def test_a_denied_act_leaves_one_event(served: Served, face: Face) -> None:
    viewer = served.plane.api_key(served.project, "ProjectViewer")
    served.upsert("a", namespace="n")
    caller = face(viewer.value)
    assert not any([caller.create("m"), caller.delete("n"), caller.empty("n")])
    found = served.plane.events(served.index_id)
    assert [event["action"] for event in found] == [
        "namespace.created", "namespace.deleted", "namespace.emptied",
    ]  # fmt: skip
    assert {event["outcome"] for event in found} == {"denied"}
    assert {event["key_id"] for event in found} == {viewer.public_id}
    assert "data:write" in found[0]["reason"]
    assert served.ids("n") == ["a"]


def test_writes_and_reads_of_records_leave_none(served: Served, face: Face) -> None:
    viewer = served.plane.api_key(served.project, "ProjectViewer")
    served.upsert("a", "b", namespace="n")
    assert face(served.key.value).delete_record("n")
    assert not face(viewer.value).delete_record("n")
    served.post("/vectors/update", {"id": "b", "namespace": "n", "setMetadata": {"x": 1}})
    served.post("/vectors/delete", {"filter": {"x": 1}, "namespace": "n"})
    assert served.ids("n") == []
    assert events(served) == []


def test_a_viewer_is_denied_whatever_the_body_is(served: Served) -> None:
    viewer = served.plane.api_key(served.project, "ProjectViewer")
    with served.plane.client(served.index_id, viewer.value) as client:
        assert client.post("/vectors/delete", content=b"{broken").status_code == 403
        assert client.post("/namespaces", content=b"{broken").status_code == 403


@pytest.mark.parametrize("at", BROKEN)
def test_without_the_event_the_act_does_not_happen(served: Served, face: Face, at: str) -> None:
    caller = face(served.key.value)
    served.upsert("a", namespace="n")
    with no_event_can_be_written(served.plane, at=at):
        reply = served.client.post("/namespaces", json={"name": "m"})
        assert reply.status_code == 500
        assert not served.client.delete("/namespaces/n").is_success
        body = {"deleteAll": True, "namespace": "n"}
        assert not served.post("/vectors/delete", body).is_success
        assert not served.post("/vectors/delete", {"deleteAll": True}).is_success
        served.upsert("b", namespace="n")
    assert served.ids("n") == ["a", "b"]
    assert events(served) == []
    assert caller.create("m")
    assert caller.empty("n")
    assert served.ids("n") == []
    assert len(events(served)) == 2


def test_a_refusal_is_answered_even_where_its_event_cannot_be_written(served: Served) -> None:
    with no_event_can_be_written(served.plane):
        assert served.client.delete("/namespaces/missing").status_code == 404
    assert events(served) == []


def test_writes_beside_an_emptied_namespace_go_on(served: Served, face: Face) -> None:
    """The audited batch stands alone in its transaction; those around it keep their order."""
    caller = face(served.key.value)
    for number in range(5):
        served.upsert(f"a{number}", namespace="n")
        assert caller.empty("n")
        served.upsert(f"b{number}", namespace="n")
        served.upsert("c", namespace="other")
    assert served.ids("n") == ["b4"]
    assert len(events(served)) == 5


def test_a_key_that_hammers_gets_429_and_fills_no_log(served: Served) -> None:
    viewer = served.plane.api_key(served.project, "ProjectViewer")
    with served.plane.client(served.index_id, viewer.value) as client:
        replies = [client.delete("/namespaces/n") for _ in range(MOST_REFUSALS + 5)]
        reads = client.get("/namespaces")
    assert [one.status_code for one in replies] == [403] * MOST_REFUSALS + [429] * 5
    assert 0 < int(replies[-1].headers["retry-after"]) <= 300
    found = events(served)
    assert len(found) == MOST_REFUSALS + 1
    assert found[-1] == ("namespace.deleted", "failure", "RESOURCE_EXHAUSTED")
    assert reads.status_code == 200
    assert served.client.post("/namespaces", json={"name": "n"}).status_code == 200
