"""Reconciling, with messages lost, doubled, reordered and interrupted."""

import json
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from access.actor import OPERATOR
from indexes.deployment.listeners import is_published, publish_listeners
from indexes.deployment.reconcile import reconcile
from indexes.deployment.sweep import mend, unconverged
from indexes.lifecycle import configure_index, delete_index
from indexes.models import Deployment, Index, IndexState, PortReservation
from keyring.data_keys import open_data_key
from kit import clock
from kit.environment import environment
from kit.errors import Unavailable
from kit.ids import new_id
from orgs.secrets import installation_keyring
from projects.models import DataKey
from storage.database import connect
from storage.objects import open_object_store
from storage.write_log import log
from storage.write_log.names import new_namespace
from tests.support.gatehouse import open_gatehouse
from tests.support.waiting import wait_until
from tests.support.world import World


def fresh(index: Index) -> Index | None:
    return Index.objects.using("system").filter(pk=index.pk).first()


def state(index: Index) -> str | None:
    row = fresh(index)
    return row.state if row else None


def system_connection() -> psycopg.Connection:
    return connect(environment().database_system_url.get_secret_value(), name="test")


def dataplane_version() -> int:
    with system_connection() as connection:
        row = connection.execute("SELECT version FROM dataplane_version").fetchone()
    assert row is not None
    return int(row[0])


def plant_records(index: Index) -> None:
    """A namespace in the log and an object in the store, as a node and a builder leave them."""
    row = DataKey.objects.using("system").get(project_id=index.project_id)
    key = open_data_key(installation_keyring(), index.project_id, row.version, bytes(row.wrapped))
    with system_connection() as connection:
        epoch = log.take_lease(connection, index.pk, "test")
        log.create_namespace(
            connection, index.pk, new_namespace(key, index.pk, new_id(), "films"), epoch=epoch
        )
    store = open_object_store(environment().object_store_url)
    store.put(f"indexes/{index.pk}/{new_id()}/segments/{new_id()}", [b"sealed"])


def remains(index: Index) -> list[str]:
    with system_connection() as connection:
        rows = [str(row) for row in log.namespaces(connection, index.pk)]
    store = open_object_store(environment().object_store_url)
    return rows + list(store.list(f"indexes/{index.pk}/"))


def test_an_index_comes_up_through_its_public_door(world: World) -> None:
    index = world.index()
    before = dataplane_version()
    with open_gatehouse(index) as house:
        reconcile(index.pk)
    row = fresh(index)
    assert row is not None
    assert (row.state, row.observed_generation, row.failure) == (IndexState.READY, 1, "")
    assert row.ready_at is not None
    assert house.statuses == [200]
    assert is_published(index.pk)
    assert Deployment.objects.using("system").get().node.name == environment().node_name
    assert dataplane_version() > before


def test_doubled_messages_do_nothing_more(world: World) -> None:
    index = world.index()
    with open_gatehouse(index) as house:
        reconcile(index.pk)
        first = fresh(index)
        reconcile(index.pk)
        reconcile(index.pk)
    again = fresh(index)
    assert first is not None
    assert again is not None
    assert first.ready_at == again.ready_at
    assert house.statuses == [200]
    assert Deployment.objects.using("system").count() == 1


def test_without_an_answer_an_index_stays_initializing_and_says_why(world: World) -> None:
    index = world.index()
    with pytest.raises(Unavailable):
        reconcile(index.pk, probe_timeout_s=0.1)
    row = fresh(index)
    assert row is not None
    assert row.state == IndexState.INITIALIZING
    assert "does not answer" in row.failure
    with open_gatehouse(index):
        reconcile(index.pk)
    row = fresh(index)
    assert row is not None
    assert (row.state, row.failure) == (IndexState.READY, "")


def test_a_deleted_index_leaves_nothing_behind(world: World) -> None:
    index, bystander = world.index("gone"), world.index("stays")
    with open_gatehouse(index), open_gatehouse(bystander):
        reconcile(index.pk)
        reconcile(bystander.pk)
    plant_records(index)
    plant_records(bystander)
    delete_index(OPERATOR, index)
    before = dataplane_version()
    reconcile(index.pk)
    assert fresh(index) is None
    assert remains(index) == []
    assert not is_published(index.pk)
    assert dataplane_version() > before
    assert PortReservation.objects.using("system").get(index_id=index.pk).released_at is not None
    assert state(bystander) == IndexState.READY
    assert len(remains(bystander)) == 2
    assert is_published(bystander.pk)


def test_messages_in_the_wrong_order_end_in_the_same_state(world: World) -> None:
    index = world.index()
    delete_index(OPERATOR, index)
    for _ in range(2):  # the delete's message first, the create's and a double afterwards
        reconcile(index.pk)
        reconcile(index.pk)
    assert fresh(index) is None
    reconcile(new_id())


def test_an_index_deleted_while_it_is_probed_never_becomes_ready(world: World) -> None:
    index = world.index()
    with open_gatehouse(index, before_answer=lambda: _delete_once(world, index)):
        reconcile(index.pk)
    assert fresh(index) is None
    assert not is_published(index.pk)


def _delete_once(world: World, index: Index) -> None:
    from django.db import connections

    from audit.context import AuditContext, Source, acting_from

    del world
    if state(index) != IndexState.TERMINATING:
        with acting_from(AuditContext(request_id="probe", source=Source.API)):
            delete_index(OPERATOR, index)
    connections.close_all()


def test_configuring_needs_no_deployment(world: World) -> None:
    index = world.index()
    with open_gatehouse(index):
        reconcile(index.pk)
    configure_index(OPERATOR, index, tags={"team": "search"})
    assert unconverged() == []
    assert state(index) == IndexState.READY


def test_a_name_given_again_at_once_belongs_to_another_index(world: World) -> None:
    first = world.index()
    delete_index(OPERATOR, first)
    second = world.index()
    reconcile(first.pk)
    assert (fresh(first), state(second)) == (None, IndexState.INITIALIZING)
    assert second.port != first.port


def test_two_workers_never_work_on_one_index(world: World) -> None:
    index = world.index()
    number = int.from_bytes(index.pk.bytes[8:], signed=True)
    with system_connection() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [number])
        reconcile(index.pk, probe_timeout_s=0.1)
        assert not Deployment.objects.using("system").exists()
    # The other worker's connection is gone, and soon with it its claim: so is a killed worker's.
    with open_gatehouse(index):
        wait_until(lambda: _is_brought_up(index), timeout_s=10, what="the claim is free")


def _is_brought_up(index: Index) -> bool:
    reconcile(index.pk)
    return state(index) == IndexState.READY


def age(index: Index, *, s: int) -> None:
    moment = clock.now() - timedelta(seconds=s)
    rows = Index.objects.using("system").filter(pk=index.pk)
    rows.update(created_at=moment, terminating_since=moment)


def test_the_sweep_finds_what_a_lost_message_missed(world: World) -> None:
    new, lost, up, deleted = (world.index(name) for name in ("new", "lost", "up", "deleted"))
    with open_gatehouse(up), open_gatehouse(deleted):
        reconcile(up.pk)
        reconcile(deleted.pk)
    delete_index(OPERATOR, deleted)
    for index in (lost, up, deleted):
        age(index, s=30)
    assert set(unconverged()) == {lost.pk, deleted.pk}
    assert new.pk not in unconverged()


def test_the_sweep_mends_a_lost_listeners_file(world: World) -> None:
    index = world.index()
    publish_listeners()
    path = Path(environment().gateway_dir) / "listeners.json"
    path.unlink()
    assert not is_published(index.pk)
    mend()
    assert is_published(index.pk)
    resources = json.loads(path.read_bytes())["resources"]
    assert [one["address"]["socket_address"]["port_value"] for one in resources] == [index.port]
