"""Naming whom to send statements to."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from accounts.addresses import checked_email
from audit.actions import Action
from audit.record import record
from billing.models import BillingContact
from kit import clock
from kit.errors import InvalidArgument
from orgs.locks import locked
from orgs.models import Organization
from orgs.verbs import verb

# Each with its longest text; the first two must not be empty.
_FIELDS = {
    "name": 200,
    "email": 254,
    "company": 200,
    "address": 1000,
    "tax_id": 64,
    "purchase_order": 64,
}
_REQUIRED = ("name", "email")


@verb(Action.BILLING_CONTACT_CHANGED)
def set_billing_contact(
    actor: Actor,
    organization: Organization,
    *,
    name: str,
    email: str,
    company: str = "",
    address: str = "",
    tax_id: str = "",
    purchase_order: str = "",
) -> BillingContact:
    """Replace the whole contact. The event tells which fields changed, not what they hold."""
    require(actor, Permission.BILLING_WRITE, organization.scope)
    wanted = {
        "name": _checked("name", name),
        "email": checked_email(_checked("email", email)),
        "company": _checked("company", company),
        "address": _checked("address", address.replace("\r\n", "\n")),
        "tax_id": _checked("tax_id", tax_id),
        "purchase_order": _checked("purchase_order", purchase_order),
    }
    organization = locked(organization.pk)
    rows = BillingContact.objects.filter(organization=organization)
    contact = rows.first() or BillingContact(organization=organization)
    changed = [field for field, value in wanted.items() if getattr(contact, field) != value]
    if not changed:
        return contact
    for field in changed:
        setattr(contact, field, wanted[field])
    contact.updated_at = clock.now()
    contact.save()
    target = organization.audit_target()
    record(actor, Action.BILLING_CONTACT_CHANGED, target=target, changed=changed)
    return contact


def _checked(field: str, text: str) -> str:
    text, words = text.strip(), field.replace("_", " ").replace("email", "e-mail address")
    if not text and field in _REQUIRED:
        raise InvalidArgument(f"A billing contact needs a {words}.", field=field)
    if len(text) > _FIELDS[field]:
        raise InvalidArgument(f"At most {_FIELDS[field]} characters.", field=field)
    if not all(character.isprintable() for character in _without_line_breaks(field, text)):
        raise InvalidArgument("This text holds characters that cannot be printed.", field=field)
    return text


def _without_line_breaks(field: str, text: str) -> str:
    return text.replace("\n", "") if field == "address" else text
