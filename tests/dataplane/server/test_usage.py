"""Metering through both faces: exact, and once, also when processes or the database go away."""

from typing import Any

import psycopg

from access import probes
from protocol.v1 import vector_service_pb2 as pb
from protocol.v1.vector_service_pb2_grpc import VectorServiceStub
from storage.usage import COUNTERS
from tests.dataplane.server.conftest import Served
from tests.support.waiting import wait_until

# Four values, an id of one letter, {"genre":"noir"}.
RECORD_BYTES = 16 + 1 + 16


def usage(served: Served) -> dict[str, Any]:
    """All days together, should midnight pass during a test."""
    sums = ", ".join(f"sum({name})::bigint" for name in COUNTERS)
    rows = served.plane.rows(
        f"SELECT {sums}, max(last_bytes), max(storage_bytes), min(index_name), min(project_name)"  # noqa: S608
        " FROM billing_usage WHERE index_id = %s HAVING count(*) > 0",
        [served.index_id],
    )
    names = [*COUNTERS, "last_bytes", "storage_bytes", "index_name", "project_name"]
    return dict(zip(names, rows[0], strict=True)) if rows else {}


def reported(served: Served, **expected: int) -> dict[str, Any]:
    """Waits until exactly these numbers are there; counters that are not named are zero."""
    expected = dict.fromkeys(COUNTERS, 0) | expected
    found: dict[str, Any] = {}

    def is_there() -> bool:
        found.update(usage(served))
        return expected.items() <= found.items()

    try:
        wait_until(is_there, timeout_s=10, what="the report")
    except AssertionError:
        raise AssertionError(f"{found} is not {expected}") from None
    return found


def test_every_operation_is_metered_exactly(served: Served) -> None:
    for id_ in "abc":
        served.upsert(id_, genre="noir")
    query = {"topK": 2, "vector": [1, 2, 3, 4]}
    for _ in range(4):
        assert served.post("/query", query).json()["usage"]["readUnits"] == 1
    served.client.get("/vectors/fetch?ids=a&ids=b")
    served.post("/vectors/fetch_by_metadata", {"filter": {"genre": "noir"}})
    served.ids()
    served.post("/vectors/update", {"id": "a", "setMetadata": {"year": 1}})
    served.post("/vectors/delete", {"ids": ["b"]})
    served.client.get("/describe_index_stats")
    row = reported(
        served, read_units=4 + 2 + 1, write_units=(3 + 1 + 1) * 5,
        upserts=3, queries=4, fetches=2, lists=1, updates=1, deletes=1, others=1,
        last_bytes=2 * RECORD_BYTES + len(',"year":1'),
    )  # fmt: skip
    assert (row["index_name"], row["project_name"]) == ("test", "a project")
    assert row["storage_bytes"] >= row["last_bytes"]


def test_large_writes_cost_by_their_size(served: Served) -> None:
    served.upsert("a", text="x" * 10_000)
    served.upsert(*(f"{number:02}" for number in range(99)))
    # 16 + 1 + 10,011 bytes are ten started KiB; 99 × 18 bytes are two, and five is the least.
    reported(served, upserts=2, write_units=10 + 5)


def test_both_faces_count_into_the_same_row(served: Served, stub: VectorServiceStub) -> None:
    metadata = (("x-stonepine-index", str(served.index_id)), ("api-key", served.key.value))
    vectors = [pb.Vector(id="a", values=[1, 2, 3, 4])]
    stub.Upsert(pb.UpsertRequest(vectors=vectors), metadata=metadata, timeout=20)
    stub.Query(pb.QueryRequest(top_k=1, id="a"), metadata=metadata, timeout=20)
    served.ids()
    reported(served, read_units=2, write_units=5, upserts=1, queries=1, lists=1)


def test_refusals_and_probes_are_free(served: Served) -> None:
    served.post("/vectors/upsert", {"vectors": [{"id": "a", "values": [1]}]})
    served.post("/query", {"topK": 0, "id": "a"})
    served.post("/vectors/delete", {"ids": ["a"], "namespace": "missing"})
    token = probes.mint(served.plane.keyring.derive("probe"), served.index_id)
    with served.plane.client(served.index_id) as client:
        authorization = {"authorization": f"{probes.SCHEME} {token}"}
        assert client.post("/.stonepine/probe", headers=authorization).status_code == 200
    served.ids()
    reported(served, read_units=1, lists=1, last_bytes=0)


def test_what_was_counted_before_a_stop_is_reported_by_it(mortal: Served) -> None:
    for _ in range(5):
        mortal.ids()
    mortal.plane.stop("front")
    assert usage(mortal)["lists"] == 5
    mortal.plane.start_front()
    mortal.ids()
    reported(mortal, read_units=6, lists=6)


def test_a_killed_engine_and_a_killed_front_lose_no_reported_number(mortal: Served) -> None:
    mortal.upsert("a", genre="noir")
    reported(mortal, write_units=5, upserts=1, last_bytes=RECORD_BYTES)
    mortal.plane.kill("engine")
    mortal.plane.start_engine()
    mortal.upsert("b", genre="noir")
    reported(mortal, write_units=10, upserts=2, last_bytes=2 * RECORD_BYTES)
    mortal.plane.kill("front")
    mortal.plane.start_front()
    mortal.upsert("c", genre="noir")
    reported(mortal, write_units=15, upserts=3, last_bytes=3 * RECORD_BYTES)


def test_reports_that_fail_are_brought_later_and_counted_once(mortal: Served) -> None:
    mortal.ids()
    reported(mortal, read_units=1, lists=1)
    with psycopg.connect(mortal.plane.owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE billing_usagereporter RENAME TO hidden")
        for _ in range(7):
            mortal.ids()
        log = mortal.plane.folder / "front.log"
        wait_until(lambda: "usage.not_reported" in log.read_text(), timeout_s=10, what="a failure")
        owner.execute("ALTER TABLE hidden RENAME TO billing_usagereporter")
    reported(mortal, read_units=8, lists=8)


def test_an_index_that_is_deleted_keeps_its_numbers(served: Served) -> None:
    served.upsert("a", genre="noir")
    reported(served, write_units=5, upserts=1, last_bytes=RECORD_BYTES)
    served.ids()
    served.plane.delete_index(served.index_id)
    row = reported(served, write_units=5, upserts=1, read_units=1, lists=1)
    assert row["project_name"] == "a project"
