"""Addresses that get a new holder: the account with such an address does not come along unseen."""

from accounts.models import User
from accounts.second_factors import forget_all
from accounts.sessions import end_all
from kit import clock
from orgs.models import Organization
from orgs.queries import belongs_elsewhere
from sso.models import Identity
from sso.scim.errors import not_unique
from sso.scim.models import DirectoryUser, FormerPerson


def note_former(row: DirectoryUser, user: User) -> None:
    """The record stands for that account no longer. Part of a verb."""
    FormerPerson.objects.update_or_create(
        organization_id=row.organization_id,
        user=user,
        defaults={
            "record_id": row.pk, "external_id": row.external_id, "ended_at": clock.now(),
        },
    )  # fmt: skip


def hand_over(organization: Organization, row: DirectoryUser, user: User) -> bool:
    """Before the account becomes a member again: where it stood for somebody else, whatever they
    could sign in by ends, and the new holder sets up their own; whether it was so.

    Refused where that person uses the account elsewhere: no organization takes it from others.
    """
    former = FormerPerson.objects.filter(organization=organization, user=user).first()
    if former is None:
        return False
    if former.is_same(row):
        former.delete()
        return False
    if belongs_elsewhere(user, organization):
        raise not_unique(
            "The account with this address is somebody's whose record was removed, and who belongs "
            "to another organization too. If it is the same person, send the same externalId; else "
            "the operator has to end that account first."
        )
    end_all(user)
    forget_all(user)
    user.set_unusable_password()
    user.name = ""
    user.save(update_fields=["password", "name"])
    Identity.objects.filter(organization=organization, user=user).delete()
    former.delete()
    return True
