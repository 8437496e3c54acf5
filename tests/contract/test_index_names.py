"""Names and lives of indexes: created anew at once, many at once, and with the worker away."""

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.stack import Stack
from tests.support.waiting import wait_until
from tests.support.wire import Broken, NotSent, Reply, Wire, control, dense_index, ready_index

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

CYCLES = 15
PARALLEL = 100


@pytest.fixture
def names(api: Wire, name: str) -> Iterator[list[str]]:
    """Names for PARALLEL indexes; whatever exists of them afterwards is deleted."""
    wanted = [f"{name}-{number:03d}" for number in range(PARALLEL)]
    yield wanted
    for one in {index["name"] for index in api.get("/indexes").json()["indexes"]} & set(wanted):
        api.request("DELETE", f"/indexes/{one}")


def test_a_name_created_anew_at_once_never_shows_an_old_record(
    stack: Stack, api: Wire, name: str
) -> None:
    for cycle in range(CYCLES):
        host = ready_index(api, dense_index(name, dimension=3))
        with Wire(host, api_key=stack.api_key) as index:
            found = index.post("/query", {"vector": [1, 1, 1], "topK": 10_000})
            assert (found.status, found.json()["matches"]) == (200, []), f"cycle {cycle}"
            assert index.post("/describe_index_stats", {}).json()["totalVectorCount"] == 0
            vectors = [{"id": f"{cycle}-{n}", "values": [1, n + 1, 2]} for n in range(20)]
            assert index.post("/vectors/upsert", {"vectors": vectors}).status == 200
        assert api.request("DELETE", f"/indexes/{name}").status == 202
    wait_until(
        lambda: api.get(f"/indexes/{name}").status == 404, timeout_s=10, what="the last is gone"
    )


def test_a_stale_host_never_reaches_another_index(stack: Stack, api: Wire, name: str) -> None:
    old = ready_index(api, dense_index(name, dimension=3))
    assert api.request("DELETE", f"/indexes/{name}").status == 202
    new = ready_index(api, dense_index(name, dimension=3))
    assert old != new
    vector = {"id": "x", "values": [1, 2, 3]}
    assert status_of_upsert(old, stack.api_key, vector) in {None, 404, 503}
    with Wire(new, api_key=stack.api_key) as index:
        assert index.get("/vectors/fetch?ids=x").json()["vectors"] == {}
    api.request("DELETE", f"/indexes/{name}")


def status_of_upsert(host: str, api_key: str, vector: dict[str, object]) -> int | None:
    """None where nobody listens any more."""
    with Wire(host, api_key=api_key, timeout_s=3) as stale:
        try:
            return stale.post("/vectors/upsert", {"vectors": [vector]}).status
        except (NotSent, Broken):
            return None


def test_a_hundred_parallel_creates_do_not_starve_other_requests(
    stack: Stack, api: Wire, names: list[str]
) -> None:
    done = threading.Event()
    with ThreadPoolExecutor(PARALLEL + 1) as pool:
        others = pool.submit(waits_s, stack, done)
        replies = list(pool.map(lambda one: created(stack, one), names))
        done.set()
    assert {reply.status for reply in replies} == {201}
    # One or two come amid the burst of inserts; none may wait for anybody's readiness.
    waits = sorted(others.result())
    assert statistics.median(waits) < 1.0, waits
    assert waits[int(0.8 * len(waits))] < 2.0, waits
    wait_until(lambda: not_ready(api, names) == [], timeout_s=120, what="all hundred are ready")


def created(stack: Stack, name: str) -> Reply:
    with control(stack.api_url, stack.api_key) as wire:
        return wire.post("/indexes", dense_index(name, dimension=3))


def waits_s(stack: Stack, done: threading.Event) -> list[float]:
    """How long each of the requests took that somebody else sends meanwhile."""
    waits = []
    with control(stack.api_url, stack.api_key) as wire:
        while not done.wait(0.05):
            started = time.monotonic()
            assert wire.get("/indexes").status == 200
            waits.append(time.monotonic() - started)
    return waits


def not_ready(api: Wire, names: list[str]) -> list[str]:
    listed = {one["name"]: one for one in api.get("/indexes").json()["indexes"]}
    return [one for one in names if not listed[one]["status"]["ready"]]


def test_without_the_worker_an_index_stays_initializing_and_is_ready_once_it_is_back(
    stack: Stack, api: Wire, name: str
) -> None:
    with stack.paused("worker"):
        reply = api.post("/indexes", dense_index(name))
        assert reply.status == 201
        assert reply.json()["status"] == {"ready": False, "state": "Initializing"}
    wait_until(
        lambda: api.get(f"/indexes/{name}").json()["status"]["ready"],
        timeout_s=30, what="the index is ready",
    )  # fmt: skip
    api.request("DELETE", f"/indexes/{name}")


def test_a_killed_worker_is_made_up_for(stack: Stack, api: Wire, name: str) -> None:
    stack.kill("worker")
    ready_index(api, dense_index(name))
    api.request("DELETE", f"/indexes/{name}")


def test_the_readiness_probe_leaves_nothing_behind(stack: Stack, api: Wire, name: str) -> None:
    host = ready_index(api, dense_index(name, dimension=3))
    with Wire(host, api_key=stack.api_key) as index:
        stats = index.post("/describe_index_stats", {}).json()
        assert stats["totalVectorCount"] == 0
        assert stats["namespaces"] == {}
        first = index.post("/vectors/upsert", {"vectors": [{"id": "a", "values": [1, 2, 3]}]})
        assert first.headers["x-pinecone-request-lsn"] == "1"
    api.request("DELETE", f"/indexes/{name}")
