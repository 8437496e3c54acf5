"""The command palette's answers; without scripts, a page that searches."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from console.finder import find
from console.navigation import Crumb
from console.render import render_page_or_fragment
from console.visit import Visit, organization_page, project_page


@require_GET
@organization_page
def in_organization(visit: Visit) -> HttpResponse:
    return _found(visit)


@require_GET
@project_page
def in_project(visit: Visit) -> HttpResponse:
    """With the pages and acts of the project besides."""
    return _found(visit)


def _found(visit: Visit) -> HttpResponse:
    text = visit.request.GET.get("q", "")
    context = {"text": text, "groups": find(visit, text)}
    return render_page_or_fragment(
        visit, "finder/page.html", "found", context, trail=(Crumb("Go to"),)
    )
