"""The chain: gapless per organization, given by the database, and no reason to wait in an act."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection, connections, transaction

from access.actor import OPERATOR
from audit.actions import Action
from audit.canonical import FIELD_EXPRESSIONS, GENESIS, event_hash
from audit.context import AuditContext, Source, acting_from
from audit.models import NO_ORGANIZATION, Chain, Event, Link
from audit.record import Target, record, record_refusal, record_unbound
from kit.errors import Aborted, PermissionDenied
from orgs.models import Organization
from orgs.organizations import set_plan
from orgs.plans import Plan
from orgs.tenancy import tenant
from projects.api_keys import create_api_key
from projects.projects import create_project
from tests.support.waiting import wait_until
from tests.support.world import World

NOWHERE = Target("user", "", "", None, "")


def links(organization_id: UUID) -> list[Link]:
    rows = Link.objects.using("system").filter(organization_id=organization_id)
    return list(rows.order_by("sequence"))


def recomputed(link: Link) -> bytes:
    columns = ", ".join(FIELD_EXPRESSIONS)
    with connections["system"].cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM audit_event e WHERE e.id = %s", [link.event_id])  # noqa: S608 - constants
        values = cursor.fetchone()
    return event_hash(values, sequence=link.sequence, previous_hash=bytes(link.previous_hash))


def require_sound(organization_id: UUID) -> int:
    """The chain's length, after every link was checked."""
    found = links(organization_id)
    previous = GENESIS
    for place, link in enumerate(found, start=1):
        assert (link.sequence, bytes(link.previous_hash)) == (place, previous)
        assert recomputed(link) == bytes(link.hash)
        previous = bytes(link.hash)
    head = Chain.objects.using("system").get(organization_id=organization_id)
    assert (head.sequence, bytes(head.hash)) == (len(found), previous)
    return len(found)


def test_every_event_joins_the_chain_of_its_organization(world: World) -> None:
    create_project(world.mallory, world.elsewhere, name="Theirs")
    with pytest.raises(PermissionDenied):
        create_project(world.vera, world.organization, name="Denied")
    record_unbound(OPERATOR, Action.USER_SIGNED_IN, target=NOWHERE)
    lengths = [
        require_sound(key) for key in (world.organization.pk, world.elsewhere.pk, NO_ORGANIZATION)
    ]
    assert sum(lengths) == Event.objects.using("system").count()
    assert Link.objects.using("system").count() == sum(lengths)


def test_an_event_is_hashed_whatever_it_holds(world: World) -> None:
    target = Target("project", 'é\U0001f600"\\\x7f', "n", world.organization.pk, "Pine")
    with tenant(world.organization.pk):
        record(
            OPERATOR, Action.PROJECT_CREATED, target=target,
            fraction=0.5, small=1e-7, nested={"b": [1, None, {"a": True}], "": "\u2028"},
        )  # fmt: skip
    require_sound(world.organization.pk)


def test_what_is_rolled_back_leaves_no_gap(world: World) -> None:
    before = require_sound(world.organization.pk)

    def create_and_fail() -> None:
        with transaction.atomic():
            create_project(OPERATOR, world.organization, name="Doomed")
            raise KeyError

    with pytest.raises(KeyError):
        create_and_fail()
    create_project(OPERATOR, world.organization, name="Kept")
    assert require_sound(world.organization.pk) == before + 1


def test_a_hundred_creates_at_once_make_one_chain(world: World) -> None:
    before = require_sound(world.organization.pk)

    def create(number: int) -> None:
        try:
            with _acting():
                create_api_key(OPERATOR, world.project, name=f"key {number}")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(create, range(100)))
    assert require_sound(world.organization.pk) == before + 100


def test_the_chain_is_not_locked_while_the_act_goes_on(world: World) -> None:
    """Else a refusal of the same organization, on another connection, would wait for ever."""
    with tenant(world.organization.pk):
        record(OPERATOR, Action.PROJECT_CREATED, target=world.project.audit_target())
        record_refusal(
            world.vera, Action.PROJECT_CREATED,
            target=world.project.audit_target(), error=Aborted("no"),
        )  # fmt: skip
        assert Link.objects.using("system").filter(event__outcome="failure").count() == 1
    require_sound(world.organization.pk)


def test_foreign_keys_are_checked_before_the_chain_is_locked(world: World) -> None:
    """One act waits for the organization's row, which the other holds while it commits: whoever
    locked the chain first and then waited for the row would be in a deadlock."""
    is_locked, may_commit = threading.Event(), threading.Event()

    def change_plan() -> None:
        try:
            with _acting(), tenant(world.organization.pk):
                rows = Organization.objects.select_for_update()
                found = rows.get(pk=world.organization.pk)
                is_locked.set()
                assert may_commit.wait(10)
                set_plan(OPERATOR, found, plan=Plan.DEDICATED)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        holder = pool.submit(change_plan)
        assert is_locked.wait(10)
        waiter = pool.submit(_record_then_insert, world)
        _wait_until_somebody_waits()
        may_commit.set()
        holder.result(10)
        waiter.result(10)
    require_sound(world.organization.pk)


@pytest.mark.parametrize("alias", ["default", "system"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_link SELECT * FROM audit_link LIMIT 1",
        "UPDATE audit_link SET hash = ''",
        "DELETE FROM audit_link",
        "UPDATE audit_chain SET sequence = 0",
        "DELETE FROM audit_chain",
        "INSERT INTO audit_turn SELECT id FROM audit_event LIMIT 1",
    ],
)
def test_no_role_may_write_a_link_itself(world: World, alias: str, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        tenant(world.organization.pk),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_owner_may_not_rewrite_a_link(world: World) -> None:
    with (
        pytest.raises(ProgrammingError, match="append-only"),
        connections["owner"].cursor() as cursor,
    ):
        cursor.execute("DELETE FROM audit_link")


def _record_then_insert(world: World) -> None:
    """An act that records first and writes a row with foreign keys afterwards."""
    try:
        with _acting(), tenant(world.organization.pk):
            record(OPERATOR, Action.PROJECT_CREATED, target=world.project.audit_target())
            create_api_key(OPERATOR, world.project, name="late")
    finally:
        connections.close_all()


def _wait_until_somebody_waits() -> None:
    def waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            return bool(cursor.fetchone()[0])

    wait_until(waits, timeout_s=10, what="somebody waits for a lock")


def _acting() -> AbstractContextManager[AuditContext]:
    return acting_from(AuditContext(request_id="thread", source=Source.WORKER))
