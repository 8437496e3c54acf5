"""Telling an organization's owners by mail what they have to look at."""

from access.permissions import Role
from accounts.letters import Letter, post
from orgs.models import Membership, Organization, PrincipalType, RoleBinding
from orgs.tenancy import tenant


def tell_owners(organization: Organization, what: str) -> None:
    """One notice to each owner, sent once what is under way is committed."""
    with tenant(organization.pk):
        for address in _addresses(organization):
            post(Letter.SSO_NOTICE, address, what=what, organization=organization.name)


def _addresses(organization: Organization) -> list[str]:
    owners = RoleBinding.objects.filter(
        organization=organization, principal_type=PrincipalType.USER, role=Role.ORG_OWNER
    ).values("principal_id")
    members = Membership.objects.filter(organization=organization, user_id__in=owners)
    able = members.filter(user__is_active=True)
    return list(able.order_by("user__email").values_list("user__email", flat=True))
