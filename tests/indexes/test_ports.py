"""Ports: the first free one, remembered, rested, and never one that somebody else listens on."""

import socket
from datetime import timedelta

import pytest

from access.actor import OPERATOR
from indexes.deployment.reconcile import reconcile
from indexes.lifecycle import delete_index
from indexes.models import PortReservation
from kit import clock
from kit.environment import environment
from kit.errors import ResourceExhausted
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


def test_without_a_free_port_the_caller_is_told_what_to_do(world: World) -> None:
    for port in range(first(), first() + environment().index_port_count):
        PortReservation.objects.create(port=port, index_id=world.project.pk)
    with pytest.raises(ResourceExhausted, match="STONEPINE_INDEX_PORT_COUNT"):
        world.index()
