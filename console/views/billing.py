"""Usage and billing of an organization: the month, the plan, the contact, the statement."""

from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods

from access.permissions import Permission
from audit.actions import Action
from billing.contacts import set_billing_contact
from billing.months import Month
from billing.overview import plan_overview
from billing.queries import Grouping, billing_contact, usage
from billing.statement import file_name, statement
from console.forms.billing import BillingContactForm
from console.navigation import Crumb, Tab
from console.render import go, render_page, render_sheet
from console.visit import Visit, guard, organization_page
from kit.errors import InvalidArgument, StonepineError

_TITLE = "Usage and billing"


@require_GET
@organization_page
def overview(visit: Visit) -> HttpResponse:
    """The month's use by project, index or day; `?month=2026-11&by=day`."""
    month, by = _month(visit.request), _grouping(visit.request)
    rows = usage(visit.actor, visit.organization, first=month.first, last=month.last, by=by)
    quotas = plan_overview(visit.actor, visit.organization)
    context = {
        "month": month,
        "by": by,
        "rows": rows,
        "read_units": sum(row.read_units for row in rows),
        "write_units": sum(row.write_units for row in rows),
        "requests": sum(row.requests for row in rows),
        "quotas": quotas,
        "stored": next(quota.used for quota in quotas if quota.is_bytes),
        "contact": billing_contact(visit.actor, visit.organization),
        "tabs": [_tab(visit, month, one, is_current=one is by) for one in Grouping],
        "has_next": month.last < Month.current().first,
    }
    return render_page(visit, "billing/overview.html", context, trail=(Crumb(_TITLE),))


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


def _grouping(request: HttpRequest) -> Grouping:
    try:
        return Grouping(request.GET.get("by", Grouping.PROJECT))
    except ValueError:
        raise InvalidArgument("Use is grouped by project, index or day.") from None


def _tab(visit: Visit, month: Month, by: Grouping, *, is_current: bool) -> Tab:
    url = reverse("console:billing", args=[visit.organization.slug])
    return Tab(f"By {by}", f"{url}?month={month}&by={by}", is_current)
