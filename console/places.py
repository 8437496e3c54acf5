"""Pages that an organization and each of its projects have: one view, two addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.views.decorators.http import require_http_methods

from console.visit import View, Visit, organization_page, project_page

_OF_PROJECT = "project_"


@dataclass(frozen=True, slots=True)
class Twins:
    """The same view for a whole organization and for a project."""

    of_organization: View
    of_project: View


def at_both_places(*methods: str) -> Callable[[View], Twins]:
    """`view(visit, …)`, where `visit.project` says which of the two it is."""

    def wrap(view: View) -> Twins:
        allowed = require_http_methods(list(methods))
        return Twins(allowed(organization_page(view)), allowed(project_page(view)))

    return wrap


def place_url(visit: Visit, page: str, *args: Any) -> str:
    """The address of such a page where the visitor is."""
    if visit.project is None:
        return reverse(f"console:{page}", args=[visit.organization.slug, *args])
    place = [visit.organization.slug, visit.project.slug]
    return reverse(f"console:{_OF_PROJECT}{page}", args=[*place, *args])
