"""How somebody came in, and what that way reaches (ADR 13).

A session that an organization's identity provider began reaches that organization only: no tenant's
provider speaks for another tenant. A session that began with the person's own proofs reaches all
but the organizations that require single sign-on for the person's mail domain; of those only
owners who have proven a second factor get in, so that a broken provider locks nobody out.
Whatever began it, a session reaches no organization whose networks it does not come from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from access.actor import RoleGrant
from access.permissions import Role
from accounts.addresses import domain_of_email
from accounts.models import User
from kit.errors import Forbidden
from orgs.models import EmailDomain, Organization
from orgs.plans import FEATURES, Feature, Plan


class SsoRequired(Forbidden):
    """The person's organization lets its people in through its identity provider only."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """`sso_organization_id` is whose identity provider vouched; None: the person's own proofs.
    `address` is where the gateway saw the person."""

    sso_organization_id: UUID | None = None
    has_second_factor: bool = False
    address: str | None = None


def requiring_organization(email: str) -> Organization | None:
    """Who requires single sign-on for addresses like this one. Crosses tenants.

    A plan that does not include single sign-on requires nothing: nobody is locked out.
    """
    rows = EmailDomain.objects.using("system").select_related("organization")
    found = rows.filter(
        domain=domain_of_email(email), verified_at__isnull=False, sso_required_at__isnull=False
    ).first()
    if found is None or Feature.SSO not in FEATURES[Plan(found.organization.plan)]:
        return None
    return found.organization


def reached_by(user: User, grants: tuple[RoleGrant, ...], way: WayIn) -> tuple[RoleGrant, ...]:
    """Those of the person's roles that count in a session which began so."""
    if way.sso_organization_id is not None:
        return tuple(one for one in grants if one.organization_id == way.sso_organization_id)
    closed = requiring_organization(user.email) if grants else None
    if closed is None or (way.has_second_factor and _is_owner(grants, closed.pk)):
        return grants
    return tuple(one for one in grants if one.organization_id != closed.pk)


def is_break_glass(user: User, grants: tuple[RoleGrant, ...]) -> bool:
    """Whether somebody gets past the requirement because they own the organization."""
    closed = requiring_organization(user.email)
    return closed is not None and _is_owner(grants, closed.pk)


def require_way_open(user: User, grants: tuple[RoleGrant, ...], way: WayIn) -> None:
    """Raise `SsoRequired` where single sign-on is the only way to whatever the person has."""
    closed = requiring_organization(user.email)
    if closed is not None and not reached_by(user, grants, way):
        raise closed_way(closed)


def require_own_secrets(email: str, grants: tuple[RoleGrant, ...] = ()) -> None:
    """Raise `SsoRequired` where addresses like this one get no password of ours: only an owner,
    and whoever has another organization, may still need one."""
    closed = requiring_organization(email)
    if closed is None or _is_owner(grants, closed.pk):
        return
    if all(one.organization_id == closed.pk for one in grants):
        raise closed_way(closed)


def require_may_add_factor(user: User, grants: tuple[RoleGrant, ...], way: WayIn) -> None:
    """Raise `SsoRequired` where a new factor would lead around single sign-on: an owner's password
    alone must not make the factor that lets the owner in beside it."""
    closed = requiring_organization(user.email)
    if closed is None or way.has_second_factor or way.sso_organization_id == closed.pk:
        return
    if _is_owner(grants, closed.pk):
        raise closed_way(closed)


def require_free_address(email: str) -> None:
    """Raise `SsoRequired` where an account may not leave this address, or come to it: single
    sign-on is required for it, and another address would lead around that."""
    closed = requiring_organization(email)
    if closed is not None:
        raise closed_way(closed)


def require_addressable(organization: Organization, email: str) -> None:
    """Raise `SsoRequired` where an invitation would lead past the organization's own sign-on.

    While it requires single sign-on it asks addresses of its verified domains only. Within a verb.
    """
    if Feature.SSO not in FEATURES[Plan(organization.plan)]:
        return
    domains = EmailDomain.objects.filter(organization=organization, verified_at__isnull=False)
    if not domains.filter(sso_required_at__isnull=False).exists():
        return
    if not domains.filter(domain=domain_of_email(email)).exists():
        raise SsoRequired(
            f"{organization.name} requires single sign-on, and {email} is not an address of its "
            "verified domains.",
            field="email",
        )


def closed_way(organization: Organization) -> SsoRequired:
    return SsoRequired(
        f"{organization.name} requires single sign-on for your address: choose single sign-on on "
        "the sign-in page."
    )


def _is_owner(grants: Iterable[RoleGrant], organization_id: UUID) -> bool:
    return any(
        one.organization_id == organization_id and one.role is Role.ORG_OWNER for one in grants
    )
