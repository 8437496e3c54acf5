"""Organizations: made by the operator, who chooses their plan; renamed and deleted by owners."""

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.record import record
from kit.errors import FailedPrecondition, InvalidArgument, PermissionDenied
from orgs.audit_streams import pause_without_feature
from orgs.locks import locked
from orgs.models import Organization
from orgs.plans import Plan
from orgs.queries import is_organization_slug_taken
from orgs.slugs import free_slug
from orgs.verbs import verb

_MAX_NAME = 512


def create_organization(actor: Actor, *, name: str, plan: Plan) -> Organization:
    """A new, empty organization."""
    name = _checked_name(name)
    slug = free_slug(name, is_taken=is_organization_slug_taken)
    return _create(actor, Organization(name=name, slug=slug, plan=plan))


@verb(Action.ORGANIZATION_CREATED)
def _create(actor: Actor, organization: Organization) -> Organization:
    _require_operator(actor)
    organization.save(force_insert=True)
    record(
        actor,
        Action.ORGANIZATION_CREATED,
        target=organization.audit_target(),
        plan=organization.plan,
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


@verb(Action.ORGANIZATION_PLAN_CHANGED)
def set_plan(actor: Actor, organization: Organization, *, plan: Plan) -> Organization:
    _require_operator(actor)
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    if organization.plan == plan:
        return organization
    previous, organization.plan = organization.plan, plan
    organization.save(update_fields=["plan"])
    pause_without_feature(organization)
    record(
        actor,
        Action.ORGANIZATION_PLAN_CHANGED,
        target=organization.audit_target(),
        plan=plan,
        previous=previous,
    )
    return organization


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("An organization's name has 1 to 512 characters.", field="name")
    return name


def _require_operator(actor: Actor) -> None:
    if not actor.is_unbounded:
        raise PermissionDenied("Only the operator of this installation may do this.")
