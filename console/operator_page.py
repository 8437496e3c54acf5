"""The operator's pages, `/operator/…`: they are about the whole installation.

To everybody else they are pages that do not exist.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from access.actor import Actor
from accounts.models import User
from console.auth import note_activity, way_of
from console.errors import error_page
from console.navigation import Area, Crumb, Item
from kit.errors import StonepineError
from orgs.operators import operator_actor

_HOME = "operator"
_PAGES = (
    ("Status", _HOME, "layout-dashboard"),
    ("Nodes", "operator_nodes", "server"),
    ("Organizations", "operator_organizations", "building"),
    ("Jobs", "operator_jobs", "clock"),
    ("Settings", "operator_settings", "settings"),
    ("Diagnostics", "operator_diagnostics", "activity"),
)


@dataclass(frozen=True, slots=True)
class Operating:
    """An operator at the installation's pages."""

    request: HttpRequest
    user: User
    actor: Actor


View = Callable[..., HttpResponseBase]


def operating(request: HttpRequest) -> Operating | None:
    """The operator behind the request, if it is one's."""
    if not request.user.is_authenticated:
        return None
    actor = operator_actor(request.user, way_of(request))
    return None if actor is None else Operating(request, request.user, actor)


def operator_page(view: View) -> View:
    """`view(own, …)` for operators. Goes above what narrows methods: who is none must not learn
    which the page answers."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        own = operating(request)
        if own is None:
            raise Http404
        note_activity(request)
        try:
            return view(own, **kwargs)
        except StonepineError as error:
            return error_page(request, error)

    return guarded


def only(*methods: str) -> Callable[[View], View]:
    """Below `operator_page`: what `require_http_methods` is for views of a request."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def allowed(own: Operating, **kwargs: Any) -> HttpResponseBase:
            if own.request.method not in methods:
                return HttpResponse(status=405, headers={"Allow": ", ".join(methods)})
            return view(own, **kwargs)

        return allowed

    return wrap


def render_operator(
    own: Operating,
    template: str,
    context: dict[str, Any],
    *,
    trail: tuple[Crumb, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """One of the pages, with the others beside it; `trail` leads on below the current one."""
    items = [_item(own.request, *page) for page in _PAGES]
    current = next((item for item in items if item.is_current), items[0])
    frame = {
        "area": Area("Operator", reverse(f"console:{_HOME}")),
        "items": items,
        "current": current,
        "own": own,
        "trail": trail,
    }
    return render(own.request, template, {**frame, **context}, status=status)


def go_on(own: Operating, page: str, *args: Any, saying: str) -> HttpResponse:
    """On to another page after a change, with a toast there."""
    messages.success(own.request, saying)
    return redirect(f"console:{page}", *args)


def _item(request: HttpRequest, label: str, page: str, icon: str) -> Item:
    url = reverse(f"console:{page}")
    is_below = page != _HOME and request.path.startswith(url + "/")
    return Item(label, url, icon, request.path == url or is_below)
