"""Segments that a builder makes while the engine serves: taken over, and never a changed answer."""

import json
from uuid import UUID

import numpy as np

from tests.dataplane.server.conftest import Served
from tests.support.waiting import wait_until

_COUNT = 3000


def _fill(served: Served) -> np.ndarray:
    rows = np.random.default_rng(3).standard_normal((_COUNT, 4)).astype("<f4")
    for start in range(0, _COUNT, 1000):
        vectors = [
            {"id": f"id{n}", "values": rows[n].tolist(), "metadata": {"n": n, "even": n % 2 == 0}}
            for n in range(start, start + 1000)
        ]
        assert served.post("/vectors/upsert", {"vectors": vectors}).status_code == 200
    return rows


def _namespace_id(served: Served) -> UUID:
    [(namespace_id,)] = served.plane.rows(
        "SELECT namespace_id FROM log_namespace WHERE index_id = %s", [served.index_id]
    )
    return namespace_id


def _query(served: Served, **changes: object) -> tuple[list[str], str]:
    body = {"topK": 10, "vector": [1, 2, 3, 4]} | changes
    reply = served.post("/query", body)
    assert reply.status_code == 200, reply.text
    return [match["id"] for match in reply.json()["matches"]], reply.headers["x-stonepine-path"]


def test_a_segment_is_taken_over_while_serving_and_answers_alike(served: Served) -> None:
    _fill(served)
    filtered = {"filter": {"even": True, "n": {"$lt": 500}}}
    before, path = _query(served)
    before_filtered, _ = _query(served, **filtered)
    assert path == "memtable=1"
    served.plane.settings["STONEPINE_SEGMENT_MAX_RECORDS"] = "100000"
    result = json.loads(served.plane.build_segments(served.index_id, _namespace_id(served)))
    wait_until(
        lambda: "memtable=1" not in _query(served)[1].split(),
        timeout_s=5,
        what=f"the engine takes the segment over: {result}",
    )
    assert _query(served)[0] == before
    assert _query(served, **filtered)[0] == before_filtered


def test_what_changes_after_a_segment_wins_over_it_also_after_a_restart(mortal: Served) -> None:
    _fill(mortal)
    mortal.plane.build_segments(mortal.index_id, _namespace_id(mortal))
    mortal.post("/vectors/delete", {"ids": ["id0"]})
    mortal.post("/vectors/update", {"id": "id1", "values": [1, 2, 3, 4]})
    for _ in range(2):
        assert _query(mortal)[0][0] == "id1"
        found = mortal.client.get("/vectors/fetch?ids=id0&ids=id1&ids=id2").json()["vectors"]
        assert sorted(found) == ["id1", "id2"]
        assert mortal.client.get("/namespaces/__default__").json()["record_count"] == "2999"
        mortal.plane.kill("engine")
        mortal.plane.start_engine()
    assert "memtable=1" in _query(mortal)[1]
