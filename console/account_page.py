"""The frame of a person's own pages, `/account/…`: they belong to no organization."""

from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access.actor import Actor
from accounts.models import User
from console.navigation import Area, Item
from orgs.account_verbs import person

_PAGES = (
    ("Profile", "account", "user"),
    ("Password", "account_password", "lock"),
    ("Second factors", "account_factors", "shield-check"),
    ("Sessions", "account_sessions", "world"),
    ("Activity", "account_activity", "activity"),
)


@dataclass(frozen=True, slots=True)
class Own:
    """A signed-in person at their own account."""

    request: HttpRequest

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    @property
    def actor(self) -> Actor:
        return person(self.user)


def render_account(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """One of the pages, with the others beside it."""
    items = [_item(request, *page) for page in _PAGES]
    current = next((item for item in items if item.is_current), items[0])
    area = Area("Your account", reverse("console:account"))
    frame = {"area": area, "items": items, "current": current, "own": Own(request)}
    return render(request, template, {**frame, **context}, status=status)


def _item(request: HttpRequest, label: str, page: str, icon: str) -> Item:
    url = reverse(f"console:{page}")
    is_below = page != "account" and request.path.startswith(url + "/")
    if page == "account":  # which is above all others, and shows the address itself
        is_below = request.path == reverse("console:account_email")
    return Item(label, url, icon, request.path == url or is_below)
