"""What happens to a webhook later: settings, secret, a test, an event once more, its end."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.base import ConsoleForm
from console.forms.webhooks import RotateForm, WebhookForm
from console.navigation import Crumb
from console.places import at_both_places, place_url
from console.render import go, render_sheet
from console.snippets import Snippet
from console.views.webhooks import found_webhook, shown_once, trail
from console.visit import Visit, guard
from kit.errors import StonepineError
from webhooks.deliveries import redeliver as send_again
from webhooks.deliveries import test_webhook
from webhooks.endpoints import (
    delete_webhook,
    disable_webhook,
    enable_webhook,
    rotate_secret,
    update_webhook,
)
from webhooks.models import Webhook
from webhooks.queries import attempts_of, get_delivery
from webhooks.secret_store import url_of
from webhooks.sending import body_of
from webhooks.signature import message_name


@at_both_places("GET", "POST")
@freshly_confirmed
def edit(visit: Visit, webhook_id: UUID) -> HttpResponse:
    webhook = _subject(visit, Action.WEBHOOK_UPDATED, webhook_id)
    now = {"name": webhook.name, "url": url_of(webhook), "events": webhook.events}
    form = WebhookForm(visit.posted, initial=now, is_of_project=visit.project is not None)
    if form.is_valid():
        try:
            update_webhook(visit.actor, webhook, **form.cleaned_data)
            return go(visit, _here(visit, webhook), saying="Webhook saved")
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "_new", webhook, form, title=f"Change {webhook.name}")


@at_both_places("GET", "POST")
@freshly_confirmed
def rotate(visit: Visit, webhook_id: UUID) -> HttpResponse:
    webhook = _subject(visit, Action.WEBHOOK_SECRET_ROTATED, webhook_id)
    form = RotateForm(visit.posted)
    if form.is_valid():
        try:
            return shown_once(visit, rotate_secret(visit.actor, webhook, overlap=form.chosen))
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "_rotate", webhook, form, title=f"Rotate the secret of {webhook.name}")


@at_both_places("POST")
def switch(visit: Visit, webhook_id: UUID) -> HttpResponse:
    """Turn it off, or on where `enable` is sent along."""
    webhook = _subject(visit, Action.WEBHOOK_DISABLED, webhook_id)
    is_enabling = visit.request.POST.get("enable") == "1"
    if is_enabling:
        enable_webhook(visit.actor, webhook)
    else:
        disable_webhook(visit.actor, webhook)
    done = "on" if is_enabling else "off"
    return go(visit, _here(visit, webhook), saying=f"{webhook.name} is turned {done}")


@at_both_places("GET", "POST")
@freshly_confirmed
def delete(visit: Visit, webhook_id: UUID) -> HttpResponse:
    webhook = _subject(visit, Action.WEBHOOK_DELETED, webhook_id)
    if visit.request.method == "POST":
        delete_webhook(visit.actor, webhook)
        return go(visit, trail(visit).url, saying=f"Webhook {webhook.name} deleted")
    return _sheet(visit, "_delete", webhook, ConsoleForm(), title=f"Delete {webhook.name}")


@at_both_places("POST")
def try_out(visit: Visit, webhook_id: UUID) -> HttpResponse:
    """Send a test now, and say on the webhook's page what came of it."""
    webhook = _subject(visit, Action.WEBHOOK_TESTED, webhook_id)
    tried = test_webhook(visit.actor, webhook)
    if tried.error:
        messages.error(visit.request, f"The test was not taken. {tried.error}")
        return redirect(_here(visit, webhook))
    taken = f"The receiver answered {tried.response_status} after {tried.duration_ms} ms"
    return go(visit, _here(visit, webhook), saying=taken)


@at_both_places("GET")
def delivery(visit: Visit, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    """What was sent, and each try."""
    webhook = found_webhook(visit, webhook_id)
    found = get_delivery(visit.actor, webhook, delivery_id)
    found.webhook = webhook
    body = json.dumps(json.loads(body_of(found)), indent=2, ensure_ascii=False)
    context = {
        "delivery": found,
        "message": message_name(found.message_id),
        "tries": attempts_of(visit.actor, webhook, found),
        "snippets": [Snippet("JSON", body)],
    }
    return _sheet(visit, "_delivery", webhook, ConsoleForm(), title=found.type, **context)


@at_both_places("POST")
def redeliver(visit: Visit, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = _subject(visit, Action.WEBHOOK_REDELIVERED, webhook_id)
    send_again(visit.actor, webhook, get_delivery(visit.actor, webhook, delivery_id))
    return go(visit, _here(visit, webhook), saying="The event is sent again")


def _subject(visit: Visit, action: Action, webhook_id: UUID) -> Webhook:
    guard(visit, Permission.WEBHOOK_WRITE, action, id=str(webhook_id))
    return found_webhook(visit, webhook_id)


def _sheet(
    visit: Visit, name: str, webhook: Webhook, form: ConsoleForm, *, title: str, **more: object
) -> HttpResponse:
    here = _here(visit, webhook)
    return render_sheet(
        visit, f"webhooks/{name}.html",
        {"webhook": webhook, "form": form, "here": here, **more},
        title=title, trail=(trail(visit), Crumb(webhook.name, here)),
        is_invalid=bool(form.errors),
    )  # fmt: skip


def _here(visit: Visit, webhook: Webhook) -> str:
    return place_url(visit, "webhook", webhook.pk)
