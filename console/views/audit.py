"""An organization's audit log: narrowing it, one event, exporting it, verifying its chain."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_POST

from access.permissions import Permission
from accounts.throttle import require_attempts_left
from audit.actions import Action
from audit.export import CONTENT_TYPES, parse_form
from audit.search import EventFilter, Page, parse_filter
from console.confirm import freshly_confirmed
from console.errors import INVALID
from console.forms.audit import AuditFilterForm
from console.navigation import Crumb
from console.render import render_page, render_sheet
from console.visit import Visit, guard, organization_page
from kit.errors import FailedPrecondition, InvalidArgument
from orgs.audit_log import chain_state, export_events, get_event, search_events, verify_events

_TITLE = "Audit log"
_NOTHING = Page([], None)
_MAX_FOLLOWED = 100_000  # about five seconds
_FOLLOWED_AT_ONCE = 10


@require_GET
@organization_page
def listing(visit: Visit) -> HttpResponse:
    return _page(visit)


@require_GET
@organization_page
def event(visit: Visit, event_id: UUID) -> HttpResponse:
    """Everything that is kept of one event."""
    found = get_event(visit.actor, visit.organization, event_id)
    parameters = json.dumps(found.parameters, indent=2, ensure_ascii=False, sort_keys=True)
    return render_sheet(
        visit, "audit/_event.html", {"event": found, "parameters": parameters},
        title="Audit event", trail=(Crumb(_TITLE, _here(visit)),),
    )  # fmt: skip


@require_POST
@organization_page
@freshly_confirmed
def export(visit: Visit) -> HttpResponseBase:
    """Everything that fits the filter, sent while it is read; the export is an event itself."""
    guard(visit, Permission.AUDIT_READ, Action.AUDIT_EXPORTED)
    wanted = _wanted(AuditFilterForm(visit.request.POST))
    form = parse_form(visit.request.POST.get("format", ""))
    lines = export_events(visit.actor, visit.organization, form=form, wanted=wanted)
    response = StreamingHttpResponse(lines, content_type=CONTENT_TYPES[form])
    name = f"audit-{visit.organization.slug}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    add_never_cache_headers(response)
    return response


@require_POST
@organization_page
def verify(visit: Visit) -> HttpResponse:
    """Follow the whole chain once more, while the person waits: not too long ones, and not over
    and over. Nothing changes, so this answers with the page."""
    length = chain_state(visit.actor, visit.organization).sequence
    if length > _MAX_FOLLOWED:
        raise FailedPrecondition(
            f"The chain has {length:,} entries; more than {_MAX_FOLLOWED:,} are not followed here. "
            "Whoever operates this installation verifies it with: stonepine audit verify."
        )
    require_attempts_left("audit-verify", str(visit.organization.pk), limit=_FOLLOWED_AT_ONCE)
    return _page(visit, report=verify_events(visit.actor, visit.organization))


def _page(visit: Visit, **changed: Any) -> HttpResponse:
    form = AuditFilterForm(visit.request.GET)
    state = chain_state(visit.actor, visit.organization)
    found, status = _NOTHING, 200
    try:
        wanted = _wanted(form)
        found = search_events(visit.actor, visit.organization, wanted, before=_before(visit))
    except InvalidArgument as error:
        if form.is_valid():
            form.refuse(error)
        status = INVALID
    chosen = {name: value for name, value in visit.request.GET.items() if name in form.fields}
    older = urlencode({**chosen, "before": found.next_before}) if found.next_before else ""
    context = {
        "form": form,
        "events": found.events,
        "older": older,
        "looked_back_to": found.looked_back_to,
        "chosen": {name: value for name, value in chosen.items() if value},
        "state": state,
        **changed,
    }
    return render_page(visit, "audit/list.html", context, trail=(Crumb(_TITLE),), status=status)


def _wanted(form: AuditFilterForm) -> EventFilter:
    if not form.is_valid():
        raise InvalidArgument("The filter cannot be used.")
    return parse_filter(form.texts)


def _before(visit: Visit) -> int | None:
    text = visit.request.GET.get("before", "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:  # what a bigint surely holds
        raise InvalidArgument("There is no such page of the audit log.")
    return int(text)


def _here(visit: Visit) -> str:
    return reverse("console:audit", args=[visit.organization.slug])
