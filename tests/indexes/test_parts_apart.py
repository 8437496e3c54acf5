"""Where parts run on machines of their own: gateways follow the rows, and workers wait for them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.part_keeper import Keeper
from indexes.deployment import probe
from indexes.deployment.imports import import_what_is_due
from indexes.deployment.listeners import publish_listeners, wait_until_listening
from indexes.deployment.placement import place
from indexes.deployment.reconcile import reconcile
from indexes.lifecycle import delete_index
from indexes.models import Index
from indexes.part_models import Part
from kit.environment import Environment, environment
from kit.errors import Unavailable
from kit.parts import PartKind
from storage import catalog, nodes
from storage.database import Connection
from storage.nodes import Presence
from tests.support.world import World


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Environment]:
    """This process as one part of several; nobody is where addresses lead."""
    for name in ("STONEPINE_PARTS_CA", "STONEPINE_PART_CERTIFICATE", "STONEPINE_PART_KEY"):
        monkeypatch.setenv(name, str(tmp_path / "none.pem"))
    monkeypatch.setenv("STONEPINE_PART_NAME", "g1")
    environment.cache_clear()
    here = environment()
    assert here.has_parts
    yield here
    monkeypatch.undo()
    environment.cache_clear()


@pytest.fixture
def index(world: World, control: Connection, apart: Environment) -> Index:
    """At a node of its own."""
    nodes.beat(control, Presence("n1", "there", "127.0.0.1:1", 1, 2**33, 30), version=0)
    found = world.index()
    place(found)
    return found


def routed_to(here: Environment, index: Index) -> str:
    """The cluster in the gateway's file for that index."""
    told = json.loads((here.gateway_dir / "routes" / f"index-{index.pk}.json").read_bytes())
    routes = told["resources"][0]["virtual_hosts"][0]["routes"]
    (cluster,) = {one["route"]["cluster"] for one in routes}
    return str(cluster)


def test_a_gateways_keeper_publishes_before_it_says_that_it_has_heard(
    index: Index, apart: Environment, control: Connection
) -> None:
    keeper = Keeper(apart, PartKind.GATEWAY)
    version = catalog.version(control)
    assert keeper.beat(control, version)
    assert routed_to(apart, index) == "node-n1"
    clusters = json.loads((apart.gateway_dir / "clusters.json").read_bytes())["resources"]
    assert {one["name"] for one in clusters} == {"node-n1", "web"}
    listeners = json.loads((apart.gateway_dir / "listeners.json").read_bytes())["resources"]
    assert [one["address"]["socket_address"]["port_value"] for one in listeners] == [index.port]
    row = Part.objects.using("system").filter(kind="gateway")[0]
    assert (row.name, row.heard_version) == ("g1", version)

    nodes.beat(control, Presence("n2", "elsewhere", "127.0.0.1:2", 1, 2**33, 30), version=0)
    control.execute(
        "UPDATE indexes_deployment SET node_id = (SELECT id FROM indexes_node WHERE name = 'n2')"
    )
    before = (apart.gateway_dir / "listeners.json").stat().st_mtime_ns
    keeper.beat(control, version)
    assert routed_to(apart, index) == "node-n2"
    assert (apart.gateway_dir / "listeners.json").stat().st_mtime_ns == before


def test_what_a_deleted_index_had_at_a_gateway_goes(
    world: World, index: Index, apart: Environment, control: Connection
) -> None:
    keeper = Keeper(apart, PartKind.GATEWAY)
    keeper.beat(control, 1)
    assert list((apart.gateway_dir / "routes").glob("index-*.json"))
    delete_index(world.alice, index)
    keeper.beat(control, 2)
    assert not list((apart.gateway_dir / "routes").glob("index-*.json"))
    assert not json.loads((apart.gateway_dir / "listeners.json").read_bytes())["resources"]


def test_an_index_waits_for_every_gateway_that_lives(
    index: Index, apart: Environment, control: Connection
) -> None:
    keeper = Keeper(apart, PartKind.GATEWAY)
    version = catalog.version(control)
    assert probe._is_led_to(version), "nobody has to be waited for"
    keeper.beat(control, version - 1)
    assert not probe._is_led_to(version)
    keeper.leave(apart.database_system_url.get_secret_value())
    assert probe._is_led_to(version), "one that ended in order is not waited for"
    keeper.beat(control, version)
    assert probe._is_led_to(version)


def test_an_index_whose_node_does_not_answer_is_not_ready(index: Index) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        reconcile(index.pk, probe_timeout_s=0.1)
    index.refresh_from_db(using="system")
    assert not index.is_ready


def test_workers_write_no_gateways_files_and_do_no_imports(
    index: Index, apart: Environment
) -> None:
    before = sorted(apart.gateway_dir.iterdir())
    assert not publish_listeners()
    assert wait_until_listening(0.1)
    assert import_what_is_due() == 0
    assert sorted(apart.gateway_dir.iterdir()) == before
