"""API keys: the list, creating one, showing it once."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET, require_http_methods

from access.keys import PlainKey
from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.keys import KeyForm
from console.key_roles import described, role_names
from console.key_words import limits, tone
from console.navigation import Crumb, project_url
from console.render import render_page, render_sheet
from console.rights import Rights
from console.snippets import exports
from console.visit import Visit, guard, project_page
from indexes.models import Index
from indexes.queries import visible_indexes
from kit.errors import StonepineError
from projects.api_keys import create_api_key
from projects.models import ApiKey
from projects.queries import api_keys


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key with its rights and limits in words and the colour of its expiry."""

    key: ApiKey
    permissions: str
    limits: str
    tone: str


@require_GET
@project_page
def listing(visit: Visit) -> HttpResponse:
    names = _index_names(visit)
    rows = [_row(key, names) for key in api_keys(visit.actor, visit.here)]
    return render_page(visit, "keys/list.html", {"keys": rows}, trail=(Crumb("API keys"),))


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def new(visit: Visit) -> HttpResponse:
    """The form, and after it the one page that shows the key."""
    guard(visit, Permission.API_KEY_CREATE, Action.API_KEY_CREATED)
    form = KeyForm(visit.request.POST or None, indexes=_indexes(visit), initial=_asked(visit))
    if form.is_valid():
        try:
            key, plain = create_api_key(
                visit.actor,
                visit.here,
                name=form.cleaned_data["name"],
                roles=form.roles,
                expires_at=form.expires_at,
                bounds=form.bounds,
            )
            return shown_once(visit, key, plain)
        except StonepineError as error:
            form.refuse(error)
    context = {"form": form, "role_names": json.dumps(role_names())}
    return render_sheet(
        visit, "keys/_new.html", context,
        title="Create API key", trail=(trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


def shown_once(visit: Visit, key: ApiKey, plain: PlainKey) -> HttpResponse:
    """The answer to the POST itself: the key is in no URL, no session and no cache."""
    context = {
        "key": key,
        "secret": plain.value,
        "permissions": described(key.typed_roles),
        "limits": limits(key, _index_names(visit)),
        "exports": exports(key.shown),
    }
    response = render_sheet(
        visit, "keys/_created.html", context, title="Save your new API key", trail=(trail(visit),)
    )
    add_never_cache_headers(response)
    return response


def trail(visit: Visit) -> Crumb:
    return Crumb("API keys", project_url(visit.organization, visit.here, "keys"))


def _row(key: ApiKey, names: dict[UUID, str]) -> KeyRow:
    return KeyRow(key, described(key.typed_roles), limits(key, names), tone(key))


def _indexes(visit: Visit) -> list[Index]:
    """Those that a key may be confined to: what the person sees of the project."""
    may_see = Rights(visit.actor, visit.here.scope)["index_read"].is_allowed
    return visible_indexes(visit.actor, visit.here) if may_see else []


def _asked(visit: Visit) -> dict[str, Any]:
    """What a link to the form wants the key confined to."""
    given = visit.request.GET
    return {
        "index_ids": given.getlist("index"),
        "namespaces": "\n".join(given.getlist("namespace")),
    }


def _index_names(visit: Visit) -> dict[UUID, str]:
    return {index.pk: index.name for index in _indexes(visit)}
