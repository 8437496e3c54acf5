"""A confined key sees nothing outside its scope: over REST and gRPC, in answers and in errors."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import httpx
import pytest

from access import keys
from kit.ids import new_id
from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from tests.dataplane.server.conftest import Served
from tests.support.waiting import wait_until

_VECTOR = [1, 2, 3, 4]


@pytest.fixture
def narrow(served: Served) -> Iterator[httpx.Client]:
    """A client whose key is confined to the default namespace and to `mine`."""
    for namespace in ("", "mine", "theirs"):
        served.upsert("a", "b", namespace=namespace, secret="theirs")
    key = served.plane.api_key(served.project, namespaces=["", "mine"])
    with served.plane.client(served.index_id, key.value) as client:
        yield client


READS: dict[str, Callable[[httpx.Client, str], httpx.Response]] = {
    "query": lambda client, name: client.post(
        "/query", json={"vector": _VECTOR, "topK": 3, "namespace": name, "includeMetadata": True}
    ),
    "query by id": lambda client, name: client.post(
        "/query", json={"id": "a", "topK": 3, "namespace": name}
    ),
    "fetch": lambda client, name: client.get(
        "/vectors/fetch", params={"ids": "a", "namespace": name}
    ),
    "fetch by metadata": lambda client, name: client.post(
        "/vectors/fetch_by_metadata",
        json={"filter": {"secret": {"$eq": "theirs"}}, "namespace": name},
    ),
    "list": lambda client, name: client.get("/vectors/list", params={"namespace": name}),
    "describe": lambda client, name: client.get(f"/namespaces/{name}"),
    "min lsn": lambda client, name: client.get(
        "/vectors/list", params={"namespace": name}, headers={"x-stonepine-min-lsn": "1"}
    ),
}
WRITES: dict[str, Callable[[httpx.Client, str], httpx.Response]] = {
    "upsert": lambda client, name: client.post(
        "/vectors/upsert", json={"vectors": [{"id": "x", "values": _VECTOR}], "namespace": name}
    ),
    "update": lambda client, name: client.post(
        "/vectors/update", json={"id": "a", "values": _VECTOR, "namespace": name}
    ),
    "update by filter": lambda client, name: client.post(
        "/vectors/update",
        json={"filter": {"secret": {"$eq": "theirs"}}, "dryRun": True, "namespace": name},
    ),
    "delete": lambda client, name: client.post(
        "/vectors/delete", json={"ids": ["a"], "namespace": name}
    ),
    "delete all": lambda client, name: client.post(
        "/vectors/delete", json={"deleteAll": True, "namespace": name}
    ),
    "create": lambda client, name: client.post("/namespaces", json={"name": name}),
    "drop": lambda client, name: client.delete(f"/namespaces/{name}"),
}


@pytest.mark.parametrize("read", READS)
def test_reading_a_foreign_namespace_is_reading_a_missing_one(
    narrow: httpx.Client, read: str
) -> None:
    foreign, missing = READS[read](narrow, "theirs"), READS[read](narrow, "absent")
    assert foreign.status_code == missing.status_code
    assert foreign.text.replace("theirs", "absent") == missing.text
    told = {name for name in foreign.headers if name.startswith("x-pinecone")}
    assert told == {name for name in missing.headers if name.startswith("x-pinecone")}
    for name in ("x-pinecone-max-indexed-lsn", "x-stonepine-path"):
        assert foreign.headers.get(name) == missing.headers.get(name)


@pytest.mark.parametrize("write", WRITES)
def test_writing_elsewhere_is_refused_in_words_that_name_nothing(
    served: Served, narrow: httpx.Client, write: str
) -> None:
    foreign, missing = WRITES[write](narrow, "theirs"), WRITES[write](narrow, "absent")
    assert (foreign.status_code, foreign.json()["code"]) == (403, 7)
    assert foreign.text == missing.text
    assert "theirs" not in foreign.text
    assert served.ids("theirs") == ["a", "b"]


@pytest.mark.parametrize("name", ["mine", "", "__default__"])
def test_its_own_namespaces_stay_open_under_every_spelling(narrow: httpx.Client, name: str) -> None:
    found = READS["query"](narrow, name).json()
    assert [match["id"] for match in found["matches"]] != []
    for write in ("upsert", "update", "update by filter", "delete", "delete all"):
        assert WRITES[write](narrow, name).status_code == 200, write


def test_the_default_namespace_is_foreign_under_both_names(served: Served) -> None:
    served.upsert("a")
    key = served.plane.api_key(served.project, namespaces=["mine"])
    with served.plane.client(served.index_id, key.value) as client:
        for name in ("", "__default__"):
            assert READS["query"](client, name).json()["matches"] == []
            assert WRITES["upsert"](client, name).status_code == 403


def test_lists_and_totals_tell_of_its_own_namespaces_only(narrow: httpx.Client) -> None:
    stats = narrow.post("/describe_index_stats", json={}).json()
    assert set(stats["namespaces"]) == {"", "mine"} or set(stats["namespaces"]) == {
        "__default__", "mine",
    }  # fmt: skip
    assert stats["totalVectorCount"] == 4
    listed = narrow.get("/namespaces", params={"limit": 1}).json()
    assert listed["namespaces"][0]["name"] == "__default__"
    token = listed["pagination"]["next"]
    rest = narrow.get("/namespaces", params={"limit": 1, "paginationToken": token}).json()
    assert [one["name"] for one in rest["namespaces"]] == ["mine"]
    assert "theirs" not in narrow.get("/namespaces", params={"prefix": "the"}).text


def test_a_namespace_within_scope_can_be_made_and_dropped(served: Served) -> None:
    key = served.plane.api_key(served.project, namespaces=["fresh"])
    with served.plane.client(served.index_id, key.value) as client:
        assert WRITES["create"](client, "fresh").status_code == 200
        assert WRITES["drop"](client, "fresh").status_code == 200


def test_grpc_keeps_to_the_same_scope(served: Served, narrow: httpx.Client) -> None:
    metadata = [
        ("api-key", narrow.headers["api-key"]), ("x-stonepine-index", str(served.index_id))
    ]  # fmt: skip
    with served.plane.channel() as channel:
        stub = VectorServiceStub(channel)

        def ask(method: str, request: Any) -> Any:
            return getattr(stub, method)(request, metadata=metadata)

        query = pb.QueryRequest(vector=_VECTOR, top_k=3, namespace="theirs")
        assert not ask("Query", query).matches
        assert not ask("List", pb.ListRequest(namespace="theirs")).vectors
        assert len(ask("List", pb.ListRequest(namespace="mine")).vectors) == 2
        stats = ask("DescribeIndexStats", pb.DescribeIndexStatsRequest())
        assert (stats.total_vector_count, "theirs" in stats.namespaces) == (4, False)
        assert ask("ListNamespaces", pb.ListNamespacesRequest()).total_count == 2
        for method, request, code in (
            ("Delete", pb.DeleteRequest(namespace="theirs", delete_all=True), "PERMISSION_DENIED"),
            ("DeleteNamespace", pb.DeleteNamespaceRequest(namespace="theirs"), "PERMISSION_DENIED"),
            ("CreateNamespace", pb.CreateNamespaceRequest(name="theirs"), "PERMISSION_DENIED"),
            ("DescribeNamespace", pb.DescribeNamespaceRequest(namespace="theirs"), "NOT_FOUND"),
        ):
            with pytest.raises(grpc.RpcError) as refused:
                ask(method, request)
            assert refused.value.code().name == code, method
            assert "theirs" not in refused.value.details()


def test_an_index_out_of_scope_is_missing_on_both_faces(served: Served) -> None:
    key = served.plane.api_key(served.project, index_ids=[new_id()])
    with served.plane.client(served.index_id, key.value) as client:
        out_of_scope = client.post("/describe_index_stats", json={})
    with served.plane.client(new_id(), key.value) as client:
        missing = client.post("/describe_index_stats", json={})
    assert (out_of_scope.status_code, out_of_scope.text) == (404, missing.text)
    own = served.plane.api_key(served.project, index_ids=[served.index_id])
    with served.plane.client(served.index_id, own.value) as client:
        assert client.post("/describe_index_stats", json={}).status_code == 200


def test_a_key_opens_from_its_networks_as_the_gateway_sees_them(served: Served) -> None:
    """What a proxy or a forger wrote before the gateway's own word does not count."""
    key = served.plane.api_key(served.project, networks=["10.0.0.0/8", "2001:db8::/32"])
    seen = {
        "10.1.1.1": 200, "2001:db8::1": 200, "192.0.2.1": 401, "": 401,
        "10.1.1.1, 192.0.2.1": 401, "192.0.2.1, 10.1.1.1": 200,
    }  # fmt: skip
    with served.plane.client(served.index_id, key.value) as client:
        for forwarded, status in seen.items():
            headers = {"x-forwarded-for": forwarded, "x-real-ip": "10.1.1.1"}
            reply = client.post("/describe_index_stats", json={}, headers=headers)
            assert reply.status_code == status, forwarded
    metadata = [("api-key", key.value), ("x-stonepine-index", str(served.index_id))]
    with served.plane.channel() as channel:
        ask = VectorServiceStub(channel).DescribeIndexStats
        with pytest.raises(grpc.RpcError) as refused:
            ask(pb.DescribeIndexStatsRequest(), metadata=metadata)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_projects_networks_close_it_on_open_connections_within_a_second(served: Served) -> None:
    """By REST and gRPC, and what the gateway says last counts."""
    inside, outside = {"x-forwarded-for": "10.1.1.1"}, {"x-forwarded-for": "192.0.2.1"}
    metadata = [("api-key", served.key.value), ("x-stonepine-index", str(served.index_id))]
    with served.plane.channel() as channel:
        ask = VectorServiceStub(channel).DescribeIndexStats

        def grpc_status(**headers: str) -> object:
            more = [(name.replace("_", "-"), value) for name, value in headers.items()]
            try:
                ask(pb.DescribeIndexStatsRequest(), metadata=[*metadata, *more])
            except grpc.RpcError as error:
                return error.code()
            return grpc.StatusCode.OK

        assert served.client.get("/namespaces", headers=outside).status_code == 200
        assert grpc_status(x_forwarded_for="192.0.2.1") is grpc.StatusCode.OK
        served.plane.confine(served.project, networks=["10.0.0.0/8"])
        wait_until(
            lambda: served.client.get("/namespaces", headers=outside).status_code == 401,
            timeout_s=1,
            what="the address outside is refused",
        )
        assert served.client.get("/namespaces", headers=inside).status_code == 200
        assert grpc_status(x_forwarded_for="192.0.2.1") is grpc.StatusCode.UNAUTHENTICATED
        assert grpc_status(x_forwarded_for="10.1.1.1") is grpc.StatusCode.OK


def test_a_required_private_endpoint_is_the_only_way_in(served: Served) -> None:
    served.plane.confine(served.project, private_endpoint="required")
    wait_until(
        lambda: served.client.get("/namespaces").status_code == 401,
        timeout_s=1,
        what="the public endpoint is closed",
    )
    private = {"x-stonepine-endpoint": "private"}
    assert served.client.get("/namespaces", headers=private).status_code == 200
    other = {"x-stonepine-endpoint": "public"}
    assert served.client.get("/namespaces", headers=other).status_code == 401


def test_the_front_tells_when_and_from_where_a_key_was_used(served: Served) -> None:
    key = served.plane.api_key(served.project)
    with served.plane.client(served.index_id, key.value) as client:
        client.post("/describe_index_stats", json={}, headers={"x-forwarded-for": "192.0.2.9"})
        client.post("/describe_index_stats", json={}, headers={"x-forwarded-for": "192.0.2.10"})
    (used,) = wait_until(lambda: _uses(served, key), timeout_s=10, what="the use is noted")
    assert used == "192.0.2.9"


def test_a_digest_moves_to_the_newest_pepper_at_the_first_use(served: Served) -> None:
    key = served.plane.api_key(served.project)
    current = served.plane.keyring.peppers.rotate()
    with served.plane.client(served.index_id, key.value) as client:
        assert client.post("/describe_index_stats", json={}).status_code == 200
    query = "SELECT digest FROM dataplane_key_use WHERE public_id = %s AND pepper_id = %s"
    ((digest,),) = wait_until(
        lambda: served.plane.rows(query, [key.public_id, current]),
        timeout_s=10, what="the digest is renewed",
    )  # fmt: skip
    assert keys.matches(key, served.plane.keyring.pepper(current), digest)


def _uses(served: Served, key: keys.PlainKey) -> tuple[str, ...]:
    rows = served.plane.rows(
        "SELECT host(last_used_from) FROM dataplane_key_use"
        " WHERE public_id = %s AND last_used_at IS NOT NULL",
        [key.public_id],
    )
    return tuple(address for (address,) in rows)
