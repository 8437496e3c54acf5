"""The procedure that nodes hand their audit events to, as the system role."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from audit.actions import Action
from audit.context import Source
from audit.models import Event, Link
from indexes.models import Index
from kit.environment import environment
from kit.ids import new_id
from projects.models import ApiKey
from storage import events
from storage.database import Connection, connect
from storage.events import DataPlaneEvent, Origin, record_alone
from tests.support.world import World


@pytest.fixture
def node(world: World) -> Iterator[Connection]:
    """A node's connection."""
    del world
    url = environment().database_system_url.get_secret_value()
    with connect(url, name="test node") as connection:
        yield connection


@pytest.fixture
def key(world: World) -> ApiKey:
    return world.key()[0]


@pytest.fixture
def index(world: World) -> Index:
    return world.index()


def event_on(index: Index, key: ApiKey, **changed: Any) -> DataPlaneEvent:
    origin = Origin(key.public_id, "request-1", "2001:db8::1", "curl/8")
    fields: dict[str, Any] = {"action": events.NAMESPACE_DELETED, "namespace_id": new_id()}
    return DataPlaneEvent(index_id=index.pk, origin=origin, **(fields | changed))


def test_an_event_is_completed_with_the_names_of_today(
    node: Connection, index: Index, key: ApiKey
) -> None:
    given = event_on(index, key, parameters={"records": 3})
    record_alone(node, given)
    found = Event.objects.using("system").get(pk=given.id)
    assert (found.actor_kind, found.actor_id, found.actor_name) == ("api_key", key.pk, key.name)
    assert (found.organization_name, found.project_id) == ("Pine", index.project_id)
    assert (found.target_type, found.target_name) == ("namespace", index.name)
    assert found.target_id == str(given.namespace_id)
    assert found.parameters == {"index_id": str(index.pk), "records": 3}
    assert (found.request_id, found.ip, found.source) == (
        "request-1", "2001:db8::1", Source.DATA_PLANE,
    )  # fmt: skip
    assert found.sentence == f"{key.name} deleted a namespace of the index {index.name}"
    assert Link.objects.using("system").filter(event_id=given.id).exists()


def test_what_a_person_did_stands_under_the_person(
    node: Connection, index: Index, world: World
) -> None:
    bob = world.people["bob"]
    origin = Origin("", "request-2", None, "Firefox", bob.pk, "Bob")
    given = DataPlaneEvent(index_id=index.pk, origin=origin, action=events.RECORDS_DELETED)
    record_alone(node, given)
    found = Event.objects.using("system").get(pk=given.id)
    assert (found.actor_kind, found.actor_id, found.actor_name) == ("session", bob.pk, "Bob")
    assert (found.source, found.request_id) == (Source.CONSOLE, "request-2")
    assert found.sentence == f"Bob deleted records in the index {index.name}"


def test_the_same_event_twice_is_one(node: Connection, index: Index, key: ApiKey) -> None:
    given = event_on(index, key)
    record_alone(node, given)
    record_alone(node, given)
    assert Link.objects.using("system").filter(event_id=given.id).count() == 1


def test_a_key_that_is_gone_is_named_by_its_public_id(
    node: Connection, index: Index, key: ApiKey
) -> None:
    key.public_id = "gonegone"
    given = event_on(index, key)
    record_alone(node, given)
    assert Event.objects.using("system").get(pk=given.id).actor_name == "API key gonegone"


def test_without_the_index_nothing_is_recorded_and_nothing_may_happen(
    node: Connection, index: Index, key: ApiKey
) -> None:
    index.pk = new_id()
    with pytest.raises(psycopg.errors.NoDataFound):
        record_alone(node, event_on(index, key))


def test_nodes_use_the_names_that_the_log_knows() -> None:
    named = {events.NAMESPACE_CREATED, events.NAMESPACE_DELETED, events.NAMESPACE_EMPTIED}
    named |= {events.IMPORT_CANCELLED, events.IMPORT_STARTED}
    named |= {events.RECORDS_DELETED, events.RECORDS_UPDATED, events.RECORDS_UPSERTED}
    assert named <= set(Action)
