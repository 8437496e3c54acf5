"""Rendering: whole pages with their frame, fragments for htmx, and dialogs that are pages too."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from console.bell import waiting_notices
from console.navigation import Crumb, crumbs, finder_url, places, sections
from console.visit import Visit

_INVALID = 422


def render_page(
    visit: Visit,
    template: str,
    context: dict[str, Any],
    *,
    trail: tuple[Crumb, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """A page within the console's frame."""
    return render(visit.request, template, {**_frame(visit, trail), **context}, status=status)


def render_page_or_fragment(
    visit: Visit,
    template: str,
    fragment: str,
    context: dict[str, Any],
    *,
    trail: tuple[Crumb, ...] = (),
) -> HttpResponse:
    """The page, or for htmx its partial of that name: one view, one context."""
    if is_fragment_wanted(visit):
        return render_fragment(visit, f"{template}#{fragment}", context)
    return render_page(visit, template, context, trail=trail)


def render_fragment(visit: Visit, template: str, context: dict[str, Any]) -> HttpResponse:
    """What htmx swaps in: a partial, `page.html#name`, or a template of its own."""
    return render(visit.request, template, {"visit": visit, "may": visit.may, **context})


def render_sheet(
    visit: Visit,
    sheet: str,
    context: dict[str, Any],
    *,
    title: str,
    trail: tuple[Crumb, ...] = (),
    is_invalid: bool = False,
) -> HttpResponse:
    """A form or message as a dialog for htmx, as a page of its own without scripts."""
    status = _INVALID if is_invalid else 200
    shared = {"sheet": sheet, "title": title, **context}
    if is_fragment_wanted(visit):
        shared = {"visit": visit, "may": visit.may, **shared}
        return render(visit.request, "components/dialog.html", shared, status=status)
    frame = _frame(visit, (*trail, Crumb(title)))
    return render(visit.request, "components/sheet_page.html", {**frame, **shared}, status=status)


def go(visit: Visit, url: str, *, saying: str) -> HttpResponse:
    """On to another page after a change, with a toast there."""
    messages.success(visit.request, saying)
    return HttpResponseClientRedirect(url) if is_fragment_wanted(visit) else redirect(url)


def is_fragment_wanted(visit: Visit) -> bool:
    return bool(visit.request.headers.get("HX-Request"))


def _frame(visit: Visit, trail: tuple[Crumb, ...]) -> dict[str, Any]:
    return {
        "visit": visit,
        "may": visit.may,
        "may_create_project": visit.may_in_organization["project_create"].is_allowed,
        "places": places(visit),
        "sections": sections(visit),
        "crumbs": crumbs(visit, *trail),
        "finder": finder_url(visit),
        "waiting_notices": waiting_notices(visit),
    }
