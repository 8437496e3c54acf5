"""A month's statement as CSV: a line for each project, index and day, and one with the totals."""

import csv
from collections.abc import Iterator
from typing import Any

from access.actor import Actor
from access.decide import require
from access.permissions import Permission
from billing.models import Usage
from billing.months import Month
from billing.queries import REQUESTS, days_begun
from kit.spreadsheets import inert
from orgs.models import Organization
from orgs.tenancy import tenant

_HEADER = (
    "project_id", "project", "index_id", "index", "day",
    "read_units", "write_units", "storage_bytes", *REQUESTS,
)  # fmt: skip
_CHUNK = 500


def statement(actor: Actor, organization: Organization, month: Month) -> Iterator[str]:
    """Its lines, read while they are taken, in a transaction of their own.

    The last line's units and requests are sums; its storage is the average of all days that have
    begun.
    """
    require(actor, Permission.BILLING_READ, organization.scope)
    return _lines(organization, month)


def file_name(organization: Organization, month: Month) -> str:
    return f"stonepine-{organization.slug}-{month}.csv"


def _lines(organization: Organization, month: Month) -> Iterator[str]:
    writer = csv.writer(_Echo())
    totals = dict.fromkeys(_HEADER[5:], 0)
    yield writer.writerow(_HEADER)
    with tenant(organization.pk):
        rows = Usage.objects.filter(
            organization_id=organization.pk, day__range=(month.first, month.last)
        )
        ordered = rows.order_by("project_name", "project_id", "index_name", "index_id", "day")
        for row in ordered.iterator(chunk_size=_CHUNK):
            numbers = {name: getattr(row, name) or 0 for name in totals}
            for name, number in numbers.items():
                totals[name] += number
            names = (row.project_id, inert(row.project_name), row.index_id, inert(row.index_name))
            yield writer.writerow((*names, row.day, *numbers.values()))
    totals["storage_bytes"] = round(totals["storage_bytes"] / days_begun(month.first, month.last))
    yield writer.writerow(("total", "", "", "", month, *totals.values()))


class _Echo:
    """A file whose writes are handed back, so that the writer's lines can be passed on."""

    def write(self, line: str) -> Any:
        return line
