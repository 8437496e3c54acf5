"""Requiring single sign-on for a mail domain: from then on its people have one way in.

What that closes is decided in `orgs/ways_in.py`; here it is switched on and off.
"""

from datetime import timedelta

from allauth.usersessions.models import UserSession

from access.actor import Actor
from access.decide import require
from access.permissions import Permission, Role
from accounts.addresses import domain_of_email
from accounts.models import User
from accounts.second_factors import has_second_factor
from accounts.sessions import end
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import FailedPrecondition
from orgs.locks import locked
from orgs.models import EmailDomain, Membership, Organization, PrincipalType, RoleBinding
from orgs.plans import Feature
from orgs.queries import belongs_elsewhere
from orgs.tenancy import tenant
from orgs.verbs import verb
from sso.domains import locked_domain
from sso.models import SamlConnection, SsoSession, Status

_TEST_COUNTS_FOR = timedelta(hours=24)


@verb(Action.SSO_REQUIRED)
def require_sso(actor: Actor, domain: EmailDomain) -> None:
    """Close every other way in for the domain's members, and end the sessions that came by one.

    Owners who prove a second factor still get in by their own means: so that somebody can repair a
    broken connection. Whoever requires it has signed in by a test under their own address first.
    """
    require(actor, Permission.SSO_WRITE, domain.organization.scope)
    organization = locked(domain.organization_id)
    organization.require_feature(Feature.SSO)
    found = locked_domain(domain)
    if not found.is_verified:
        raise FailedPrecondition(f"Verify {found.domain} first.")
    if found.sso_required_at is not None:
        return
    _require_tested(actor, organization)
    _require_way_around(organization)
    found.sso_required_at = clock.now()
    found.save(update_fields=["sso_required_at"])
    ended = _end_other_sessions(found)
    record(actor, Action.SSO_REQUIRED, target=found.audit_target(), ended_sessions=ended)


@verb(Action.SSO_REQUIREMENT_LIFTED)
def lift_requirement(actor: Actor, domain: EmailDomain) -> None:
    """Open the other ways in again."""
    require(actor, Permission.SSO_WRITE, domain.organization.scope)
    found = locked_domain(domain)
    if found.sso_required_at is None:
        return
    found.sso_required_at = None
    found.save(update_fields=["sso_required_at"])
    record(actor, Action.SSO_REQUIREMENT_LIFTED, target=found.audit_target())


def beside_sso(actor: Actor, organization: Organization) -> list[User]:
    """Who would get in beside single sign-on, for the page that requires it."""
    require(actor, Permission.SSO_WRITE, organization.scope)
    with tenant(organization.pk):
        return owners_with_second_factor(organization)


def owners_with_second_factor(organization: Organization) -> list[User]:
    """Who gets in beside single sign-on. Within the tenant's transaction."""
    owners = RoleBinding.objects.filter(
        organization=organization, principal_type=PrincipalType.USER, role=Role.ORG_OWNER
    ).values("principal_id")
    able = User.objects.filter(pk__in=owners, is_active=True).order_by("email")
    return [one for one in able if has_second_factor(one)]


def _require_tested(actor: Actor, organization: Organization) -> None:
    rows = SamlConnection.objects.filter(organization=organization, status=Status.ACTIVE)
    connection = rows.first()
    if connection is None:
        raise FailedPrecondition("Activate a connection first: else nobody could sign in.")
    if actor.is_unbounded:
        return
    is_own = connection.tested_by is not None and connection.tested_by == actor.principal_id
    is_fresh = bool(connection.tested_at and connection.tested_at > clock.now() - _TEST_COUNTS_FOR)
    if not is_own or not is_fresh:
        raise FailedPrecondition(
            f"Test the connection {connection.name} with your own account first: you must get in "
            "by it before others have to. A test counts for a day."
        )


def _require_way_around(organization: Organization) -> None:
    if not owners_with_second_factor(organization):
        raise FailedPrecondition(
            "At least one owner needs a second factor: owners get in by it while the identity "
            "provider is out of reach."
        )


def _end_other_sessions(domain: EmailDomain) -> int:
    """Those of the domain's members that no provider vouched for; how many.

    Who belongs elsewhere too stays signed in there: such a session reaches this organization no
    more (`orgs/ways_in.py`), and no tenant ends what is in use for another.
    """
    organization = domain.organization
    rows = Membership.objects.filter(organization=organization).select_related("user")
    people = [one.user for one in rows if domain_of_email(one.user.email) == domain.domain]
    vouched = SsoSession.objects.values_list("session_key", flat=True)
    found = UserSession.objects.filter(user__in=people).exclude(session_key__in=list(vouched))
    signed_in = User.objects.filter(pk__in=found.values("user"))
    staying = [one.pk for one in signed_in if belongs_elsewhere(one, organization)]
    ending = list(found.exclude(user__in=staying))
    end(ending)
    return len(ending)
