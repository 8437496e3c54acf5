"""The audit log: append-only, part of the act, written apart for refusals, never without origin."""

import json

import pytest
from django.db import ProgrammingError, connections, transaction

from access.actor import OPERATOR
from audit.actions import SENTENCES, Action
from audit.context import _CURRENT, MissingAuditContext
from audit.models import Event, Outcome
from kit.errors import AlreadyExists, InvalidArgument, PermissionDenied
from orgs.organizations import create_organization
from orgs.plans import Plan
from orgs.queries import recent_events
from orgs.tenancy import tenant
from projects.api_keys import create_api_key
from projects.models import Project
from projects.projects import create_project
from tests.support.world import World


def last_event() -> Event:
    event = Event.objects.using("system").order_by("-id").first()
    assert event is not None
    return event


def test_every_action_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Action)


def test_without_an_origin_nothing_happens(database: None) -> None:
    assert _CURRENT.get() is None
    with pytest.raises(MissingAuditContext):
        create_organization(OPERATOR, name="Lost", plan=Plan.STARTER)
    assert not Event.objects.using("system").exists()


@pytest.mark.parametrize("alias", ["default", "system"])
@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET reason = ''", "DELETE FROM audit_event"]
)
def test_no_role_may_change_or_delete_an_event(world: World, alias: str, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        tenant(world.organization.pk),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_event SET reason = ''", "DELETE FROM audit_event", "TRUNCATE audit_event"],
)
def test_even_the_owner_is_refused_by_the_trigger(world: World, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        connections["owner"].cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_act_that_is_rolled_back_leaves_no_success(world: World) -> None:
    before = Event.objects.using("system").count()

    def create_and_fail() -> None:
        with transaction.atomic():
            create_project(OPERATOR, world.organization, name="Doomed")
            raise KeyError

    with pytest.raises(KeyError):
        create_and_fail()
    assert Event.objects.using("system").count() == before
    with tenant(world.organization.pk):
        assert not Project.objects.filter(name="Doomed").exists()


def test_a_refusal_outlives_the_rollback_around_it(world: World) -> None:
    with pytest.raises(PermissionDenied), transaction.atomic():
        create_project(world.vera, world.organization, name="Denied")
    assert (last_event().outcome, last_event().parameters) == (Outcome.DENIED, {"name": "Denied"})


def test_a_failure_is_told_from_a_denial(world: World) -> None:
    with pytest.raises(InvalidArgument):
        create_project(world.alice, world.organization, name="  ")
    assert (last_event().outcome, last_event().error_code) == (Outcome.FAILURE, "INVALID_ARGUMENT")


def test_a_failure_names_its_reason_in_the_words_the_caller_read(world: World) -> None:
    world.index()
    with pytest.raises(AlreadyExists) as refused:
        world.index()
    assert last_event().reason == refused.value.message


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "a\nb", "\u202egnp.exe"])
def test_what_was_typed_never_keeps_a_denial_out_of_the_log(world: World, name: str) -> None:
    before = Event.objects.using("system").count()
    with pytest.raises(PermissionDenied):
        create_project(world.vera, world.organization, name=name)
    assert Event.objects.using("system").count() == before + 1
    assert last_event().outcome == Outcome.DENIED
    assert "\N{REPLACEMENT CHARACTER}" in last_event().parameters["name"]


def test_a_denial_takes_little_room_however_much_was_sent(world: World) -> None:
    with pytest.raises(PermissionDenied):
        create_api_key(
            world.vera,
            world.project,
            name="n" * 100_000,
            roles=["r" * 1000] * 10_000,  # type: ignore[list-item] # what a stranger might send
        )
    parameters = last_event().parameters
    assert len(parameters["name"]) == 200
    assert len(json.dumps(parameters)) < 15_000


def test_an_event_keeps_the_names_of_what_is_gone(world: World) -> None:
    project = create_project(world.alice, world.organization, name="Old name")
    created = last_event()
    assert (created.target_name, created.target_id) == ("Old name", str(project.pk))
    assert created.sentence == "Alice created the project Old name"
    assert created.organization_name == "Pine"


def test_only_the_organizations_owner_reads_its_events(world: World) -> None:
    create_project(world.alice, world.organization, name="Seen")
    assert recent_events(world.alice, world.organization)[0].target_name == "Seen"
    for actor in (world.bob, world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            recent_events(actor, world.organization)


def test_events_of_another_organization_are_not_among_them(world: World) -> None:
    create_project(world.mallory, world.elsewhere, name="Secret plans")
    names = {event.target_name for event in recent_events(world.alice, world.organization)}
    assert "Secret plans" not in names
