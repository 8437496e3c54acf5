"""Every operation over REST."""

import math

import httpx
import pytest

from tests.dataplane.server.conftest import Served


def _names(reply: httpx.Response) -> list[str]:
    return [match["id"] for match in reply.json()["matches"]]


def test_what_was_upserted_is_found_at_once_with_its_bits(served: Served) -> None:
    values = [0.1, 1 / 3, -2.5, 1e-7]
    body = {"vectors": [{"id": "a", "values": values, "metadata": {"year": 2020, "t": ["x", "y"]}}]}
    reply = served.post("/vectors/upsert", body)
    assert reply.json() == {"upsertedCount": 1}
    assert reply.headers["x-pinecone-request-lsn"] == "1"
    assert reply.headers["x-pinecone-lsn-committed"] == "1"
    found = served.client.get("/vectors/fetch", params={"ids": ["a", "missing"]})
    assert list(found.json()["vectors"]) == ["a"]
    record = found.json()["vectors"]["a"]
    assert record["metadata"] == {"year": 2020, "t": ["x", "y"]}
    assert record["values"] == pytest.approx(values, rel=1e-7)
    assert found.headers["x-pinecone-max-indexed-lsn"] == "1"
    assert found.headers["x-pinecone-lsn-reconciled"] == "1"


def test_a_query_ranks_filters_and_shows_what_was_asked_for(served: Served) -> None:
    served.upsert("a", "b", "c", kind="x")
    served.upsert("d", kind="y")
    vector = [1, 2, 3, 1]
    ranked = served.post("/query", {"topK": 2, "vector": vector, "includeValues": True})
    assert _names(ranked)[0] in {"a", "d"}
    assert math.isclose(ranked.json()["matches"][0]["score"], 1.0, rel_tol=1e-6)
    assert len(ranked.json()["matches"][0]["values"]) == 4
    assert "metadata" not in ranked.json()["matches"][0]
    assert ranked.headers["x-stonepine-path"] == "memtable=1"
    filtered = served.post(
        "/query",
        {"topK": 9, "vector": vector, "filter": {"kind": "y"}, "includeMetadata": True},
    )
    assert _names(filtered) == ["d"]
    assert filtered.json()["matches"][0]["metadata"] == {"kind": "y"}
    assert filtered.json()["usage"]["readUnits"] == 1
    assert filtered.json()["namespace"] == ""


def test_a_query_by_id_uses_the_stored_vector(served: Served) -> None:
    served.upsert("a", "b")
    assert _names(served.post("/query", {"topK": 1, "id": "b"})) == ["b"]
    assert _names(served.post("/query", {"topK": 1, "id": "missing"})) == []


def test_ids_are_listed_in_pages_in_c_collation(served: Served) -> None:
    served.upsert("b", "B", "a1", "a2", "a3", "?")
    pages, token = [], None
    while True:
        parameters = {"prefix": "a", "limit": 2} | ({"paginationToken": token} if token else {})
        body = served.client.get("/vectors/list", params=parameters).json()
        pages.append([vector["id"] for vector in body["vectors"]])
        token = body.get("pagination", {}).get("next")
        if token is None:
            break
    assert pages == [["a1", "a2"], ["a3"]]
    assert served.ids() == ["?", "B", "a1", "a2", "a3", "b"]


def test_an_update_merges_metadata_and_replaces_values(served: Served) -> None:
    served.upsert("a", kind="x", year=1)
    body = {"id": "a", "values": [9, 9, 9, 9], "setMetadata": {"year": 2, "new": True}}
    assert served.post("/vectors/update", body).json() == {"matchedRecords": 1}
    record = served.client.get("/vectors/fetch?ids=a").json()["vectors"]["a"]
    assert record["values"] == [9, 9, 9, 9]
    assert record["metadata"] == {"kind": "x", "year": 2, "new": True}


def test_an_update_of_a_missing_id_changes_nothing(served: Served) -> None:
    reply = served.post("/vectors/update", {"id": "a", "setMetadata": {"x": 1}})
    assert reply.json() == {"matchedRecords": 0}
    assert "x-pinecone-request-lsn" not in reply.headers
    assert served.ids() == []


def test_an_update_by_filter_reaches_what_matches(served: Served) -> None:
    served.upsert("a", "b", kind="x")
    served.upsert("c", kind="y")
    body = {"filter": {"kind": "x"}, "setMetadata": {"seen": True}}
    dry = served.post("/vectors/update", body | {"dryRun": True})
    assert dry.json() == {"matchedRecords": 2}
    none = served.post("/vectors/fetch_by_metadata", {"filter": {"seen": True}})
    assert none.json()["vectors"] == {}
    assert served.post("/vectors/update", body).json() == {"matchedRecords": 2}
    found = served.post("/vectors/fetch_by_metadata", {"filter": {"seen": True}})
    assert sorted(found.json()["vectors"]) == ["a", "b"]


def test_fetch_by_metadata_comes_in_pages(served: Served) -> None:
    served.upsert("a", "b", "c", kind="x")
    body = {"filter": {"kind": "x"}, "limit": 2}
    first = served.post("/vectors/fetch_by_metadata", body).json()
    token = first["pagination"]["next"]
    second = served.post("/vectors/fetch_by_metadata", body | {"paginationToken": token}).json()
    assert (sorted(first["vectors"]), sorted(second["vectors"])) == (["a", "b"], ["c"])
    assert "pagination" not in second


@pytest.mark.parametrize(
    ("selector", "left"),
    [
        ({"ids": ["a", "missing"]}, ["b", "c"]),
        ({"filter": {"kind": {"$in": ["x"]}}}, ["c"]),
        ({"deleteAll": True}, []),
    ],
)
def test_a_delete_removes_what_it_selects(
    served: Served, selector: dict[str, object], left: list[str]
) -> None:
    served.upsert("a", "b", kind="x")
    served.upsert("c", kind="y")
    assert served.post("/vectors/delete", selector).json() == {}
    assert served.ids() == left


def test_a_delete_may_come_with_the_method_delete(served: Served) -> None:
    served.upsert("a", "b")
    reply = served.client.request("DELETE", "/vectors/delete", json={"ids": ["a"]})
    assert (reply.status_code, served.ids()) == (200, ["b"])


def test_deleting_what_is_not_there_is_no_error_in_a_namespace_that_is(served: Served) -> None:
    served.upsert("a", namespace="n")
    assert served.post("/vectors/delete", {"ids": ["x"], "namespace": "n"}).status_code == 200
    missing = served.post("/vectors/delete", {"ids": ["x"], "namespace": "other"})
    assert (missing.status_code, missing.json()["code"]) == (404, 5)
    assert missing.json()["message"] == "Namespace not found"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_stats_count_the_records_of_each_namespace(served: Served, method: str) -> None:
    served.upsert("a", "b")
    served.upsert("c", namespace="n")
    body = served.client.request(method, "/describe_index_stats").json()
    assert body["namespaces"] == {"__default__": {"vectorCount": 2}, "n": {"vectorCount": 1}}
    assert body["totalVectorCount"] == 3
    assert (body["dimension"], body["metric"], body["vectorType"]) == (4, "cosine", "dense")
    assert body["memoryFullness"] == body["memory_fullness"] == 0


def test_namespaces_are_created_listed_described_and_deleted(served: Served) -> None:
    schema = {"fields": {"genre": {"filterable": True}}}
    made = served.post("/namespaces", {"name": "b", "schema": schema})
    assert (made.status_code, made.json()["schema"]) == (200, schema)
    assert served.post("/namespaces", {"name": "b"}).status_code == 409
    assert served.post("/namespaces", {"name": "__default__"}).status_code == 409
    served.upsert("x", namespace="a")
    served.upsert("x")
    first = served.client.get("/namespaces", params={"limit": 2}).json()
    assert [one["name"] for one in first["namespaces"]] == ["__default__", "a"]
    assert first["total_count"] == 3
    token = first["pagination"]["next"]
    rest = served.client.get("/namespaces", params={"paginationToken": token}).json()
    assert [one["name"] for one in rest["namespaces"]] == ["b"]
    only = served.client.get("/namespaces", params={"prefix": "__d"}).json()
    assert [one["name"] for one in only["namespaces"]] == ["__default__"]
    assert served.client.get("/namespaces/a").json()["record_count"] == "1"
    assert served.client.delete("/namespaces/a").json() == {}
    assert served.client.get("/namespaces/a").status_code == 404
    assert served.client.delete("/namespaces/a").status_code == 404
    assert served.ids("a") == []


def test_the_default_namespace_is_always_there(served: Served) -> None:
    assert served.client.get("/namespaces/__default__").json()["record_count"] == "0"
    assert served.post("/vectors/delete", {"deleteAll": True}).status_code == 200
    served.upsert("a", namespace="__default__")
    assert served.ids("") == served.ids("__default__") == ["a"]


def test_a_namespace_may_hold_a_slash(served: Served) -> None:
    served.upsert("a", namespace="x/y z")
    assert served.client.get("/namespaces/x%2Fy%20z").json()["name"] == "x/y z"


def test_an_index_may_be_named_in_the_path(served: Served) -> None:
    with served.plane.client(key=served.key.value) as client:
        for prefix in (f"/i/{served.index_id}", f"/i/{served.index_id}/"):
            assert client.get(f"{prefix}/describe_index_stats").status_code == 200
        assert client.get("/describe_index_stats").status_code == 404


def test_an_authority_serves_no_other_index(served: Served) -> None:
    other = served.plane.index(served.project)
    assert served.client.get(f"/i/{other}/describe_index_stats").status_code == 404
    assert served.client.get(f"/i/{served.index_id}/describe_index_stats").status_code == 200


def test_a_read_may_name_the_lsn_that_it_needs(served: Served) -> None:
    lsn = int(served.upsert("a").headers["x-pinecone-request-lsn"])
    for wanted, status in ((lsn, 200), (lsn + 1, 429)):
        headers = {"x-stonepine-min-lsn": str(wanted)}
        assert served.client.get("/vectors/list", headers=headers).status_code == status


def test_every_answer_has_a_request_id_of_its_own_and_echoes_the_version(served: Served) -> None:
    headers = {"x-pinecone-api-version": "2025-04", "x-request-id": "mine"}
    replies = [served.client.get(path, headers=headers) for path in ("/namespaces", "/nothing")]
    ids = {reply.headers["x-pinecone-request-id"] for reply in replies}
    assert len(ids) == 2
    assert "mine" not in ids
    for reply in replies:
        assert reply.headers["x-pinecone-api-version"] == "2025-04"
        assert int(reply.headers["x-pinecone-request-latency-ms"]) >= 0


def test_records_of_a_sparse_index_are_found_by_their_common_indices(served: Served) -> None:
    index_id = served.plane.index(served.project, dimension=None, metric="dotproduct")
    with served.plane.client(index_id, served.key.value) as client:
        vectors = [
            {"id": "a", "sparseValues": {"indices": [5, 1], "values": [0.5, 2]}},
            {"id": "b", "sparseValues": {"indices": [7], "values": [1]}},
        ]
        assert client.post("/vectors/upsert", json={"vectors": vectors}).status_code == 200
        body = {"topK": 5, "sparseVector": {"indices": [1], "values": [3]}, "includeValues": True}
        matches = client.post("/query", json=body).json()["matches"]
    assert [(match["id"], match["score"]) for match in matches] == [("a", 6.0)]
    assert matches[0]["sparseValues"] == {"indices": [1, 5], "values": [2.0, 0.5]}
