"""Making organizations and choosing their plan: acts of the operator."""

from access.actor import Actor
from audit.actions import Action
from audit.record import record
from kit.errors import InvalidArgument, PermissionDenied
from orgs.audit_streams import pause_without_feature
from orgs.models import Organization
from orgs.plans import Plan
from orgs.queries import is_organization_slug_taken
from orgs.slugs import free_slug
from orgs.verbs import verb

_MAX_NAME = 512


def create_organization(actor: Actor, *, name: str, plan: Plan) -> Organization:
    """A new, empty organization."""
    name = name.strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidArgument("An organization's name has 1 to 512 characters.", field="name")
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


def _require_operator(actor: Actor) -> None:
    if not actor.is_unbounded:
        raise PermissionDenied("Only the operator of this installation may do this.")
