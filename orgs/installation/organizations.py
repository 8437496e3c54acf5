"""Reads over all organizations."""

from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from access.actor import Actor
from accounts.models import User
from kit.errors import NotFound
from kit.pagination import Page, page_of
from orgs.account_verbs import require_operator
from orgs.models import Organization
from orgs.queries import find_organization, owner_ids_of

_MAX_TEXT = 100


def all_organizations(
    actor: Actor, *, limit: int, text: str = "", after: UUID | None = None
) -> Page[Organization]:
    """The newest first, with how many `people` and `project_count` each has. Crosses tenants.

    `text` stands in the name, or is the slug or the public id.
    """
    require_operator(actor)
    rows = Organization.objects.using("system")
    text = text.strip()[:_MAX_TEXT].replace("\0", "")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(slug=text.lower()) | Q(public_id=text))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    rows = rows.annotate(people=_counted("memberships"), project_count=_counted("projects"))
    return page_of(list(rows.order_by("-pk")[: limit + 1]), limit)


def get_any_organization(actor: Actor, slug: str) -> Organization:
    """Also one that is suspended. Crosses tenants."""
    require_operator(actor)
    found = find_organization(slug)
    if found is None or found.slug != slug:
        raise NotFound(f"Organization {slug} not found.")
    return found


def owners_of(actor: Actor, organization: Organization) -> list[str]:
    """Addresses, to write to them."""
    require_operator(actor)
    rows = User.objects.filter(pk__in=owner_ids_of(organization))
    return list(rows.order_by("email").values_list("email", flat=True))


def organizations_by_plan(actor: Actor) -> dict[str, int]:
    """How many are on each plan. Crosses tenants."""
    require_operator(actor)
    rows = Organization.objects.using("system").order_by("plan")
    return dict(rows.values_list("plan").annotate(Count("pk")))


def _counted(relation: str) -> Coalesce:
    """Of the rows of a page alone: a join would count those of every organization first."""
    own = Organization.objects.filter(pk=OuterRef("pk")).values("pk")
    counted: QuerySet[Organization, int] = own.annotate(n=Count(relation)).values_list("n")  # type: ignore[assignment]
    return Coalesce(Subquery(counted), 0)
