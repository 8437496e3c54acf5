"""What an organization's plan allows and how much of it is taken."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Max, Q, Sum

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from billing.models import Caps, Usage
from billing.months import Month
from kit import clock
from orgs.models import Invitation, Membership, Organization
from orgs.tenancy import tenant
from projects.models import Project

# The package of indexes stands beside this one: its rows are reached from their projects.
_LIVE = Q(indexes__isnull=False) & ~Q(indexes__state="Terminating")
_COUNTED: dict[str, tuple[str, Q]] = {
    "Indexes": ("indexes", _LIVE),
    "Collections": ("backups", Q(backups__isnull=False) & ~Q(backups__collection_name="")),
    "Backups": ("backups", Q(backups__collection_name="") & ~Q(backups__status="Failed")),
    "API keys": ("api_keys", Q(api_keys__isnull=False, api_keys__revoked_at=None)),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """`limit` is None where only capacity bounds it."""

    label: str
    used: int
    limit: int | None
    is_bytes: bool = False

    @property
    def percent(self) -> int | None:
        """How much of the limit is used; of none at all everything."""
        if self.limit is None:
            return None
        return min(100, 100 * self.used // self.limit) if self.limit else 100


@dataclass(frozen=True, slots=True)
class ProjectQuotas:
    project: Project
    quotas: list[Quota]

    @property
    def nearest(self) -> int:
        """The percentage of the limit that is nearest; 0 where only capacity bounds the project."""
        return max((quota.percent or 0 for quota in self.quotas), default=0)


def plan_overview(actor: Actor, organization: Organization) -> list[Quota]:
    """The objects that the plan counts."""
    require(actor, Permission.BILLING_READ, organization.scope)
    limits = organization.limits
    with tenant(organization.pk):
        projects = Project.objects.filter(organization=organization)
        return [
            Quota("Projects", projects.count(), limits.projects),
            Quota("Users and open invitations", _people(organization), limits.users),
            Quota("Indexes in the fullest project", _indexes(organization),
                  limits.indexes_per_project),
            *_month_units(organization),
            Quota("Storage", stored_bytes(organization), limits.storage_bytes, is_bytes=True),
        ]  # fmt: skip


def project_quotas(actor: Actor, organization: Organization) -> list[ProjectQuotas]:
    """What the plan counts in each project, by name."""
    require(actor, Permission.BILLING_READ, organization.scope)
    limits = organization.limits
    with tenant(organization.pk):
        projects = list(Project.objects.filter(organization=organization).order_by("name", "id"))
        counts = {name: _by_project(organization, *counted) for name, counted in _COUNTED.items()}
    bounds = (
        limits.indexes_per_project, limits.collections_per_project, limits.backups_per_project,
        limits.api_keys_per_project,
    )  # fmt: skip
    return [
        ProjectQuotas(
            project,
            [
                Quota(name, counts[name].get(project.pk, 0), bound)
                for name, bound in zip(_COUNTED, bounds, strict=True)
            ],
        )
        for project in projects
    ]


def stored_bytes(organization: Organization) -> int:
    """What the records of all live indexes were last reported to hold; needs an open tenant."""
    live = Project.objects.filter(_LIVE, organization=organization).values("indexes__id")
    rows = Usage.objects.filter(organization_id=organization.pk, index_id__in=live)
    last = rows.exclude(last_bytes=None).order_by("index_id", "-day").distinct("index_id")
    return sum(count or 0 for count in last.values_list("last_bytes", flat=True))


def _month_units(organization: Organization) -> list[Quota]:
    caps = Caps.objects.filter(organization=organization).first() or Caps()
    month = Month.current()
    rows = Usage.objects.filter(
        organization_id=organization.pk, day__range=(month.first, month.last)
    )
    used = rows.aggregate(read=Sum("read_units"), write=Sum("write_units"))
    return [
        Quota("Read units this month", int(used["read"] or 0), caps.read_units_per_month),
        Quota("Write units this month", int(used["write"] or 0), caps.write_units_per_month),
    ]


def _by_project(organization: Organization, relation: str, counted: Q) -> dict[UUID, int]:
    """Those that count, by the project's id; one relation at a time, for joins would multiply."""
    rows = Project.objects.filter(organization=organization).order_by()
    return dict(rows.annotate(n=Count(relation, filter=counted)).values_list("pk", "n"))


def _people(organization: Organization) -> int:
    invited = Invitation.objects.filter(
        organization=organization, processed_at=None, expires_at__gt=clock.now()
    )
    return Membership.objects.filter(organization=organization).count() + invited.count()


def _indexes(organization: Organization) -> int:
    counted = Project.objects.filter(organization=organization).annotate(
        live=Count("indexes", filter=_LIVE)
    )
    return int(counted.aggregate(most=Max("live"))["most"] or 0)
