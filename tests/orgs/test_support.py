"""The operator's access for support: at the owners' word, for a while, to look and no more."""

from datetime import timedelta

import pytest

from access.actor import OPERATOR, Actor
from access.decide import decide
from access.permissions import CredentialKind, Permission
from accounts.models import PendingLetter, User
from audit.models import Event
from kit import clock
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from orgs.models import Organization
from orgs.networks import set_sign_in_networks
from orgs.operators import add_operator, operator_actor
from orgs.organizations import suspend_organization
from orgs.support import (
    end_support,
    grant_support,
    look,
    request_support,
    support_accesses,
    support_actor,
)
from orgs.support_models import SupportAccess
from orgs.ways_in import WayIn
from tests.support.world import World

WAY = WayIn(address="192.0.2.7")
READING = {
    Permission.API_KEY_READ, Permission.ENCRYPTION_KEY_READ, Permission.INDEX_READ,
    Permission.MEMBER_READ, Permission.ORGANIZATION_READ, Permission.PROJECT_MEMBER_READ,
    Permission.PROJECT_READ,
}  # fmt: skip


@pytest.fixture
def olga(world: World) -> User:
    """An operator who belongs to another organization."""
    found = world.people["mallory"]
    add_operator(OPERATOR, found)
    found.refresh_from_db()
    return found


def grant(world: World, **changes: object) -> SupportAccess:
    wish = {"reason": "ticket 4711", "hours": 4} | changes
    return grant_support(world.alice, world.organization, **wish)  # type: ignore[arg-type]  # arguments by name


def test_owners_are_asked_by_mail_and_decide(world: World, olga: User) -> None:
    operator = operator_actor(olga, WAY)
    assert operator is not None
    request_support(operator, world.organization, reason="imports fail")
    letters = PendingLetter.objects.using("system").filter(letter="support_request")
    assert [one.to for one in letters] == [world.people["alice"].email]
    assert letters[0].facts["reason"] == "imports fail"
    with pytest.raises(NotFound):
        support_actor(olga, WAY, world.organization)
    with pytest.raises(FailedPrecondition, match="waits already"):
        request_support(operator, world.organization, reason="again")
    granted = grant(world)
    assert granted.requested_by == operator.display_name
    assert SupportAccess.objects.using("system").count() == 1
    assert support_actor(olga, WAY, world.organization).kind is CredentialKind.SUPPORT


def test_no_operator_lets_an_operator_in(world: World, olga: User) -> None:
    person = operator_actor(olga, WAY)
    assert person is not None
    for actor in (OPERATOR, person):
        with pytest.raises(PermissionDenied):
            grant_support(actor, world.organization, reason="I want to", hours=1)
    assert not Organization.objects.using("system").get(pk=world.organization.pk).support_until


def test_what_support_may_is_to_read_and_never_records(world: World, olga: User) -> None:
    grant(world)
    index = world.index()
    actor = support_actor(olga, WAY, world.organization)
    found = {
        permission
        for permission in Permission
        for scope in (world.organization.scope, world.project.scope, index.scope)
        if decide(actor, permission, scope).is_allowed
    }
    assert found == READING
    elsewhere = {
        permission
        for permission in Permission
        for scope in (world.elsewhere.scope, world.their_project.scope)
        if decide(actor, permission, scope).is_allowed
    }
    assert not elsewhere


def test_it_ends_with_its_time_and_at_once_when_it_is_ended(world: World, olga: User) -> None:
    grant(world)
    end_support(world.alice, world.organization)
    with pytest.raises(NotFound):
        support_actor(olga, WAY, world.organization)
    grant(world)
    rows = SupportAccess.objects.using("system").filter(ended_at=None)
    assert support_actor(olga, WAY, world.organization)
    _run_out(world.organization)
    with pytest.raises(NotFound):
        support_actor(olga, WAY, world.organization)
    assert grant(world).is_open  # what ran out is in nobody's way
    assert rows.count() == 1
    shown = support_accesses(world.vera, world.organization)
    assert [one.status for one in shown] == ["open", "over", "over"]
    assert shown[2].ended_by == "Alice"


def _run_out(organization: Organization) -> None:
    from orgs.tenancy import tenant

    with tenant(organization.pk):
        SupportAccess.objects.filter(ended_at=None).update(expires_at=clock.now())


def test_it_is_bounded_and_granted_once(world: World) -> None:
    for wish in ({"hours": 0}, {"hours": 25}, {"reason": "  "}, {"reason": "x" * 301}):
        with pytest.raises(InvalidArgument):
            grant(world, **wish)
    granted = grant(world, hours=24)
    assert granted.expires_at - clock.now() <= timedelta(hours=24)
    with pytest.raises(FailedPrecondition):
        grant(world)


def test_who_is_no_operator_just_now_gets_nothing(world: World, olga: User) -> None:
    grant(world)
    vouched = WayIn(sso_organization_id=world.elsewhere.pk)
    for user, way in ((world.people["bob"], WAY), (olga, vouched)):
        with pytest.raises(NotFound):
            support_actor(user, way, world.organization)
    with pytest.raises(NotFound):
        support_actor(olga, WAY, world.elsewhere)


def test_its_networks_and_its_suspension_hold_for_support_too(world: World, olga: User) -> None:
    grant(world)
    networks = ["198.51.100.0/24"]
    changed = set_sign_in_networks(OPERATOR, world.organization, people=networks, is_forced=True)
    with pytest.raises(NotFound):
        support_actor(olga, WAY, changed)
    assert support_actor(olga, WayIn(address="198.51.100.9"), changed)
    suspended = suspend_organization(OPERATOR, changed, reason="unpaid")
    with pytest.raises(NotFound):
        support_actor(olga, WayIn(address="198.51.100.9"), suspended)


def test_every_look_is_recorded_and_anything_else_refused(world: World, olga: User) -> None:
    grant(world)
    actor: Actor = support_actor(olga, WAY, world.organization)
    look(actor, world.organization, method="GET", path="/o/pine/members")
    with pytest.raises(PermissionDenied):
        look(actor, world.organization, method="POST", path="/o/pine/settings/name")
    rows = Event.objects.using("system").filter(action="support.looked").order_by("id")
    told = [(one.outcome, one.actor_kind, one.actor_name, one.organization_id) for one in rows]
    assert told == [
        ("success", "support", olga.display_name, world.organization.pk),
        ("denied", "support", olga.display_name, world.organization.pk),
    ]
    assert rows[0].parameters == {"path": "/o/pine/members"}
