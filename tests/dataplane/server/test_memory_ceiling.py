"""An engine whose memory is full: nothing grows, everything else goes on."""

from pathlib import Path

from cli.embedded.postgres import EmbeddedPostgres
from tests.dataplane.server.conftest import serve
from tests.support.dataplane import running_data_plane
from tests.support.waiting import wait_until

_VECTOR = {"values": [1, 2, 3, 4], "metadata": {"text": "x" * 40_000}}


def test_reads_and_deletes_go_on_and_make_room_again(
    postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    limit = {"STONEPINE_ENGINE_MEMORY_MB": "1"}
    with running_data_plane(postgres_server, tmp_path, **limit) as plane, serve(plane) as served:
        replies = [
            served.post("/vectors/upsert", {"vectors": [_VECTOR | {"id": f"id{number}"}]})
            for number in range(40)
        ]
        assert replies[0].status_code == 200
        refused = replies[-1]
        assert (refused.status_code, refused.json()["code"]) == (429, 8)
        assert refused.headers["retry-after"] == "5"
        update = {"id": "id0", "setMetadata": {"a": 1}}
        assert served.post("/vectors/update", update).status_code == 429
        assert served.post("/query", {"topK": 1, "id": "id0"}).json()["matches"]
        assert served.post("/vectors/delete", {"deleteAll": True}).status_code == 200
        wait_until(
            lambda: served.post("/vectors/upsert", {"vectors": [_VECTOR | {"id": "a"}]}).is_success,
            timeout_s=10,
            what="there is room again",
        )


def test_idle_indexes_make_room_and_come_back_with_their_next_request(
    postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    limit = {"STONEPINE_ENGINE_MEMORY_MB": "1", "STONEPINE_ENGINE_IDLE_S": "0"}
    with (
        running_data_plane(postgres_server, tmp_path, **limit) as plane,
        serve(plane) as first,
        serve(plane) as second,
    ):
        # Together they take more than there is; each alone takes less.
        for number in range(12):
            vectors = {"vectors": [_VECTOR | {"id": f"id{number}"}]}
            for served in (first, second):
                assert served.post("/vectors/upsert", vectors).status_code == 200
        for served in (first, second, first):
            stats = served.post("/describe_index_stats", {}).json()
            assert stats["totalVectorCount"] == 12
            assert served.post("/query", {"topK": 1, "id": "id11"}).json()["matches"]
