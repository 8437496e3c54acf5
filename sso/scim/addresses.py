"""userNames: e-mail addresses of domains that the organization itself has verified."""

from accounts.addresses import checked_email
from kit.errors import InvalidArgument
from orgs.models import EmailDomain, Organization
from sso.addresses import domain_of
from sso.errors import SignOnRefused
from sso.scim.errors import invalid_value

_MAX_LENGTH = 254


def checked_user_name(organization: Organization, user_name: str | None) -> str:
    """The address as it is compared. Within a transaction of the organization."""
    try:
        address = checked_email(user_name or "")
        domain = domain_of(address)
    except (InvalidArgument, SignOnRefused):
        raise invalid_value(
            "userName must be the e-mail address that the person signs in with."
        ) from None
    owned = EmailDomain.objects.filter(
        organization=organization, domain=domain, verified_at__isnull=False
    )
    if not owned.exists():
        raise invalid_value(
            f"userName must be of a domain that the organization has verified: {domain} is not one."
        )
    return address
