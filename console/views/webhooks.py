"""Webhooks: the list, making one, and one with its deliveries; each secret is shown once."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.webhooks import WebhookForm
from console.navigation import Crumb, project_url
from console.paging import ROWS, after, further
from console.places import at_both_places, place_url
from console.render import render_page, render_sheet
from console.snippets import Snippet, snippets
from console.visit import Visit, guard
from kit import clock
from kit.errors import NotFound, StonepineError
from orgs.models import Organization
from projects.models import Project
from webhooks.endpoints import NewSecret, create_webhook, host_of
from webhooks.models import Attempt, Delivery, Webhook
from webhooks.queries import Health, deliveries, get_webhook, healths
from webhooks.queries import webhooks as webhooks_at
from webhooks.secret_store import url_of

_TITLE = "Webhooks"


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """`url` leads to the webhook's own page, at its project where it has one."""

    webhook: Webhook
    host: str
    url: str
    health: Health


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    delivery: Delivery
    last: Attempt | None


@at_both_places("GET")
def listing(visit: Visit) -> HttpResponse:
    found = webhooks_at(visit.actor, place_of(visit))
    well = healths(visit.actor, found)
    rows = [WebhookRow(one, host_of(one), _url_of(visit, one), well[one.pk]) for one in found]
    return render_page(visit, "webhooks/list.html", {"rows": rows}, trail=(Crumb(_TITLE),))


@at_both_places("GET", "POST")
@freshly_confirmed
def new(visit: Visit) -> HttpResponse:
    """The form, and after it the one page that shows the secret."""
    guard(visit, Permission.WEBHOOK_WRITE, Action.WEBHOOK_CREATED)
    form = WebhookForm(visit.posted, is_of_project=visit.project is not None)
    if form.is_valid():
        try:
            return shown_once(
                visit, create_webhook(visit.actor, place_of(visit), **form.cleaned_data)
            )
        except StonepineError as error:
            form.refuse(error)
    call = snippets("webhook", ("curl", "Shell"), place=visit)
    return render_sheet(
        visit, "webhooks/_new.html", {"form": form, "snippets": call, "is_new": True},
        title="Create webhook", trail=(trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@at_both_places("GET")
def detail(visit: Visit, webhook_id: UUID) -> HttpResponse:
    webhook = found_webhook(visit, webhook_id)
    page = deliveries(visit.actor, webhook, limit=ROWS, after=after(visit.request))
    context = {
        "webhook": webhook,
        "address": url_of(webhook),
        "host": host_of(webhook),
        "health": healths(visit.actor, [webhook])[webhook.pk],
        "has_two_secrets": webhook.has_two_secrets(clock.now()),
        "rows": [DeliveryRow(one, _last(one)) for one in page.rows],
        "next": further(visit.request, "after", page.next_after),
        "snippets": snippets("webhook_receiver", ("Python",)),
        "calls": snippets("webhook_calls", ("curl", "Shell"), webhook=webhook),
    }
    crumbs = (trail(visit), Crumb(webhook.name))
    return render_page(visit, "webhooks/detail.html", context, trail=crumbs)


def shown_once(visit: Visit, made: NewSecret) -> HttpResponse:
    """The answer to the POST itself: the secret is in no URL, no session and no cache."""
    response = render_sheet(
        visit, "webhooks/_secret.html",
        {"webhook": made.webhook, "secret": made.secret, "snippets": _receiver()},
        title="Save the secret", trail=(trail(visit),),
    )  # fmt: skip
    add_never_cache_headers(response)
    return response


def found_webhook(visit: Visit, webhook_id: UUID) -> Webhook:
    """One of this very place; those of projects have their pages there."""
    require(visit.actor, Permission.WEBHOOK_READ, place_of(visit).scope)
    found = get_webhook(visit.actor, visit.organization, webhook_id)
    if found.project_id != (visit.project.pk if visit.project else None):
        raise NotFound(f"Webhook {webhook_id} not found.")
    return found


def place_of(visit: Visit) -> Organization | Project:
    return visit.project or visit.organization


def trail(visit: Visit) -> Crumb:
    return Crumb(_TITLE, place_url(visit, "webhooks"))


def _receiver() -> list[Snippet]:
    return snippets("webhook_receiver", ("Python",))


def _url_of(visit: Visit, webhook: Webhook) -> str:
    if webhook.project is None:
        return reverse("console:webhook", args=[visit.organization.slug, webhook.pk])
    return f"{project_url(visit.organization, webhook.project, 'project_webhooks')}/{webhook.pk}"


def _last(delivery: Delivery) -> Attempt | None:
    return max(delivery.tries.all(), key=lambda one: one.started_at, default=None)
