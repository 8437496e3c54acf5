"""What happens to a key later: rolling, disabling, enabling, revoking."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.base import ConsoleForm
from console.forms.keys import RollForm
from console.render import go, render_sheet
from console.views.keys import shown_once, trail
from console.visit import Visit, guard, project_page
from kit.errors import StonepineError
from projects.api_keys import disable_api_key, enable_api_key, revoke_api_key
from projects.key_rolling import roll_api_key
from projects.queries import get_api_key


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def roll(visit: Visit, key_id: UUID) -> HttpResponse:
    guard(visit, Permission.API_KEY_UPDATE, Action.API_KEY_ROLLED, id=str(key_id))
    key = get_api_key(visit.actor, visit.here, key_id)
    form = RollForm(visit.request.POST or None)
    if form.is_valid():
        try:
            successor, plain = roll_api_key(visit.actor, key, until=form.until)
            return shown_once(visit, successor, plain)
        except StonepineError as error:
            form.refuse(error)
    return render_sheet(
        visit, "keys/_roll.html", {"key": key, "form": form},
        title=f"Roll {key.name}", trail=(trail(visit),), is_invalid=bool(form.errors),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@project_page
def switch(visit: Visit, key_id: UUID) -> HttpResponse:
    """Disable a key, or enable one that is disabled."""
    guard(visit, Permission.API_KEY_UPDATE, Action.API_KEY_DISABLED, id=str(key_id))
    key = get_api_key(visit.actor, visit.here, key_id)
    is_enabling = visit.request.POST.get("enable") == "1"
    if visit.request.method == "POST":
        (enable_api_key if is_enabling else disable_api_key)(visit.actor, key)
        done = "enabled" if is_enabling else "disabled"
        return go(visit, trail(visit).url, saying=f"API key {key.name} {done}")
    title = f"{'Disable' if key.disabled_at is None else 'Enable'} {key.name}"
    context = {"key": key, "form": ConsoleForm()}
    return render_sheet(visit, "keys/_switch.html", context, title=title, trail=(trail(visit),))


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def revoke(visit: Visit, key_id: UUID) -> HttpResponse:
    guard(visit, Permission.API_KEY_REVOKE, Action.API_KEY_REVOKED, id=str(key_id))
    key = get_api_key(visit.actor, visit.here, key_id)
    if visit.request.method == "POST":
        revoke_api_key(visit.actor, key, reason="revoked in the console")
        return go(visit, trail(visit).url, saying=f"API key {key.name} revoked")
    context = {"key": key, "form": ConsoleForm()}
    return render_sheet(
        visit, "keys/_revoke.html", context, title=f"Revoke {key.name}", trail=(trail(visit),)
    )
