"""Where people and service accounts come from: who says so, who is shut out, and what they see."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from access.actor import OPERATOR
from audit.context import AuditContext, Source, acting_from
from audit.models import Event
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from orgs.errors import OutsideNetworks
from orgs.networks import set_sign_in_networks, shown_networks
from orgs.queries import get_organization, readable_organization, session_actor
from orgs.ways_in import WayIn
from tests.support.world import World

HOME = ["203.0.113.0/24"]
INSIDE, OUTSIDE = "203.0.113.9", "198.51.100.7"


@contextmanager
def calling_from(address: str) -> Iterator[None]:
    with acting_from(AuditContext("test", Source.CONSOLE, ip=address)):
        yield


def test_people_reach_the_organization_from_its_networks_alone(world: World) -> None:
    set_sign_in_networks(OPERATOR, world.organization, people=HOME)
    alice, slug = world.people["alice"], world.organization.slug
    inside = session_actor(alice, WayIn(address=INSIDE))
    assert {grant.organization_id for grant in inside.grants} == {world.organization.pk}
    assert get_organization(inside, slug) == world.organization
    for address in (OUTSIDE, None):
        outside = session_actor(alice, WayIn(address=address))
        assert outside.grants == ()
        with calling_from(OUTSIDE), pytest.raises(OutsideNetworks, match=OUTSIDE):
            get_organization(outside, slug)


def test_strangers_are_not_told_of_networks(world: World) -> None:
    set_sign_in_networks(OPERATOR, world.organization, people=HOME)
    mallory = session_actor(world.people["mallory"], WayIn(address=OUTSIDE))
    assert mallory.grants  # her own organization is not concerned
    with calling_from(OUTSIDE), pytest.raises(NotFound):
        get_organization(mallory, world.organization.slug)


def test_what_is_left_out_stays_and_one_event_tells_what_was_before(world: World) -> None:
    set_sign_in_networks(OPERATOR, world.organization, people=HOME)
    set_sign_in_networks(OPERATOR, world.organization, service_accounts=["10.0.0.0/8"])
    set_sign_in_networks(OPERATOR, world.organization, people=HOME)
    found = readable_organization(OPERATOR, world.organization)
    assert shown_networks(found) == {"people": HOME, "service_accounts": ["10.0.0.0/8"]}
    events = Event.objects.using("system").filter(action="organization.networks_changed")
    assert events.count() == 2


def test_nobody_is_shut_out_by_their_own_hand_unless_they_insist(world: World) -> None:
    with calling_from(OUTSIDE):
        with pytest.raises(FailedPrecondition, match="shut you out"):
            set_sign_in_networks(world.alice, world.organization, people=HOME)
        # A person is not shut out by the list of service accounts.
        set_sign_in_networks(world.alice, world.organization, service_accounts=HOME)
        set_sign_in_networks(world.alice, world.organization, people=HOME, is_forced=True)


def test_only_owners_say_it_and_only_what_are_networks(world: World) -> None:
    for actor in (world.bob, world.vera, world.mallory):
        with pytest.raises(PermissionDenied):
            set_sign_in_networks(actor, world.organization, people=[])
    with pytest.raises(InvalidArgument) as refused:
        set_sign_in_networks(OPERATOR, world.organization, people=["home"])
    assert refused.value.fields["field"] == "people"
