"""Letting the operator look at an organization for a while, at its owners' word alone (ADR 26).

Nothing can be changed and no record is seen that way; every look stands in the organization's own
log. It ends with its time, or at once where somebody ends it.
"""

from datetime import timedelta

from access.actor import Actor, RoleGrant
from access.decide import require
from access.permissions import CredentialKind, Permission, Role
from accounts.letters import Letter, post
from accounts.models import User
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from kit.ids import OrganizationId, ProjectId
from orgs.account_verbs import require_operator
from orgs.locks import locked
from orgs.models import Organization
from orgs.operators import operator_actor
from orgs.queries import owner_ids_of
from orgs.support_models import SupportAccess
from orgs.tenancy import tenant
from orgs.verbs import verb
from orgs.ways_in import WayIn

MAX_HOURS = 24
_ASKED_FOR = timedelta(days=7)
_MAX_REASON = 300
_SHOWN = 20
# What the operator may look at in each project: its settings and its indexes, not their records.
_IN_PROJECTS = (Role.PROJECT_MEMBER, Role.CONTROL_PLANE_VIEWER)
_READING = frozenset({"GET", "HEAD"})


@verb(Action.SUPPORT_REQUESTED)
def request_support(actor: Actor, organization: Organization, *, reason: str) -> SupportAccess:
    """Ask its owners to be let in. Gives the operator nothing by itself."""
    require_operator(actor)
    reason = _checked_reason(reason)
    organization = locked(organization.pk)
    standing = _standing(organization)
    if standing is not None:
        raise FailedPrecondition(
            "Support has access already." if standing.is_open else "A request waits already."
        )
    asked = SupportAccess(
        organization=organization,
        reason=reason,
        requested_by=actor.display_name,
        expires_at=clock.now() + _ASKED_FOR,
    )
    asked.save(force_insert=True)
    record(actor, Action.SUPPORT_REQUESTED, target=organization.audit_target(), reason=reason)
    for owner in User.objects.filter(pk__in=owner_ids_of(organization), is_active=True):
        post(
            Letter.SUPPORT_REQUEST, owner.email, who=actor.display_name, reason=reason,
            organization=organization.name, slug=organization.slug,
        )  # fmt: skip
    return asked


@verb(Action.SUPPORT_GRANTED)
def grant_support(
    actor: Actor, organization: Organization, *, reason: str, hours: int
) -> SupportAccess:
    """Let the operator look, for 1 to 24 hours from now; also where nobody asked.

    Only who belongs to the organization grants it: an operator never lets an operator in.
    """
    require(actor, Permission.ORGANIZATION_UPDATE, organization.scope)
    if actor.is_unbounded:
        raise PermissionDenied("Only an owner of the organization lets the operator in.")
    reason = _checked_reason(reason)
    if not 1 <= hours <= MAX_HOURS:
        raise InvalidArgument(f"Support has access for 1 to {MAX_HOURS} hours.", field="hours")
    organization = locked(organization.pk)
    now = clock.now()
    standing = _standing(organization)
    if standing is not None and standing.is_open:
        raise FailedPrecondition("Support has access already: end it before you grant it anew.")
    granted = standing or SupportAccess(organization=organization)
    granted.reason, granted.granted_by, granted.granted_at = reason, actor.display_name, now
    granted.expires_at = now + timedelta(hours=hours)
    granted.save()
    _show(organization, granted)
    record(
        actor, Action.SUPPORT_GRANTED, target=organization.audit_target(),
        reason=reason, until=granted.expires_at.isoformat(timespec="seconds"),
    )  # fmt: skip
    return granted


@verb(Action.SUPPORT_ENDED)
def end_support(actor: Actor, organization: Organization) -> None:
    """From the next request on the operator sees nothing; a request that waits is declined."""
    require(actor, Permission.ORGANIZATION_UPDATE, organization.scope)
    organization = locked(organization.pk)
    standing = _standing(organization)
    if standing is None:
        return
    standing.ended_at, standing.ended_by = clock.now(), actor.display_name
    standing.save(update_fields=["ended_at", "ended_by"])
    _show(organization, None)
    was = "open" if standing.granted_at else "requested"
    record(actor, Action.SUPPORT_ENDED, target=organization.audit_target(), was=was)


@verb(Action.SUPPORT_LOOKED)
def look(actor: Actor, organization: Organization, *, method: str, path: str) -> None:
    """Record one look, before it is answered. Whatever is no look is refused."""
    if actor.kind is not CredentialKind.SUPPORT:
        raise PermissionDenied("Only the operator's support looks this way.")
    require(actor, Permission.ORGANIZATION_READ, organization.scope)
    if method not in _READING:
        raise PermissionDenied("Support looks at an organization and changes nothing in it.")
    record(actor, Action.SUPPORT_LOOKED, target=organization.audit_target(), path=path)


def support_accesses(actor: Actor, organization: Organization) -> list[SupportAccess]:
    """The newest first: for the organization's own people, and for operators."""
    require(actor, Permission.ORGANIZATION_READ, organization.scope)
    with tenant(organization.pk):
        rows = SupportAccess.objects.filter(organization=organization)
        return list(rows.order_by("-pk")[:_SHOWN])


def support_actor(user: User, way: WayIn, organization: Organization) -> Actor:
    """The operator as one who looks at that organization; `NotFound` where nobody let them in.

    They come from the organization's own networks, as its people do.
    """
    operator = operator_actor(user, way)
    missing = NotFound(f"Organization {organization.slug} not found.")
    if operator is None or organization.is_suspended:
        raise missing
    if not organization.admits_people_from(way.address):
        raise missing
    with tenant(organization.pk):
        standing = _standing(organization)
        if standing is None or not standing.is_open:
            raise missing
        # The reverse relation, because the package of projects stands above this one.
        projects = list(organization.projects.values_list("pk", flat=True))
    owner = OrganizationId(organization.pk)
    grants = [RoleGrant(Role.ORG_MEMBER, owner)]
    grants += [RoleGrant(role, owner, ProjectId(pk)) for pk in projects for role in _IN_PROJECTS]
    return Actor(CredentialKind.SUPPORT, user.pk, user.display_name, tuple(grants))


def _standing(organization: Organization) -> SupportAccess | None:
    """What is asked for or open now; what ran out is closed by the way. Within the tenant's
    transaction."""
    rows = SupportAccess.objects.filter(organization=organization, ended_at=None)
    rows.filter(expires_at__lte=clock.now()).update(ended_at=clock.now())
    return rows.select_related("organization").first()


def _show(organization: Organization, granted: SupportAccess | None) -> None:
    """On the organization itself, so that each of its pages can tell without asking."""
    organization.support_until = granted.expires_at if granted else None
    organization.save(update_fields=["support_until"])


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not 1 <= len(reason) <= _MAX_REASON:
        raise InvalidArgument(f"A reason has 1 to {_MAX_REASON} characters.", field="reason")
    return reason
