"""Service accounts: the list, making one, and one with its secrets; each secret is shown once."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods

from access.keys import PlainKey
from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.service_accounts import ServiceAccountForm
from console.navigation import Crumb
from console.paging import ROWS, after, further
from console.render import render_page, render_sheet
from console.role_words import Held, held_by
from console.snippets import snippets
from console.visit import Visit, guard, organization_page
from kit import clock
from kit.errors import StonepineError
from orgs.account_secrets import secrets_of
from orgs.directory import get_service_account, service_accounts
from orgs.models import ServiceAccount, ServiceAccountSecret
from orgs.plans import FEATURES, Feature, Plan
from orgs.service_accounts import MAX_SECRETS, create_service_account
from projects.queries import visible_projects

_TITLE = "Service accounts"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with its roles in words."""

    account: ServiceAccount
    held: Held


@dataclass(frozen=True, slots=True)
class SecretRow:
    secret: ServiceAccountSecret
    is_expired: bool


@require_GET
@organization_page
def listing(visit: Visit) -> HttpResponse:
    page = service_accounts(visit.actor, visit.organization, limit=ROWS, after=after(visit.request))
    context = {
        "rows": _rows(visit, page.rows),
        "next": further(visit.request, "after", page.next_after),
        "is_included": is_included(visit),
    }
    return render_page(visit, "service_accounts/list.html", context, trail=(Crumb(_TITLE),))


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def new(visit: Visit) -> HttpResponse:
    """The form, and after it the one page that shows the first secret."""
    guard(visit, Permission.SERVICE_ACCOUNT_WRITE, Action.SERVICE_ACCOUNT_CREATED)
    projects = visible_projects(visit.actor, visit.organization)
    form = ServiceAccountForm(visit.posted, projects=projects)
    if form.is_valid():
        try:
            account, plain = create_service_account(
                visit.actor, visit.organization,
                name=form.cleaned_data["name"], assignments=form.assignments,
            )  # fmt: skip
            return shown_once(visit, account, plain)
        except StonepineError as error:
            form.refuse(error)
    call = snippets("service_account", ("curl",))
    return render_sheet(
        visit, "service_accounts/_new.html",
        {"form": form, "projects": projects, "snippets": call},
        title="Create service account", trail=(trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_GET
@organization_page
def detail(visit: Visit, service_account_id: UUID) -> HttpResponse:
    account = get_service_account(visit.actor, visit.organization, service_account_id)
    secrets = secrets_of(visit.actor, account)
    now = clock.now()
    (row,) = _rows(visit, [account])
    context = {
        "row": row,
        "account": account,
        "secrets": [
            SecretRow(one, one.expires_at is not None and one.expires_at <= now) for one in secrets
        ],
        "may_add": is_included(visit) and len(secrets) < MAX_SECRETS,
        "is_included": is_included(visit),
        "snippets": snippets("access_token", ("curl",), client_id=account.client_id),
    }
    crumbs = (trail(visit), Crumb(account.name))
    return render_page(visit, "service_accounts/detail.html", context, trail=crumbs)


def shown_once(visit: Visit, account: ServiceAccount, plain: PlainKey) -> HttpResponse:
    """The answer to the POST itself: the secret is in no URL, no session and no cache."""
    response = render_sheet(
        visit, "service_accounts/_created.html", {"account": account, "secret": plain.value},
        title="Save the secret", trail=(trail(visit),),
    )  # fmt: skip
    add_never_cache_headers(response)
    return response


def is_included(visit: Visit) -> bool:
    return Feature.SERVICE_ACCOUNTS in FEATURES[Plan(visit.organization.plan)]


def trail(visit: Visit) -> Crumb:
    return Crumb(_TITLE, reverse("console:service_accounts", args=[visit.organization.slug]))


def _rows(visit: Visit, found: list[ServiceAccount]) -> list[AccountRow]:
    held = held_by(visit, [one.pk for one in found])
    return [AccountRow(one, held[one.pk]) for one in found]
