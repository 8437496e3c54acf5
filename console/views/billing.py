"""Usage and billing: the month, the plan and its quotas, the contact, the statement."""

from typing import Any

from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from billing.caps import caps_of
from billing.contacts import set_billing_contact
from billing.months import Month
from billing.overview import plan_overview, project_quotas
from billing.queries import Grouping, Use, billing_contact, project_usage, usage
from billing.statement import file_name, statement
from console.forms.billing import BillingContactForm
from console.navigation import Crumb, Tab, project_url
from console.render import go, render_page, render_sheet
from console.visit import Visit, guard, organization_page, project_page
from kit.errors import InvalidArgument, StonepineError

_TITLE = "Usage and billing"


@require_GET
@organization_page
def overview(visit: Visit) -> HttpResponse:
    """The month's use by project, index or day; `?month=2026-11&by=day`."""
    month, by = _month(visit.request), _grouping(visit.request)
    rows = usage(visit.actor, visit.organization, first=month.first, last=month.last, by=by)
    quotas = plan_overview(visit.actor, visit.organization)
    url = reverse("console:billing", args=[visit.organization.slug])
    context = {
        **_month_of(rows, month, by),
        "quotas": quotas,
        "stored": next(quota.used for quota in quotas if quota.is_bytes),
        "stored_when": "now",
        "contact": billing_contact(visit.actor, visit.organization),
        "tabs": [_tab(url, month, one, is_current=one is by) for one in Grouping],
    }
    return render_page(visit, "billing/overview.html", context, trail=(Crumb(_TITLE),))


@require_GET
@project_page
def of_project(visit: Visit) -> HttpResponse:
    """The month's use of one project by index or day."""
    month, by = _month(visit.request), _grouping(visit.request, default=Grouping.INDEX)
    rows = project_usage(visit.actor, visit.here, first=month.first, last=month.last, by=by)
    url = project_url(visit.organization, visit.here, "project_usage")
    groupings = (Grouping.INDEX, Grouping.DAY)
    context = {
        **_month_of(rows, month, by),
        "stored": _stored(rows, by),
        "stored_when": "most on a day" if by is Grouping.DAY else "on average",
        "tabs": [_tab(url, month, one, is_current=one is by) for one in groupings],
    }
    return render_page(visit, "billing/project_usage.html", context, trail=(Crumb("Usage"),))


@require_GET
@organization_page
def quotas(visit: Visit) -> HttpResponse:
    """What the plan allows, and how much of it is taken."""
    context = {
        "quotas": plan_overview(visit.actor, visit.organization),
        "projects": project_quotas(visit.actor, visit.organization),
        "rates": sorted(caps_of(visit.actor, visit.organization).rates.items()),
    }
    return render_page(visit, "billing/quotas.html", context, trail=(Crumb("Quotas"),))


@require_http_methods(["GET", "POST"])
@organization_page
def contact(visit: Visit) -> HttpResponse:
    guard(visit, Permission.BILLING_WRITE, Action.BILLING_CONTACT_CHANGED)
    held = billing_contact(visit.actor, visit.organization)
    form = BillingContactForm(
        visit.request.POST or None, initial=model_to_dict(held) if held else None
    )
    url = reverse("console:billing", args=[visit.organization.slug])
    if form.is_valid():
        try:
            set_billing_contact(visit.actor, visit.organization, **form.cleaned_data)
            return go(visit, url, saying="Billing contact saved")
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "billing/_contact.html", {"form": form}, title="Billing contact",
        trail=(Crumb(_TITLE, url),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_GET
@organization_page
def download(visit: Visit) -> HttpResponseBase:
    """The statement of `?month=2026-11`, sent while it is read."""
    month = _month(visit.request)
    response = StreamingHttpResponse(
        statement(visit.actor, visit.organization, month), content_type="text/csv; charset=utf-8"
    )
    name = file_name(visit.organization, month)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    add_never_cache_headers(response)
    return response


def _month(request: HttpRequest) -> Month:
    text = request.GET.get("month")
    return Month.parse(text) if text else Month.current()


def _month_of(rows: list[Use], month: Month, by: Grouping) -> dict[str, Any]:
    return {
        "month": month,
        "by": by,
        "rows": rows,
        "read_units": sum(row.read_units for row in rows),
        "write_units": sum(row.write_units for row in rows),
        "requests": sum(row.requests for row in rows),
        "has_next": month.last < Month.current().first,
    }


def _stored(rows: list[Use], by: Grouping) -> int:
    """Of several days the most; of several indexes all together."""
    found = [row.storage_bytes for row in rows]
    return max(found, default=0) if by is Grouping.DAY else sum(found)


def _grouping(request: HttpRequest, *, default: Grouping = Grouping.PROJECT) -> Grouping:
    try:
        return Grouping(request.GET.get("by", default))
    except ValueError:
        raise InvalidArgument("Use is grouped by project, index or day.") from None


def _tab(url: str, month: Month, by: Grouping, *, is_current: bool) -> Tab:
    return Tab(f"By {by}", f"{url}?month={month}&by={by}", is_current)
