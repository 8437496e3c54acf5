"""Signing in: throttled, audited, and silent about which accounts exist."""

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from accounts.models import User
from audit.context import AuditContext, Source, acting_from
from audit.models import Event, Outcome
from kit.errors import ResourceExhausted, Unauthenticated
from orgs.members import add_member
from orgs.organizations import rename_organization
from orgs.queries import first_organization_of
from orgs.sign_in import admit, check_password
from orgs.tenancy import tenant
from orgs.ways_in import WayIn
from tests.support.world import PASSWORD, World


def last_event() -> Event:
    event = Event.objects.using("system").order_by("-id").first()
    assert event is not None
    return event


def test_the_right_password_signs_in_and_is_recorded_where_owners_look(world: World) -> None:
    user = check_password(" Alice@Example.COM", PASSWORD)
    assert user.pk == world.people["alice"].pk
    admit(user, WayIn(), by=["password"])
    event = last_event()
    assert (event.action, event.outcome) == ("user.signed_in", Outcome.SUCCESS)
    assert event.organization_id == world.organization.pk
    assert event.sentence == "Alice signed in"


def test_unknown_and_wrong_get_the_same_words(world: World) -> None:
    messages = set()
    for email, password in (("alice@example.com", "wrong"), ("nobody@example.com", PASSWORD)):
        with pytest.raises(Unauthenticated) as refused:
            check_password(email, password)
        messages.add(refused.value.message)
    assert len(messages) == 1


def test_a_refusal_is_recorded_without_what_was_typed(world: World) -> None:
    with pytest.raises(Unauthenticated):
        check_password("my secret password", "alice@example.com")
    event = last_event()
    assert (event.outcome, event.organization_id) == (Outcome.FAILURE, None)
    assert "secret" not in str(vars(event))


@pytest.mark.parametrize("email", ["", "\0", "a" * 100_000, "' OR 1=1 --", "\ud800"])
def test_whatever_is_typed_as_an_address_is_only_wrong(world: World, email: str) -> None:
    with pytest.raises(Unauthenticated):
        check_password(email, PASSWORD)


def test_a_disabled_account_does_not_sign_in(world: World) -> None:
    User.objects.filter(pk=world.people["bob"].pk).update(is_active=False)
    with pytest.raises(Unauthenticated):
        check_password("bob@example.com", PASSWORD)


def test_after_ten_attempts_even_the_right_password_waits(world: World) -> None:
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            check_password("alice@example.com", "wrong")
    with pytest.raises(ResourceExhausted) as refused:
        check_password("alice@example.com", PASSWORD)
    assert refused.value.retry_after_s == 900
    assert check_password("bob@example.com", PASSWORD).name == "Bob"


def attempt_from(ip: str, password: str) -> User:
    with acting_from(AuditContext(request_id="test", source=Source.CONSOLE, ip=ip)):
        return check_password("alice@example.com", password)


def test_a_stranger_elsewhere_does_not_lock_the_owner_out(world: World) -> None:
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            attempt_from("198.51.100.1", "wrong")
    with pytest.raises(ResourceExhausted):
        attempt_from("198.51.100.1", PASSWORD)
    assert attempt_from("192.0.2.7", PASSWORD).name == "Alice"


def test_guessing_from_everywhere_is_bounded(world: World) -> None:
    outcomes = []
    for number in range(25):
        for _ in range(5):
            with pytest.raises((Unauthenticated, ResourceExhausted)) as refused:
                attempt_from(f"198.51.100.{number}", "wrong")
            outcomes.append(refused.type)
    assert outcomes.count(Unauthenticated) == 100
    with pytest.raises(ResourceExhausted, match="wait an hour"):
        attempt_from("192.0.2.7", PASSWORD)
    assert check_password("bob@example.com", PASSWORD).name == "Bob"


def test_signing_in_right_costs_no_attempts(world: World) -> None:
    for _ in range(12):
        assert attempt_from("192.0.2.7", PASSWORD).name == "Alice"


def test_a_throttled_sign_in_leaves_one_event_not_one_an_attempt(world: World) -> None:
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            check_password("alice@example.com", "wrong")
    before = Event.objects.using("system").count()
    for _ in range(5):
        with pytest.raises(ResourceExhausted):
            check_password("alice@example.com", "wrong")
    assert Event.objects.using("system").count() == before + 1
    assert last_event().error_code == "RESOURCE_EXHAUSTED"


def test_an_event_outside_any_organization_is_seen_by_no_tenant(world: World) -> None:
    with pytest.raises(Unauthenticated):
        check_password("nobody@example.com", "wrong")
    with tenant(world.organization.pk):
        assert not Event.objects.filter(organization_id=None).exists()


def test_no_name_draws_a_persons_events_into_another_organization(world: World) -> None:
    add_member(OPERATOR, world.elsewhere, user=world.people["alice"], role=Role.ORG_MEMBER)
    rename_organization(world.mallory, world.elsewhere, name="!")
    admit(world.people["alice"], WayIn(), by=["password"])
    assert last_event().organization_id == world.organization.pk
    home = first_organization_of(world.people["alice"])
    assert home is not None
    assert home.pk == world.organization.pk
