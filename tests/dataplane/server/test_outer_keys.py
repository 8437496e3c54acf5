"""Indexes of a project with a key of the customer's own: while it opens, and once it does not."""

import threading
from collections.abc import Iterator

import pytest

from cli.embedded.postgres import EmbeddedPostgres
from tests.dataplane.server.conftest import Served, serve
from tests.support.dataplane import DataPlane, running_data_plane
from tests.support.key_house import KeyHouse, key_house
from tests.support.outer_keys import LOOPBACK, lock, switch
from tests.support.waiting import wait_until

_CACHE_S = 1.0


@pytest.fixture(scope="module")
def house() -> Iterator[KeyHouse]:
    with key_house() as running:
        yield running


@pytest.fixture(scope="module")
def plane(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataPlane]:
    settings = {
        "STONEPINE_OUTBOUND_ALLOW": f"kms={LOOPBACK}",
        "STONEPINE_DATA_KEY_CACHE_S": str(_CACHE_S),
    }
    folder = tmp_path_factory.mktemp("dp")
    with running_data_plane(postgres_server, folder, engines=2, **settings) as running:
        yield running


@pytest.fixture
def served(plane: DataPlane, house: KeyHouse) -> Iterator[Served]:
    house.is_enabled, house.is_down = True, False
    # Written by one engine, read by both.
    with serve(plane, 0, 1) as fresh:
        yield fresh


def _status(served: Served) -> int:
    return served.post("/query", {"id": "a", "topK": 1}).status_code


def _is_followed(served: Served) -> bool:
    lines = (served.plane.folder / "engine-1.log").read_text().splitlines()
    return any(str(served.index_id) in line and "index.followed" in line for line in lines)


def _was_let_go(served: Served) -> bool:
    """By the engine that writes it, and by the one that follows."""
    lines = (served.plane.folder / "engine.log").read_text().splitlines()
    lines += (served.plane.folder / "engine-1.log").read_text().splitlines()
    about = [line for line in lines if str(served.index_id) in line]
    return all(any(event in line for line in about) for event in ("index.closed", "index.left"))


def test_a_lock_that_is_put_on_takes_effect_while_the_index_is_open(
    served: Served, house: KeyHouse
) -> None:
    served.upsert("a")
    lock(served.plane, served.project, house)
    house.is_enabled = False
    wait_until(lambda: _status(served) == 412, what="the index is closed", timeout_s=10)
    house.is_enabled = True
    wait_until(lambda: _status(served) == 200, what="and comes back", timeout_s=10)
    assert served.ids() == ["a"]


def test_a_key_disabled_at_its_provider_closes_what_is_loaded(
    served: Served, house: KeyHouse
) -> None:
    lock(served.plane, served.project, house)
    served.upsert("a", "b")
    assert _status(served) == 200
    house.is_enabled = False
    wait_until(lambda: _status(served) == 412, what="reads are refused", timeout_s=10)
    refused = served.post("/vectors/upsert", {"vectors": [{"id": "c", "values": [1, 2, 3, 4]}]})
    assert refused.status_code == 412
    assert "encryption key" in refused.json()["message"]
    house.is_enabled = True
    wait_until(lambda: _status(served) == 200, what="reads are back", timeout_s=10)
    assert served.ids() == ["a", "b"]


def test_a_key_disabled_here_closes_within_moments_and_comes_back(
    served: Served, house: KeyHouse
) -> None:
    key_id = lock(served.plane, served.project, house)
    served.upsert("a")
    wait_until(lambda: _is_followed(served), what="the other engine follows", timeout_s=10)
    asked = len(house.asked)
    switch(served.plane, key_id, is_enabled=False)
    wait_until(lambda: _status(served) == 412, what="reads are refused", timeout_s=5)
    wait_until(lambda: _was_let_go(served), what="engines forget what they held", timeout_s=10)
    switch(served.plane, key_id, is_enabled=True)
    wait_until(lambda: _status(served) == 200, what="reads are back", timeout_s=5)
    assert len(house.asked) >= asked


def test_an_outage_of_the_provider_is_bridged_and_then_told(
    served: Served, house: KeyHouse
) -> None:
    lock(served.plane, served.project, house)
    served.upsert("a")
    house.is_down = True
    assert _status(served) == 200
    wait_until(lambda: _status(served) == 503, what="what was opened is forgotten", timeout_s=10)
    house.is_down = False
    wait_until(lambda: _status(served) == 200, what="reads are back", timeout_s=15)


def test_a_slow_provider_keeps_nobody_else_waiting(
    served: Served, plane: DataPlane, house: KeyHouse
) -> None:
    with serve(plane) as other:
        other.upsert("x")
        lock(plane, served.project, house)
        with house.held_up() as release:
            answers: list[int] = []
            asking = threading.Thread(target=lambda: answers.append(_status(served)))
            asking.start()
            wait_until(house.has_waiting, what="the provider is asked", timeout_s=10)
            assert other.ids() == ["x"]
            assert answers == []
            release()
            asking.join(10)
        assert answers == [200]


def test_segments_are_built_only_while_the_key_opens(served: Served, house: KeyHouse) -> None:
    key_id = lock(served.plane, served.project, house)
    served.upsert("a", "b")
    ((namespace_id,),) = served.plane.rows(
        "SELECT namespace_id FROM log_namespace WHERE index_id = %s", [served.index_id]
    )
    switch(served.plane, key_id, is_enabled=False)
    refused = served.plane.build(served.index_id, namespace_id)
    assert refused.returncode == 1
    assert "disabled in Stonepine" in refused.stdout
    switch(served.plane, key_id, is_enabled=True)
    assert '"status":"built"' in served.plane.build_segments(served.index_id, namespace_id)
    assert served.ids() == ["a", "b"]
