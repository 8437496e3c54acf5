"""The billing contact: who may set it, what it may hold, and what the audit log tells of it."""

from collections.abc import Callable

import pytest

from access.actor import OPERATOR
from access.permissions import Role
from audit.models import Event
from billing.contacts import set_billing_contact
from billing.models import BillingContact
from billing.queries import billing_contact
from kit.errors import InvalidArgument, PermissionDenied
from orgs.members import create_member
from orgs.queries import session_actor
from tests.support.together import together
from tests.support.world import PASSWORD, World

CARA = {
    "name": "Cara Counter",
    "email": "Cara@Example.com",
    "company": "Pine & Söhne",
    "address": "1 Resin Road\r\nForest",
    "tax_id": "DE 123",
    "purchase_order": "PO-7",
}


def test_a_contact_is_kept_whole_and_replaced_whole(world: World) -> None:
    assert billing_contact(world.alice, world.organization) is None
    set_billing_contact(world.alice, world.organization, **CARA)
    found = billing_contact(world.alice, world.organization)
    assert (found.email, found.address) == ("cara@example.com", "1 Resin Road\nForest")
    assert (found.company, found.tax_id, found.purchase_order) == ("Pine & Söhne", "DE 123", "PO-7")
    set_billing_contact(world.alice, world.organization, name="Dan", email="dan@example.com")
    found = billing_contact(world.alice, world.organization)
    assert (found.name, found.company, found.address) == ("Dan", "", "")


def test_a_billing_admin_may_set_it_and_others_may_not(world: World) -> None:
    for role, may in ((Role.ORG_BILLING_ADMIN, True), (Role.ORG_MANAGER, False)):
        user = create_member(
            OPERATOR, world.organization,
            email=f"{role}@example.com", name="Somebody", password=PASSWORD, role=role,
        )  # fmt: skip
        if may:
            set_billing_contact(session_actor(user), world.organization, **CARA)
        else:
            with pytest.raises(PermissionDenied):
                set_billing_contact(session_actor(user), world.organization, **CARA)


def test_the_event_tells_what_changed_and_not_what_it_holds(world: World) -> None:
    set_billing_contact(world.alice, world.organization, **CARA)
    set_billing_contact(world.alice, world.organization, **{**CARA, "tax_id": "AT 9"})
    set_billing_contact(world.alice, world.organization, **{**CARA, "tax_id": "AT 9"})
    events = Event.objects.using("system").filter(action="billing_contact.changed").order_by("id")
    first, second = events
    assert first.parameters["changed"] == list(CARA)
    assert second.parameters == {"changed": ["tax_id"]}
    assert second.sentence == "Alice changed the billing contact of Pine"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", "  "),
        ("name", "x" * 201),
        ("name", "two\nlines"),
        ("email", ""),
        ("email", "nobody"),
        ("company", "nul\0"),
        ("address", "x" * 1001),
        ("address", "bell\a"),
        ("tax_id", "x" * 65),
        ("purchase_order", "\u202etxt"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(world: World, field: str, text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        set_billing_contact(world.alice, world.organization, **{**CARA, field: text})
    assert caught.value.fields["field"] == field
    assert billing_contact(world.alice, world.organization) is None


def test_first_contacts_at_once_are_one_row(world: World) -> None:
    alice, ours = world.alice, world.organization

    def named(name: str) -> Callable[[], BillingContact]:
        return lambda: set_billing_contact(alice, ours, name=name, email="n@example.com")

    outcomes = together([named(name) for name in "abcd"])
    assert [type(outcome) for outcome in outcomes] == [BillingContact] * 4
    assert BillingContact.objects.using("system").count() == 1
