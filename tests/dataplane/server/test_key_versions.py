"""Engines take a new version of an index's data key while they serve."""

from uuid import UUID

from storage.database import connect
from storage.rekeying.rows import fence_writers
from tests.dataplane.server.conftest import Served
from tests.support.waiting import wait_until


def sealed_versions(served: Served) -> list[int]:
    """Of the index's batches, in order."""
    rows = served.plane.rows(
        "SELECT sealed FROM log_batch WHERE index_id = %s ORDER BY namespace_id, lsn",
        [served.index_id],
    )
    return [int.from_bytes(bytes(sealed)[:4], "big") for (sealed,) in rows]


def lease(served: Served) -> tuple[int, int]:
    """Epoch, and the version that the writer says it seals with."""
    ((epoch, version),) = served.plane.rows(
        "SELECT epoch, key_version FROM log_lease WHERE index_id = %s", [served.index_id]
    )
    return epoch, version


def test_an_engine_seals_under_a_new_version_and_says_so(served: Served) -> None:
    served.upsert("a")
    epoch, version = lease(served)
    assert version == 1
    assert served.plane.rotate_data_key(served.project) == 2
    wait_until(lambda: lease(served)[1] == 2, timeout_s=30, what="the engine takes the new key")
    served.upsert("b")
    served.upsert("c", namespace="other")
    assert served.ids() == ["a", "b"]
    assert sorted(sealed_versions(served)) == [1, 2, 2]
    assert lease(served)[0] == epoch, "nothing was opened anew"


def test_a_segment_that_is_built_under_the_new_version_is_taken_over(served: Served) -> None:
    served.upsert(*[f"r{number}" for number in range(50)])
    served.plane.rotate_data_key(served.project)
    ((namespace_id,),) = served.plane.rows(
        "SELECT namespace_id FROM log_namespace WHERE index_id = %s", [served.index_id]
    )
    said = served.plane.build_segments(served.index_id, UUID(str(namespace_id)))
    assert '"built"' in said, said
    served.upsert("later")
    assert len(served.ids()) == 51


def test_a_fenced_engine_takes_its_lease_again_with_the_newest_key(served: Served) -> None:
    served.upsert("a")
    with connect(served.plane.system_url, name="test") as connection:
        assert fence_writers(connection, [served.index_id], before=2) == 1

    def is_written() -> bool:
        body = {"vectors": [{"id": "b", "values": [1, 2, 3, 4]}]}
        return served.post("/vectors/upsert", body).status_code == 200

    wait_until(is_written, timeout_s=30, what="the engine writes again")
    assert lease(served)[1] == 1
    assert served.ids() == ["a", "b"]
