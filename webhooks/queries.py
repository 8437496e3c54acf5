"""Reads of webhooks and of how telling them went."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from access.actor import Actor
from access.decide import decide, require
from access.permissions import Permission
from kit import clock
from kit.errors import NotFound
from kit.pagination import MAX_LIMIT, Page, checked_limit, page_of
from orgs.models import Organization
from orgs.tenancy import tenant
from projects.models import Project
from webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook

_COUNTED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Health:
    """Of one webhook's deliveries of the last day."""

    delivered: int
    failed: int
    waiting: int


def webhooks(actor: Actor, place: Organization | Project) -> list[Webhook]:
    """Those of the project, or all of the organization with those of its projects; by name."""
    require(actor, Permission.WEBHOOK_READ, place.scope)
    with tenant(place.tenant_id):
        rows = _rows(place.tenant_id)
        if isinstance(place, Project):
            rows = rows.filter(project=place)
        return list(rows.order_by("name", "id"))


def get_webhook(actor: Actor, organization: Organization, webhook_id: UUID) -> Webhook:
    """`NotFound` also for those of projects that the actor does not see at all."""
    with tenant(organization.pk):
        found = _rows(organization.pk).filter(pk=webhook_id).first()
    if found is None or not decide(actor, _seeing(found), found.scope).is_allowed:
        raise NotFound(f"Webhook {webhook_id} not found.")
    require(actor, Permission.WEBHOOK_READ, found.scope)
    return found


def healths(actor: Actor, found: list[Webhook]) -> dict[UUID, Health]:
    """How the last day went for each, by its id."""
    if not found:
        return {}
    for one in found:
        require(actor, Permission.WEBHOOK_READ, one.scope)
    since = Q(deliveries__created_at__gte=clock.now() - _COUNTED_FOR)
    counts = {
        status: Count("deliveries", filter=since & Q(deliveries__status=status))
        for status in DeliveryStatus.values
    }
    with tenant(found[0].organization_id):
        rows = Webhook.objects.filter(pk__in=[one.pk for one in found]).annotate(**counts)
        counted = list(rows.values("pk", *counts))
    return {one["pk"]: Health(one["delivered"], one["failed"], one["pending"]) for one in counted}


def deliveries(
    actor: Actor, webhook: Webhook, *, limit: int = MAX_LIMIT, after: UUID | None = None
) -> Page[Delivery]:
    """The newest first, each with its tries; `after` is the last one of the page before."""
    require(actor, Permission.WEBHOOK_READ, webhook.scope)
    limit = checked_limit(limit)
    with tenant(webhook.organization_id):
        rows = Delivery.objects.filter(webhook=webhook).prefetch_related("tries")
        if after is not None:
            rows = rows.filter(pk__lt=after)
        return page_of(list(rows.order_by("-id")[: limit + 1]), limit)


def get_delivery(actor: Actor, webhook: Webhook, delivery_id: UUID) -> Delivery:
    require(actor, Permission.WEBHOOK_READ, webhook.scope)
    with tenant(webhook.organization_id):
        found = Delivery.objects.filter(webhook=webhook, pk=delivery_id).first()
    if found is None:
        raise NotFound(f"Delivery {delivery_id} not found.")
    return found


def attempts_of(actor: Actor, webhook: Webhook, delivery: Delivery) -> list[Attempt]:
    """The newest first."""
    require(actor, Permission.WEBHOOK_READ, webhook.scope)
    with tenant(webhook.organization_id):
        return list(Attempt.objects.filter(delivery=delivery).order_by("-id"))


def _rows(organization_id: UUID) -> QuerySet[Webhook]:
    rows = Webhook.objects.select_related("organization", "project")
    return rows.filter(organization_id=organization_id)


def _seeing(webhook: Webhook) -> Permission:
    return Permission.ORGANIZATION_READ if webhook.project_id is None else Permission.PROJECT_READ
