"""Audit streams: the list, making one, one with its ledger, and what happens to it later."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.decide import require
from access.permissions import Permission
from audit.actions import Action
from audit.models import StreamKind
from console.confirm import freshly_confirmed
from console.forms.audit_streams import FORMS, RewindForm
from console.forms.base import ConsoleForm
from console.navigation import Crumb
from console.render import go, render_page, render_sheet
from console.snippets import snippets
from console.visit import Visit, guard, organization_page
from kit.errors import NotFound, StonepineError
from orgs.audit_streams import (
    NewStream,
    StreamState,
    create_stream,
    delete_stream,
    deliveries,
    pause_stream,
    redeliver,
    resume_stream,
    stream_state,
    stream_states,
    test_stream,
)
from orgs.plans import FEATURES, Feature, Plan

_TITLE = "Audit streams"
_WORDS = {
    StreamKind.HTTP: ("HTTPS", "Signed batches of JSON to an address of yours."),
    StreamKind.SYSLOG: ("Syslog", "RFC 5424 over TLS, as most SIEMs take it."),
    StreamKind.S3: ("S3", "Objects of JSON lines in a bucket, also of compatible stores."),
}


@dataclass(frozen=True, slots=True)
class KindChoice:
    kind: str
    label: str
    advice: str


@require_GET
@organization_page
def listing(visit: Visit) -> HttpResponse:
    states = stream_states(visit.actor, visit.organization)
    context = {"states": states, "is_included": _is_included(visit)}
    trail = (_trail(visit)[0], Crumb(_TITLE))
    return render_page(visit, "audit_streams/list.html", context, trail=trail)


@require_GET
@organization_page
def choose(visit: Visit) -> HttpResponse:
    """Which kind of receiver it is."""
    require(visit.actor, Permission.AUDIT_WRITE, visit.organization.scope)
    kinds = [KindChoice(kind, *words) for kind, words in _WORDS.items()]
    return render_sheet(
        visit, "audit_streams/_kinds.html", {"kinds": kinds},
        title="Create audit stream", trail=_trail(visit),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def new(visit: Visit, receiver: str) -> HttpResponse:
    """The form of the kind, and after it what is shown once."""
    guard(visit, Permission.AUDIT_WRITE, Action.AUDIT_STREAM_CREATED)
    if receiver not in FORMS:
        raise NotFound(f"There is no kind of audit stream {receiver[:80]}.")
    kind = StreamKind(receiver)
    form = FORMS[kind](visit.posted)
    if form.is_valid():
        try:
            made = create_stream(
                visit.actor, visit.organization, name=form.cleaned_data["name"], kind=kind,
                config=form.config, secret=form.given_secret,
            )  # fmt: skip
            return _made(visit, made)
        except StonepineError as error:
            form.refuse(error)
    label, advice = _WORDS[kind]
    call = snippets("audit_stream", ("curl",), kind=kind)
    return render_sheet(
        visit, "audit_streams/_new.html",
        {"form": form, "kind": kind, "label": label, "advice": advice, "snippets": call},
        title=f"Stream to {label}", trail=_trail(visit), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_GET
@organization_page
def detail(visit: Visit, stream_id: UUID) -> HttpResponse:
    state = stream_state(visit.actor, visit.organization, stream_id)
    context = {
        "state": state,
        "stream": state.stream,
        "settings": _settings(state),
        "batches": deliveries(visit.actor, visit.organization, stream_id),
        "is_included": _is_included(visit),
        "snippets": snippets("audit_stream_calls", ("curl",), stream=state.stream),
    }
    crumbs = (*_trail(visit), Crumb(state.stream.name))
    return render_page(visit, "audit_streams/detail.html", context, trail=crumbs)


@require_POST
@organization_page
def try_out(visit: Visit, stream_id: UUID) -> HttpResponse:
    """Send a test now, and say on the stream's page what came of it."""
    guard(visit, Permission.AUDIT_WRITE, Action.AUDIT_STREAM_TESTED, id=str(stream_id))
    stream_state(visit.actor, visit.organization, stream_id)
    error = test_stream(visit.actor, visit.organization, stream_id).error
    if error:
        messages.error(visit.request, f"The test was not taken. {error}")
        return redirect(_here(visit, stream_id))
    return go(visit, _here(visit, stream_id), saying="The receiver took the test")


@require_POST
@organization_page
def switch(visit: Visit, stream_id: UUID) -> HttpResponse:
    """Pause it, or resume it where `resume` is sent along."""
    guard(visit, Permission.AUDIT_WRITE, Action.AUDIT_STREAM_PAUSED, id=str(stream_id))
    stream_state(visit.actor, visit.organization, stream_id)
    is_resuming = visit.request.POST.get("resume") == "1"
    act = resume_stream if is_resuming else pause_stream
    act(visit.actor, visit.organization, stream_id)
    done = "resumed" if is_resuming else "paused"
    return go(visit, _here(visit, stream_id), saying=f"The stream is {done}")


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def rewind(visit: Visit, stream_id: UUID) -> HttpResponse:
    guard(visit, Permission.AUDIT_WRITE, Action.AUDIT_STREAM_REWOUND, id=str(stream_id))
    state = stream_state(visit.actor, visit.organization, stream_id)
    form = RewindForm(visit.posted, initial={"from_sequence": state.stream.starts_after + 1})
    if form.is_valid():
        try:
            redeliver(visit.actor, visit.organization, stream_id, **form.cleaned_data)
            return go(visit, _here(visit, stream_id), saying="Entries are sent again")
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "_rewind", state, form, title=f"Send again over {state.stream.name}")


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def delete(visit: Visit, stream_id: UUID) -> HttpResponse:
    guard(visit, Permission.AUDIT_WRITE, Action.AUDIT_STREAM_DELETED, id=str(stream_id))
    state = stream_state(visit.actor, visit.organization, stream_id)
    if visit.request.method == "POST":
        delete_stream(visit.actor, visit.organization, stream_id)
        return go(visit, _trail(visit)[-1].url, saying=f"Audit stream {state.stream.name} deleted")
    return _sheet(visit, "_delete", state, ConsoleForm(), title=f"Delete {state.stream.name}")


def _made(visit: Visit, made: NewStream) -> HttpResponse:
    """The answer to the POST itself shows a secret of ours; without one it leads to the page."""
    if made.secret is None:
        return go(visit, _here(visit, made.stream.pk), saying="Audit stream created")
    response = render_sheet(
        visit, "audit_streams/_secret.html", {"stream": made.stream, "secret": made.secret},
        title="Save the secret", trail=_trail(visit),
    )  # fmt: skip
    add_never_cache_headers(response)
    return response


def _settings(state: StreamState) -> dict[str, Any]:
    """What is set, as the form calls it; certificates are too long to show."""
    fields = FORMS[StreamKind(state.stream.kind)].base_fields
    shown = {"ca": "set", "tls": "yes"}
    return {
        str(fields[name].label): shown.get(name, value)
        for name, value in state.stream.config.items()
        if value not in {"", None, False} and name in fields
    }


def _is_included(visit: Visit) -> bool:
    return Feature.AUDIT_STREAMS in FEATURES[Plan(visit.organization.plan)]


def _trail(visit: Visit) -> tuple[Crumb, ...]:
    slug = [visit.organization.slug]
    return (
        Crumb("Audit log", reverse("console:audit", args=slug)),
        Crumb(_TITLE, reverse("console:audit_streams", args=slug)),
    )


def _sheet(
    visit: Visit, name: str, state: StreamState, form: ConsoleForm, *, title: str
) -> HttpResponse:
    here = _here(visit, state.stream.pk)
    return render_sheet(
        visit, f"audit_streams/{name}.html",
        {"stream": state.stream, "state": state, "form": form, "here": here},
        title=title, trail=(*_trail(visit), Crumb(state.stream.name, here)),
        is_invalid=bool(form.errors),
    )  # fmt: skip


def _here(visit: Visit, stream_id: UUID) -> str:
    return reverse("console:audit_stream", args=[visit.organization.slug, stream_id])
