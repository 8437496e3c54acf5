"""Reads of use and of the billing contact, for those who may see billing."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from billing.models import BillingContact, Usage
from kit import clock
from kit.errors import InvalidArgument
from orgs.models import Organization
from orgs.tenancy import tenant
from projects.models import Project

REQUESTS = ("upserts", "queries", "fetches", "lists", "updates", "deletes", "others")
_MAX_DAYS = 366


class Grouping(StrEnum):
    """What a row of use stands for."""

    PROJECT = "project"
    INDEX = "index"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Use:
    """A group's sums; what it does not stand for is None or empty.

    `storage_bytes` is a day's, or for a group of many days their average over all days of the
    period that have begun.
    """

    project_id: UUID | None
    project_name: str
    index_id: UUID | None
    index_name: str
    day: date | None
    read_units: int
    write_units: int
    requests: int
    storage_bytes: int


_KEYS = {
    Grouping.PROJECT: ("project_id",),
    Grouping.INDEX: ("project_id", "index_id"),
    Grouping.DAY: ("day",),
}
# Of a thing that was renamed the last name counts.
_NAMES = {
    "project_names": ArrayAgg("project_name", order_by="-day"),
    "index_names": ArrayAgg("index_name", order_by="-day"),
}


def usage(
    actor: Actor, organization: Organization, *, first: date, last: date, by: Grouping
) -> list[Use]:
    """Use from the first day to the last, both included, by name or day."""
    require(actor, Permission.BILLING_READ, organization.scope)
    return _used(organization.pk, first, last, by)


def project_usage(
    actor: Actor, project: Project, *, first: date, last: date, by: Grouping
) -> list[Use]:
    """As `usage`, of one project, for whoever may read its indexes."""
    require(actor, Permission.INDEX_READ, project.scope)
    return _used(project.organization_id, first, last, by, project_id=project.pk)


def _used(organization_id: UUID, first: date, last: date, by: Grouping, **only: UUID) -> list[Use]:
    days = days_begun(first, last)
    names = {} if by is Grouping.DAY else _NAMES
    with tenant(organization_id):
        rows = Usage.objects.filter(
            organization_id=organization_id, day__range=(first, last), **only
        )
        sums = {
            "read_units": Sum("read_units"),
            "write_units": Sum("write_units"),
            "requests": Sum(sum((F(name) for name in REQUESTS[1:]), F(REQUESTS[0]))),
            "storage_bytes": Coalesce(Sum("storage_bytes"), 0),
        }
        groups = list(rows.values(*_KEYS[by]).annotate(**sums, **names))
    if by is Grouping.PROJECT:
        groups = [{**group, "index_names": [""]} for group in groups]
    found = [_use(group, days=1 if by is Grouping.DAY else days) for group in groups]
    return sorted(found, key=lambda use: (use.day or first, use.project_name, use.index_name))


def units_by_index(actor: Actor, project: Project) -> dict[UUID, tuple[int, int]]:
    """Read and write units of all time, for whoever may read the project's indexes."""
    require(actor, Permission.INDEX_READ, project.scope)
    with tenant(project.organization_id):
        rows = Usage.objects.filter(organization_id=project.organization_id, project_id=project.pk)
        sums = (
            rows.order_by().values_list("index_id").annotate(Sum("read_units"), Sum("write_units"))
        )
        return {index_id: (int(reads), int(writes)) for index_id, reads, writes in sums}


def days_begun(first: date, last: date) -> int:
    """How many days of the period are over or under way; raises `InvalidArgument`."""
    if last < first or (last - first).days >= _MAX_DAYS:
        raise InvalidArgument(f"A period has 1 to {_MAX_DAYS} days.", field="last")
    return max(1, (min(last, clock.now().date()) - first).days + 1)


def billing_contact(actor: Actor, organization: Organization) -> BillingContact | None:
    require(actor, Permission.BILLING_READ, organization.scope)
    with tenant(organization.pk):
        return BillingContact.objects.filter(organization=organization).first()


def _use(group: dict[str, Any], *, days: int) -> Use:
    return Use(
        project_id=group.get("project_id"),
        project_name=group.get("project_names", [""])[0],
        index_id=group.get("index_id"),
        index_name=group.get("index_names", [""])[0],
        day=group.get("day"),
        read_units=int(group["read_units"]),
        write_units=int(group["write_units"]),
        requests=int(group["requests"]),
        storage_bytes=round(group["storage_bytes"] / days),
    )
