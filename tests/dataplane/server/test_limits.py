"""Limits of a plan in the data plane: namespaces of an index, units of a month, storage."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import httpx
import pytest

from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from storage.rate_limits import PINECONE_RATES, RateLimit
from tests.dataplane.server.conftest import Served
from tests.support.waiting import wait_until

QUERY = {"topK": 1, "vector": [1, 2, 3, 4]}
RECORD = {"vectors": [{"id": "a", "values": [1, 2, 3, 4]}]}


def write(served: Served, namespace: str) -> httpx.Response:
    return served.post("/vectors/upsert", RECORD | {"namespace": namespace})


def create(served: Served, namespace: str) -> httpx.Response:
    return served.post("/namespaces", {"name": namespace})


def query(served: Served) -> httpx.Response:
    return served.post("/query", QUERY)


def namespaces(served: Served) -> list[str]:
    return [one["name"] for one in served.client.get("/namespaces").json()["namespaces"]]


@pytest.fixture
def narrow(served: Served) -> Served:
    served.plane.limit(served.project, namespaces_per_index=2)
    return served


def test_one_namespace_too_many_is_refused_however_it_is_made(narrow: Served) -> None:
    assert write(narrow, "a").status_code == 200
    assert create(narrow, "b").status_code == 200
    for refused in (write(narrow, "c"), create(narrow, "c")):
        assert refused.status_code == 403
        assert refused.json() == {
            "code": 8,
            "message": "This plan allows 2 namespaces in an index, and 2 exist. Delete one or "
            "change the plan.",
            "details": [],
        }
    assert namespaces(narrow) == ["a", "b"]


def test_what_exists_goes_on_and_the_default_namespace_is_always_there(narrow: Served) -> None:
    for namespace in ("a", "b", "a", "", "b"):
        assert write(narrow, namespace).status_code == 200
    assert create(narrow, "a").status_code == 409


def test_a_deleted_namespace_makes_room(narrow: Served) -> None:
    for namespace in "ab":
        write(narrow, namespace)
    assert narrow.client.delete("/namespaces/a").status_code == 200
    assert write(narrow, "c").status_code == 200


def test_a_hundred_at_once_overshoot_by_none(served: Served) -> None:
    served.plane.limit(served.project, namespaces_per_index=7)
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda n: (write, create)[n % 2](served, f"n{n}"), range(100)))
    assert sorted({reply.status_code for reply in replies}) == [200, 403]
    assert len(namespaces(served)) == sum(reply.status_code == 200 for reply in replies) == 7


def test_another_plan_counts_at_once(narrow: Served) -> None:
    for namespace in "ab":
        write(narrow, namespace)
    assert write(narrow, "c").status_code == 403
    narrow.plane.limit(narrow.project, namespaces_per_index=3)
    wait_until(lambda: write(narrow, "c").status_code == 200, timeout_s=5, what="there is room")
    assert write(narrow, "d").status_code == 403


def test_reads_end_with_the_month_s_units_and_writes_go_on(served: Served) -> None:
    served.plane.limit(served.project, read_units_per_month=10)
    assert query(served).status_code == 200
    refused = wait_until(lambda: _refused(query(served)), timeout_s=10, what="the cap is noticed")
    assert refused.status_code == 429
    assert refused.json()["code"] == 8
    assert "used its 10 read units of this month" in refused.json()["message"]
    assert "-01 00:00 UTC" in refused.json()["message"]
    assert served.client.get("/vectors/list").status_code == 429
    assert served.client.get("/describe_index_stats").status_code == 200
    assert write(served, "").status_code == 200
    served.plane.limit(served.project, read_units_per_month=1_000_000)
    wait_until(lambda: query(served).status_code == 200, timeout_s=10, what="the cap is raised")


def test_writes_end_with_the_month_s_units_on_both_faces(
    served: Served, stub: VectorServiceStub
) -> None:
    served.plane.limit(served.project, write_units_per_month=20)
    refused = wait_until(
        lambda: _refused(write(served, "")), timeout_s=10, what="the cap is noticed"
    )
    assert refused.status_code == 429
    assert "used its 20 write units of this month: writes are refused" in refused.json()["message"]
    assert served.post("/vectors/delete", {"ids": ["a"]}).status_code == 429
    metadata = (("x-stonepine-index", str(served.index_id)), ("api-key", served.key.value))
    with pytest.raises(grpc.RpcError) as caught:
        stub.Delete(pb.DeleteRequest(ids=["a"]), metadata=metadata, timeout=20)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert query(served).status_code == 200


def test_a_cap_belongs_to_its_organization_and_counts_all_its_indexes(served: Served) -> None:
    other = served.plane.project(org_id=served.project.org_id)
    second = served.plane.index(other)
    stranger = served.plane.project()
    third = served.plane.index(stranger)
    served.plane.limit(served.project, read_units_per_month=3)
    wait_until(lambda: _refused(query(served)), timeout_s=10, what="the cap is noticed")
    with served.plane.client(second, served.plane.api_key(other).value) as client:
        assert client.post("/query", json=QUERY).status_code == 429
    with served.plane.client(third, served.plane.api_key(stranger).value) as client:
        assert client.post("/query", json=QUERY).status_code == 200


def test_a_full_store_takes_nothing_more_until_something_is_deleted(served: Served) -> None:
    served.upsert("a", "b")
    served.plane.limit(served.project, storage_bytes=30)
    refused = wait_until(
        lambda: _refused(write(served, "")), timeout_s=10, what="the cap is noticed"
    )
    assert refused.status_code == 403
    assert "storage is limited to 30 bytes" in refused.json()["message"]
    update = {"id": "a", "setMetadata": {"x": 1}}
    assert served.post("/vectors/update", update).status_code == 403
    assert query(served).status_code == 200
    assert served.post("/vectors/delete", {"deleteAll": True}).status_code == 200
    wait_until(lambda: write(served, "").status_code == 200, timeout_s=10, what="there is room")


def test_requests_that_come_too_fast_are_refused_where_rates_are_limited(served: Served) -> None:
    update = {"filter": {"a": 1}, "setMetadata": {"b": 2}}

    def change(_: int) -> httpx.Response:
        return served.post("/vectors/update", update)

    assert {change(number).status_code for number in range(12)} == {200}
    served.plane.limit(served.project, rates=PINECONE_RATES)

    def refused() -> httpx.Response | None:
        with ThreadPoolExecutor(20) as pool:
            replies = list(pool.map(change, range(60)))
        return next((reply for reply in replies if reply.status_code != 200), None)

    reply = wait_until(refused, timeout_s=10, what="the limit is noticed")
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")
    assert reply.json()["message"] == (
        "Each namespace is limited to 5 updates by metadata a second: slow down."
    )
    assert write(served, "").status_code == 200


def test_records_that_a_filter_deletes_are_owed(served: Served) -> None:
    served.upsert(*(f"r{number}" for number in range(40)), kind="x")
    served.plane.limit(served.project, rates={RateLimit.DELETED_RECORDS: 1})
    elsewhere = {"ids": [f"missing{number}" for number in range(1000)], "namespace": "n"}
    wait_until(
        lambda: served.post("/vectors/delete", elsewhere).status_code == 429,
        timeout_s=10, what="the limit is noticed",
    )  # fmt: skip
    assert served.post("/vectors/delete", {"filter": {"kind": "x"}}).status_code == 200
    reply = served.post("/vectors/delete", {"ids": ["r1"]})
    assert reply.status_code == 429
    assert 10 < int(reply.headers["retry-after"]) <= 40


def _refused(reply: httpx.Response) -> httpx.Response | None:
    return None if reply.status_code == 200 else reply
