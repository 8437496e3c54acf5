"""All organizations: finding one, its plan and caps, suspending it."""

from django.http import HttpResponse

from billing.caps import caps_of, set_caps
from billing.overview import plan_overview
from console.confirm import freshly_confirmed
from console.errors import INVALID
from console.forms.operator import CapsForm, FindForm, PlanForm, SuspendForm
from console.forms.support import SupportRequestForm
from console.navigation import Crumb
from console.operator_page import Operating, go_on, only, operator_page, render_operator
from console.paging import ROWS, after, further
from orgs.installation.organizations import all_organizations, get_any_organization, owners_of
from orgs.models import Organization
from orgs.organizations import resume_organization, set_plan, suspend_organization
from orgs.plans import Plan, parse_plan
from orgs.support import support_accesses

_ONE = "operator_organization"


@operator_page
@only("GET")
def listing(own: Operating) -> HttpResponse:
    """Page by page, of `?q=` only those so called."""
    search = FindForm(own.request.GET)
    text = search.cleaned_data["q"] if search.is_valid() else ""
    page = all_organizations(own.actor, limit=ROWS, text=text, after=after(own.request))
    context = {
        "organizations": page.rows,
        "search": search,
        "text": text,
        "next": further(own.request, "after", page.next_after),
    }
    return render_operator(own, "operator/organizations.html", context)


@operator_page
@only("GET")
def detail(own: Operating, organization: str) -> HttpResponse:
    """`?caps=preset` fills in Pinecone's caps of the plan, to look at before they are saved."""
    found = get_any_organization(own.actor, organization)
    is_preset = own.request.GET.get("caps") == "preset"
    return page_of(own, found, caps_form=CapsForm.preset(Plan(found.plan)) if is_preset else None)


@operator_page
@only("POST")
@freshly_confirmed
def plan(own: Operating, organization: str) -> HttpResponse:
    found = get_any_organization(own.actor, organization)
    form = PlanForm(own.request.POST)
    if form.carries_out(
        lambda: set_plan(own.actor, found, plan=parse_plan(form.cleaned_data["plan"]))
    ):
        return go_on(own, _ONE, found.slug, saying=f"{found.name} has a new plan")
    return page_of(own, found, plan_form=form)


@operator_page
@only("POST")
@freshly_confirmed
def caps(own: Operating, organization: str) -> HttpResponse:
    found = get_any_organization(own.actor, organization)
    form = CapsForm(own.request.POST)
    if form.carries_out(lambda: set_caps(own.actor, found, **form.wish)):
        return go_on(own, _ONE, found.slug, saying=f"{found.name} has new caps")
    return page_of(own, found, caps_form=form)


@operator_page
@only("POST")
@freshly_confirmed
def suspend(own: Operating, organization: str) -> HttpResponse:
    found = get_any_organization(own.actor, organization)
    form = SuspendForm(own.request.POST)
    if form.carries_out(
        lambda: suspend_organization(own.actor, found, reason=form.cleaned_data["reason"])
    ):
        return go_on(own, _ONE, found.slug, saying=f"{found.name} is suspended")
    return page_of(own, found, suspend_form=form)


@operator_page
@only("POST")
@freshly_confirmed
def resume(own: Operating, organization: str) -> HttpResponse:
    found = get_any_organization(own.actor, organization)
    resume_organization(own.actor, found)
    return go_on(own, _ONE, found.slug, saying=f"{found.name} is open again")


def page_of(
    own: Operating,
    found: Organization,
    *,
    plan_form: PlanForm | None = None,
    caps_form: CapsForm | None = None,
    suspend_form: SuspendForm | None = None,
    support_form: SupportRequestForm | None = None,
) -> HttpResponse:
    """The page; with a form that was refused, as one that is refused."""
    given = (plan_form, caps_form, suspend_form, support_form)
    context = {
        "organization": found,
        "owners": owners_of(own.actor, found),
        "quotas": plan_overview(own.actor, found),
        "plan_form": plan_form or PlanForm(initial={"plan": found.plan}),
        "caps_form": caps_form or CapsForm.showing(caps_of(own.actor, found)),
        "suspend_form": suspend_form or SuspendForm(),
        "support_form": support_form or SupportRequestForm(),
        "accesses": support_accesses(own.actor, found),
    }
    return render_operator(
        own, "operator/organization.html", context, trail=(Crumb(found.name),),
        status=INVALID if any(form and form.is_bound for form in given) else 200,
    )  # fmt: skip
