"""Organizations themselves: founding, naming, suspending and deleting them, and their plan."""

from datetime import timedelta

from django.db import IntegrityError, transaction

from access.actor import Actor
from access.decide import require
from access.permissions import CredentialKind, Permission, Role
from accounts.models import User
from accounts.throttle import require_attempts_left
from audit.actions import Action
from audit.record import record
from kit import clock
from kit.environment import environment
from kit.errors import (
    AlreadyExists,
    FailedPrecondition,
    Forbidden,
    InvalidArgument,
    PermissionDenied,
)
from orgs.audit_streams import pause_without_feature
from orgs.dataplane import announce_change
from orgs.locks import locked
from orgs.members import join
from orgs.models import Organization
from orgs.plans import Plan, parse_plan
from orgs.queries import find_founded_by, is_organization_slug_taken
from orgs.retention import note_window_before, restore_window
from orgs.sign_up import is_open_to_all
from orgs.slugs import free_slug
from orgs.verbs import verb

_MAX_NAME = 512
_FOUNDINGS_AN_HOUR = 10
_HOUR = timedelta(hours=1)


def create_organization(actor: Actor, *, name: str, plan: Plan) -> Organization:
    """A new, empty organization."""
    return _create(actor, _named(name, plan=plan))


def create_own_organization(user: User, *, name: str) -> Organization:
    """An organization that the person owns, on the operator's default plan; one for each address.

    The caller has made sure that the address is the person's.
    """
    require_founding_open()
    require_attempts_left("founding", str(user.pk), limit=_FOUNDINGS_AN_HOUR, window=_HOUR)
    # Before the verb: its refusals would each begin the log of an organization that never was.
    earlier = find_founded_by(user.email)
    if earlier is not None:
        raise AlreadyExists(f"You have founded an organization already: {earlier.name}.")
    organization = _named(name, plan=parse_plan(environment().default_plan))
    organization.founder_email = user.email
    founder = Actor(CredentialKind.SESSION, user.pk, user.display_name)
    return _found(founder, organization, user=user)


@verb(Action.ORGANIZATION_CREATED)
def _create(actor: Actor, organization: Organization) -> Organization:
    _require_operator(actor)
    _insert(organization)
    record(
        actor,
        Action.ORGANIZATION_CREATED,
        target=organization.audit_target(),
        plan=organization.plan,
    )
    return organization


@verb(Action.ORGANIZATION_CREATED)
def _found(actor: Actor, organization: Organization, *, user: User) -> Organization:
    _insert(organization)
    join(organization, user, Role.ORG_OWNER)
    record(
        actor,
        Action.ORGANIZATION_CREATED,
        target=organization.audit_target(),
        plan=organization.plan,
        founder=user.email,
    )
    return organization


@verb(Action.ORGANIZATION_RENAMED)
def rename_organization(actor: Actor, organization: Organization, *, name: str) -> Organization:
    """Change how people read it; its address in URLs stays."""
    require(actor, Permission.ORGANIZATION_UPDATE, organization.scope)
    name = _checked_name(name)
    organization = locked(organization.pk)
    previous, organization.name = organization.name, name
    if previous == name:
        return organization
    organization.save(update_fields=["name"])
    target = organization.audit_target()
    record(actor, Action.ORGANIZATION_RENAMED, target=target, previous=previous)
    return organization


@verb(Action.ORGANIZATION_DELETED)
def delete_organization(actor: Actor, organization: Organization) -> None:
    """Delete an organization without projects: members, roles, invitations and service accounts go
    with it; its audit events stay."""
    require(actor, Permission.ORGANIZATION_DELETE, organization.scope)
    organization = locked(organization.pk)
    # The reverse relation, because the package of projects stands above this one.
    remaining = organization.projects.count()
    if remaining:
        raise FailedPrecondition(
            f"The organization still has {remaining} projects. Delete them first."
        )
    record(actor, Action.ORGANIZATION_DELETED, target=organization.audit_target())
    organization.delete()


@verb(Action.ORGANIZATION_SUSPENDED)
def suspend_organization(
    actor: Actor, organization: Organization, *, reason: str = ""
) -> Organization:
    """Shut everybody out until it is resumed: members at once, keys at index nodes in a second."""
    _require_operator(actor)
    organization = locked(organization.pk)
    if organization.suspended_at is not None:
        return organization
    organization.suspended_at = clock.now()
    organization.save(update_fields=["suspended_at"])
    target = organization.audit_target()
    record(actor, Action.ORGANIZATION_SUSPENDED, target=target, reason=reason)
    announce_change()
    return organization


@verb(Action.ORGANIZATION_RESUMED)
def resume_organization(actor: Actor, organization: Organization) -> Organization:
    """Let everybody in again."""
    _require_operator(actor)
    organization = locked(organization.pk)
    if organization.suspended_at is None:
        return organization
    organization.suspended_at = None
    organization.save(update_fields=["suspended_at"])
    record(actor, Action.ORGANIZATION_RESUMED, target=organization.audit_target())
    announce_change()
    return organization


@verb(Action.ORGANIZATION_PLAN_CHANGED)
def set_plan(actor: Actor, organization: Organization, *, plan: Plan) -> Organization:
    """What exists beyond the new plan stays; more of it is refused."""
    _require_operator(actor)
    organization = locked(organization.pk)
    if organization.plan == plan:
        return organization
    window = restore_window(organization)
    previous, organization.plan = organization.plan, plan
    note_window_before(organization, window)
    organization.save(update_fields=["plan", "restorable_from"])
    pause_without_feature(organization)
    record(
        actor,
        Action.ORGANIZATION_PLAN_CHANGED,
        target=organization.audit_target(),
        plan=plan,
        previous=previous,
    )
    return organization


def require_founding_open() -> None:
    """People found organizations where the operator lets them sign up on their own."""
    if not is_open_to_all():
        raise Forbidden("Organizations here are made by the operator.")


def _named(name: str, *, plan: Plan) -> Organization:
    name = _checked_name(name)
    slug = free_slug(name, is_taken=is_organization_slug_taken)
    return Organization(name=name, slug=slug, plan=plan)


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("An organization's name has 1 to 512 characters.", field="name")
    return name


def _insert(organization: Organization) -> None:
    """Save a new one, also where another took its slug, or founded for its founder, just now."""
    try:
        with transaction.atomic():
            organization.save(force_insert=True)
    except IntegrityError:
        if organization.founder_email and find_founded_by(organization.founder_email):
            raise AlreadyExists("You have founded an organization already.") from None
        organization.slug = free_slug(organization.name, is_taken=lambda _slug: True)
        organization.save(force_insert=True)


def _require_operator(actor: Actor) -> None:
    if not actor.is_unbounded:
        raise PermissionDenied("Only the operator of this installation may do this.")
