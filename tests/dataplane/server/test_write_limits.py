"""Limits of writes that depend on what the namespace holds already."""

from concurrent.futures import ThreadPoolExecutor

from tests.dataplane.server.conftest import Served

_HALF = "x" * 25_000


def _update(served: Served, **changes: object) -> tuple[int, str]:
    reply = served.post("/vectors/update", changes)
    return reply.status_code, reply.text


def _metadata_bytes(served: Served, id_: str) -> int:
    record = served.client.get("/vectors/fetch", params={"ids": id_}).json()["vectors"][id_]
    return sum(map(len, record["metadata"].values()))


def test_an_update_cannot_make_metadata_larger_than_an_upsert_can(served: Served) -> None:
    served.upsert("a", first=_HALF)
    status, text = _update(served, id="a", setMetadata={"second": _HALF})
    assert (status, "the limit is 40960 bytes per record" in text) == (400, True)
    assert _update(served, id="a", setMetadata={"first": "y" * 30_000})[0] == 200
    assert _metadata_bytes(served, "a") == 30_000


def test_an_update_by_filter_changes_nothing_where_one_record_would_be_too_large(
    served: Served,
) -> None:
    served.upsert("a", kind="x")
    served.upsert("b", kind="x", first=_HALF)
    changes = {"filter": {"kind": "x"}, "setMetadata": {"second": _HALF}}
    status, text = _update(served, **changes)
    assert (status, 'record \\"b\\"' in text) == (400, True)
    assert _metadata_bytes(served, "a") == 1


def test_updates_at_once_cannot_pass_the_limit_together(served: Served) -> None:
    served.upsert("a")
    with ThreadPoolExecutor(8) as pool:
        patches = [{f"f{number}": "x" * 8_000} for number in range(16)]
        replies = list(pool.map(lambda patch: _update(served, id="a", setMetadata=patch), patches))
    assert sorted(status for status, _ in replies) == [200] * 5 + [400] * 11
    assert _metadata_bytes(served, "a") == 40_000


def test_a_namespace_takes_five_thousand_distinct_fields_and_no_more(served: Served) -> None:
    for start in range(0, 5_000, 2_500):
        served.upsert("a", **{f"f{number}": 1 for number in range(start, start + 2_500)})
    refused = served.post(
        "/vectors/upsert", {"vectors": [{"id": "b", "values": [1, 2, 3, 4], "metadata": {"g": 1}}]}
    )
    assert (refused.status_code, refused.json()["code"]) == (400, 3)
    assert "at most 5000 distinct metadata fields" in refused.json()["message"]
    assert _update(served, id="a", setMetadata={"g": 1})[0] == 400
    served.upsert("b", f0=2)
    assert served.ids() == ["a", "b"]
    served.upsert("c", namespace="other", g=1)
