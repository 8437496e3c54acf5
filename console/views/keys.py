"""API keys: the list, creating one, showing it once, revoking."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods

from access.keys import PlainKey
from access.permissions import Permission
from audit.actions import Action
from console.forms.base import ConsoleForm
from console.forms.keys import KeyForm
from console.key_roles import described, role_names
from console.navigation import Crumb, project_url
from console.render import go, render_page, render_sheet
from console.snippets import exports
from console.visit import Visit, guard, project_page
from kit import clock
from kit.errors import StonepineError
from projects.api_keys import create_api_key, revoke_api_key
from projects.models import ApiKey
from projects.queries import api_keys, get_api_key

_SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key with its rights in words and the colour of its expiry."""

    key: ApiKey
    permissions: str
    tone: str


@require_GET
@project_page
def listing(visit: Visit) -> HttpResponse:
    rows = [_row(key) for key in api_keys(visit.actor, visit.here)]
    return render_page(visit, "keys/list.html", {"keys": rows}, trail=(Crumb("API keys"),))


@require_http_methods(["GET", "POST"])
@project_page
def new(visit: Visit) -> HttpResponse:
    """The form, and after it the one page that shows the key."""
    guard(visit, Permission.API_KEY_CREATE, Action.API_KEY_CREATED)
    form = KeyForm(visit.request.POST or None)
    if form.is_valid():
        try:
            key, plain = create_api_key(
                visit.actor,
                visit.here,
                name=form.cleaned_data["name"],
                roles=form.roles,
                expires_at=form.expires_at,
            )
            return _shown_once(visit, key, plain)
        except StonepineError as error:
            form.refuse(error)
    context = {"form": form, "role_names": json.dumps(role_names())}
    return render_sheet(
        visit, "keys/_new.html", context,
        title="Create API key", trail=(_trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@project_page
def revoke(visit: Visit, key_id: UUID) -> HttpResponse:
    guard(visit, Permission.API_KEY_REVOKE, Action.API_KEY_REVOKED, id=str(key_id))
    key = get_api_key(visit.actor, visit.here, key_id)
    form = ConsoleForm()
    if visit.request.method == "POST":
        revoke_api_key(visit.actor, key, reason="revoked in the console")
        return go(visit, _trail(visit).url, saying=f"API key {key.name} revoked")
    context = {"key": key, "form": form}
    return render_sheet(
        visit, "keys/_revoke.html", context, title=f"Revoke {key.name}", trail=(_trail(visit),)
    )


def _shown_once(visit: Visit, key: ApiKey, plain: PlainKey) -> HttpResponse:
    """The answer to the POST itself: the key is in no URL, no session and no cache."""
    context = {
        "key": key,
        "secret": plain.value,
        "permissions": described(key.typed_roles),
        "exports": exports(key.shown),
    }
    response = render_sheet(
        visit, "keys/_created.html", context, title="Save your new API key", trail=(_trail(visit),)
    )
    add_never_cache_headers(response)
    return response


def _trail(visit: Visit) -> Crumb:
    return Crumb("API keys", project_url(visit.organization, visit.here, "keys"))


def _row(key: ApiKey) -> KeyRow:
    tone = "good"
    if key.expires_at is not None and key.expires_at <= clock.now():
        tone = "bad"
    elif key.expires_at is not None and key.expires_at - clock.now() < _SOON:
        tone = "warn"
    return KeyRow(key, described(key.typed_roles), tone)
