"""Ports: the first free one, remembered, rested, and never one that somebody else listens on."""

import socket
from datetime import timedelta

import pytest
from django.db import ProgrammingError

from access.actor import OPERATOR
from indexes.deployment.reconcile import reconcile
from indexes.lifecycle import delete_index
from indexes.models import PortReservation
from kit import clock
from kit.environment import environment
from kit.errors import QuotaExceeded, ResourceExhausted
from kit.ids import new_id
from orgs.tenancy import tenant
from tests.support.world import World


def first() -> int:
    return environment().index_port_first


def test_ports_are_given_from_the_first_one_on(world: World) -> None:
    assert [world.index(name).port for name in ("a", "b", "c")] == [
        first(), first() + 1, first() + 2,
    ]  # fmt: skip


def test_a_port_that_another_program_listens_on_is_passed_over(world: World) -> None:
    with socket.create_server(("127.0.0.1", first())):
        assert world.index().port == first() + 1


def test_a_released_port_rests_before_it_is_given_again(world: World) -> None:
    gone = world.index("gone")
    delete_index(OPERATOR, gone)
    reconcile(gone.pk)
    assert world.index("soon").port == first() + 1
    rested = clock.now() - timedelta(minutes=6)
    PortReservation.objects.using("system").filter(port=first()).update(released_at=rested)
    assert world.index("later").port == first()


def take_all(world: World, *, but_for: int = 0) -> None:
    """Let the two organizations hold all ports, half each; the last ones stay free."""
    ports = range(first(), first() + environment().index_port_count - but_for)
    for holder in (world.organization.pk, world.elsewhere.pk):
        mine = ports[: share()] if holder == world.elsewhere.pk else ports[share() :]
        with tenant(holder):
            PortReservation.objects.bulk_create(
                PortReservation(port=port, index_id=new_id(), held_by=holder) for port in mine
            )


def share() -> int:
    return environment().index_port_count // 2


def test_without_a_free_port_the_caller_is_told_what_to_do(world: World) -> None:
    take_all(world)
    PortReservation.objects.using("system").filter(held_by=world.organization.pk).update(
        held_by=world.elsewhere.pk
    )
    with pytest.raises(ResourceExhausted, match="STONEPINE_INDEX_PORT_COUNT"):
        world.index()


def test_where_none_is_free_the_port_that_rested_longest_is_taken(world: World) -> None:
    take_all(world, but_for=1)
    rows = PortReservation.objects.using("system")
    for offset, seconds in ((3, 60), (5, 90), (7, 2)):
        released = clock.now() - timedelta(seconds=seconds)
        rows.filter(port=first() + offset).update(released_at=released)
    assert world.index("free").port == first() + environment().index_port_count - 1
    rows.filter(port=first() + share()).delete()  # room in the share, and taken again at once
    with tenant(world.elsewhere.pk):
        PortReservation.objects.create(
            port=first() + share(), index_id=new_id(), held_by=world.elsewhere.pk
        )
    assert world.index("second").port == first() + 5


def test_one_organization_leaves_ports_to_the_others(world: World) -> None:
    with tenant(world.organization.pk):
        PortReservation.objects.bulk_create(
            PortReservation(port=first() + one, index_id=new_id(), held_by=world.organization.pk)
            for one in range(share())
        )
    with pytest.raises(QuotaExceeded, match="may hold 25"):
        world.index()
    assert world.index("theirs", project=world.their_project).port == first() + share()


def test_a_tenant_frees_no_port_in_use_and_takes_none_for_another(world: World) -> None:
    index = world.index("theirs", project=world.their_project)
    with tenant(world.organization.pk):
        assert PortReservation.objects.filter(port=index.port).delete()[0] == 0
    with pytest.raises(ProgrammingError, match="denied"), tenant(world.organization.pk):
        PortReservation.objects.update(released_at=clock.now())
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        tenant(world.organization.pk),
    ):
        PortReservation.objects.create(port=1, index_id=new_id(), held_by=world.elsewhere.pk)
