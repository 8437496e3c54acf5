"""Where a project may be reached from: who says so, who is shut out, and what nodes read of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg import Connection

from access.actor import OPERATOR
from access.permissions import Permission
from api.schemas.index_reply import render_index
from api.versions import Version
from audit.context import AuditContext, Source, acting_from
from audit.models import Event
from indexes.asking import ask
from indexes.queries import get_index
from kit.environment import environment
from kit.errors import (
    FailedPrecondition,
    InvalidArgument,
    PaymentRequired,
    PermissionDenied,
    Unauthenticated,
)
from orgs.organizations import set_plan
from orgs.plans import Plan
from projects.explanation import explain_access, place_of
from projects.models import Project
from projects.networks import set_network_policy, shown
from projects.queries import authenticate_api_key
from storage.catalog import load_api_key, version
from tests.support.world import World

HOME = ["203.0.113.0/24"]


@contextmanager
def calling_from(address: str) -> Iterator[None]:
    with acting_from(AuditContext("test", Source.CONSOLE, ip=address)):
        yield


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The operator has opened a private endpoint."""
    monkeypatch.setenv("STONEPINE_PRIVATE_BIND_HOST", "127.0.0.2")
    monkeypatch.setenv("STONEPINE_PRIVATE_ADVERTISED_HOST", "private.example")
    environment.cache_clear()
    yield
    monkeypatch.undo()
    environment.cache_clear()


def stored(world: World) -> Project:
    return Project.objects.using("system").get(pk=world.project.pk)


def test_what_is_left_out_stays_and_the_event_tells_what_was_before(world: World) -> None:
    set_network_policy(OPERATOR, world.project, data_plane=["10.0.0.0/8", "10.0.0.0/8", "::1"])
    set_network_policy(OPERATOR, world.project, control_plane=HOME)
    policy = shown(stored(world).network_policy)
    assert policy["data_plane"] == ["10.0.0.0/8", "::1/128"]
    assert policy["control_plane"] == HOME
    event = Event.objects.using("system").filter(action="project.networks_changed").last()
    assert event is not None
    assert event.parameters["previous"]["control_plane"] == []
    assert event.parameters["changed"] == policy


def test_what_changes_nothing_leaves_no_event(world: World) -> None:
    set_network_policy(OPERATOR, world.project, data_plane=[], private_endpoint="off")
    assert not Event.objects.using("system").filter(action="project.networks_changed").exists()


def test_only_who_may_change_the_project_says_where_from(world: World) -> None:
    for actor in (world.bob, world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            set_network_policy(actor, world.project, data_plane=[])


@pytest.mark.parametrize(
    "wish",
    [
        {"data_plane": ["everywhere"]},
        {"control_plane": ["10.0.0.1/8"]},
        {"data_plane": [f"10.0.{number}.0/24" for number in range(101)]},
        {"private_endpoint": "perhaps"},
    ],
)
def test_bad_wishes_change_nothing(world: World, wish: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument) as refused:
        set_network_policy(OPERATOR, world.project, **wish)  # type: ignore[arg-type]
    assert refused.value.fields["field"] == next(iter(wish))
    assert not stored(world).data_plane_networks


@pytest.mark.parametrize("plane", ["data_plane", "control_plane"])
def test_nobody_is_shut_out_by_their_own_hand_unless_they_insist(world: World, plane: str) -> None:
    with calling_from("198.51.100.7"):
        with pytest.raises(FailedPrecondition, match=r"shut you out: 198\.51\.100\.7"):
            set_network_policy(world.alice, world.project, **{plane: HOME})
        set_network_policy(world.alice, world.project, **{plane: [*HOME, "198.51.100.7"]})
        set_network_policy(world.alice, world.project, **{plane: HOME}, is_forced=True)
    assert shown(stored(world).network_policy)[plane] == HOME
    # What is shut out already does not stand in the way of another change.
    with calling_from("198.51.100.7"):
        set_network_policy(world.alice, world.project, private_endpoint="off")


def test_keys_open_the_control_plane_from_its_networks_alone(world: World) -> None:
    _, value = world.key()
    set_network_policy(OPERATOR, world.project, control_plane=HOME)
    authenticate_api_key(value, address="203.0.113.9")
    authenticate_api_key(value, address="::ffff:203.0.113.9")
    for address in ("192.0.2.1", None):
        with pytest.raises(Unauthenticated, match="Invalid API key"):
            authenticate_api_key(value, address=address)


def test_a_node_reads_the_policy_beside_each_key_and_is_told(
    world: World, control: "Connection[tuple[object, ...]]"
) -> None:
    key, _ = world.key()
    before = version(control)
    set_network_policy(OPERATOR, world.project, data_plane=HOME)
    assert version(control) == before + 1
    row = load_api_key(control, key.public_id)
    assert row is not None
    assert (row.data_plane_networks, row.private_endpoint) == (HOME, "off")


def test_people_see_records_from_the_same_networks(world: World) -> None:
    index = world.index()
    set_network_policy(OPERATOR, world.project, data_plane=HOME)
    found = get_index(OPERATOR, stored_project(world), index.name)
    with calling_from("198.51.100.7"), pytest.raises(PermissionDenied, match="network policy"):
        ask(world.alice, found, Permission.DATA_READ, ("GET", "/namespaces"))


def stored_project(world: World) -> Project:
    return Project.objects.using("system").select_related("organization").get(pk=world.project.pk)


def test_the_explanation_tells_where_a_key_has_to_come_from(world: World) -> None:
    key, _ = world.key()
    set_network_policy(OPERATOR, world.project, data_plane=HOME)
    said = explain_access(
        OPERATOR, world.organization, who=key.public_id, permission=Permission.DATA_READ,
        place=place_of(world.organization, world.project),
    )  # fmt: skip
    assert "on the data plane from 203.0.113.0/24" in str(said.to_json())


def test_a_private_endpoint_takes_a_plan_and_an_operator_who_has_opened_one(
    world: World, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(FailedPrecondition, match="no private endpoint"):
        set_network_policy(OPERATOR, world.project, private_endpoint="required")
    request.getfixturevalue("private")
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    with pytest.raises(PaymentRequired, match="private endpoints"):
        set_network_policy(OPERATOR, world.project, private_endpoint="offered")


@pytest.mark.usefixtures("private")
def test_a_plan_that_loses_it_keeps_what_was_required_and_may_end_it(world: World) -> None:
    set_network_policy(OPERATOR, world.project, private_endpoint="required")
    set_plan(OPERATOR, world.organization, plan=Plan.STANDARD)
    assert stored(world).private_endpoint == "required"
    set_network_policy(OPERATOR, world.project, data_plane=HOME)
    set_network_policy(OPERATOR, world.project, private_endpoint="off")
    assert stored(world).private_endpoint == "off"


@pytest.mark.usefixtures("private")
def test_clients_are_told_of_the_private_address_where_the_project_offers_it(world: World) -> None:
    index = world.index()
    for mode, is_told in (("off", False), ("offered", True), ("required", True)):
        set_network_policy(OPERATOR, world.project, private_endpoint=mode)
        found = get_index(OPERATOR, stored_project(world), index.name)
        body = render_index(found, Version.V2025_10)
        assert ("private_host" in body) is is_told
        if is_told:
            assert body["private_host"] == f"http://private.example:{found.port}"
