"""Many small namespaces and many small indexes on one engine, before and after it is killed."""

import os
from pathlib import Path

from cli.embedded.postgres import EmbeddedPostgres
from tests.dataplane.server.conftest import Served, serve
from tests.support.dataplane import running_data_plane

_IS_NIGHTLY = os.environ.get("STONEPINE_NIGHTLY") == "1"
_NAMESPACES, _INDEXES = (5_000, 300) if _IS_NIGHTLY else (250, 40)


def listed(served: Served) -> list[str]:
    """The names of all namespaces, page by page."""
    names: list[str] = []
    token = ""
    while True:
        reply = served.client.get("/namespaces", params={"paginationToken": token}).json()
        names += [entry["name"] for entry in reply["namespaces"]]
        if "pagination" not in reply:
            return names
        token = reply["pagination"]["next"]


def test_every_namespace_and_every_index_is_there_again_after_a_kill(
    postgres_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    with running_data_plane(postgres_server, tmp_path) as plane, serve(plane) as served:
        names = [f"tenant-{number:04}" for number in range(_NAMESPACES)]
        for name in names:
            served.upsert(f"of-{name}", namespace=name)
        indexes = [plane.index(served.project) for _ in range(_INDEXES)]
        vectors = {"vectors": [{"id": "a", "values": [1, 2, 3, 4]}]}
        for index_id in indexes:
            with plane.client(index_id, served.key.value) as client:
                assert client.post("/vectors/upsert", json=vectors).status_code == 200
        plane.kill("engine")
        plane.start_engine()
        assert listed(served) == names
        assert served.ids(names[-1]) == [f"of-{names[-1]}"]
        assert served.post("/describe_index_stats", {}).json()["totalVectorCount"] == _NAMESPACES
        for index_id in indexes:
            with plane.client(index_id, served.key.value) as client:
                assert client.get("/vectors/fetch?ids=a").json()["vectors"].keys() == {"a"}
