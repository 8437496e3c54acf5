"""A project's encryption keys: which locks there are, and the customer's own one."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.base import ConsoleForm
from console.forms.encryption import KEY_FORMS
from console.forms.indexes import DeleteForm
from console.navigation import Crumb, project_url
from console.render import go, render_page, render_sheet
from console.visit import Visit, guard, project_page
from indexes.encryption_impact import impact_of_disabling
from keyring.outer.kinds import LABELS
from kit.environment import environment
from kit.errors import NotFound
from projects.encryption_key_queries import (
    data_key_count,
    encryption_key_of,
    get_encryption_key,
)
from projects.encryption_keys import (
    attach_encryption_key,
    check_encryption_key,
    detach_encryption_key,
    disable_encryption_key,
    enable_encryption_key,
    update_encryption_key,
)

_TITLE = "Encryption keys"
_WRITE = Permission.ENCRYPTION_KEY_WRITE
_WORDS = {
    "address": "Address", "key": "Key", "mount": "Mount", "namespace": "Namespace",
    "role_arn": "Role", "external_id": "External ID", "endpoint": "Endpoint",
    "sts_endpoint": "STS endpoint", "token_endpoint": "Token endpoint",
}  # fmt: skip


@require_GET
@project_page
def overview(visit: Visit) -> HttpResponse:
    key = encryption_key_of(visit.actor, visit.here)
    context = {
        "key": key,
        "kinds": [(kind.value, label) for kind, label in LABELS.items()],
        "keys_wrapped": data_key_count(visit.actor, visit.here),
        "impact": impact_of_disabling(visit.actor, visit.here) if key else None,
        "cache_s": round(environment().data_key_cache_s),
        **(_facts(key.kind, key.shown_settings) if key else {}),
    }
    return render_page(visit, "encryption/overview.html", context, trail=(Crumb(_TITLE),))


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def attach(visit: Visit, kind: str) -> HttpResponse:
    guard(visit, _WRITE, Action.ENCRYPTION_KEY_ATTACHED)
    form_of_kind = KEY_FORMS.get(kind)
    if form_of_kind is None:
        raise NotFound(f"There are no keys of the kind {kind[:80]}.")
    form = form_of_kind(visit.posted)
    if form.carries_out(
        lambda: attach_encryption_key(
            visit.actor, visit.here, kind=kind, settings=form.settings, secret=form.secret
        )
    ):
        return go(visit, _here(visit), saying="Encryption key attached")
    label = LABELS[form.kind]
    context = {"kind": kind, "label": label}
    return _sheet(visit, "_attach", form, title=f"Attach a key at {label}", **context)


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def update(visit: Visit) -> HttpResponse:
    """How the key is reached, and with which secret."""
    guard(visit, _WRITE, Action.ENCRYPTION_KEY_UPDATED)
    key = get_encryption_key(visit.actor, visit.here)
    form = KEY_FORMS[key.kind](visit.posted, initial=dict(key.settings))
    if form.carries_out(
        lambda: update_encryption_key(visit.actor, key, settings=form.settings, secret=form.secret)
    ):
        return go(visit, _here(visit), saying="Encryption key changed")
    return _sheet(visit, "_update", form, title="Change how the key is reached")


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def disable(visit: Visit) -> HttpResponse:
    guard(visit, _WRITE, Action.ENCRYPTION_KEY_DISABLED)
    key = get_encryption_key(visit.actor, visit.here)
    form = DeleteForm(visit.posted, name=visit.here.slug)
    if form.carries_out(lambda: disable_encryption_key(visit.actor, key)):
        return go(visit, _here(visit), saying="Encryption key disabled")
    impact = impact_of_disabling(visit.actor, visit.here)
    return _sheet(visit, "_disable", form, title="Disable the encryption key", impact=impact)


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def detach(visit: Visit) -> HttpResponse:
    guard(visit, _WRITE, Action.ENCRYPTION_KEY_DETACHED)
    key = get_encryption_key(visit.actor, visit.here)
    form = DeleteForm(visit.posted, name=visit.here.slug)
    if form.carries_out(lambda: detach_encryption_key(visit.actor, key)):
        return go(visit, _here(visit), saying="Encryption key detached")
    return _sheet(visit, "_detach", form, title="Detach the encryption key")


@require_http_methods(["GET", "POST"])
@project_page
@freshly_confirmed
def enable(visit: Visit) -> HttpResponse:
    """The provider must agree."""
    guard(visit, _WRITE, Action.ENCRYPTION_KEY_ENABLED)
    key = get_encryption_key(visit.actor, visit.here)
    form = ConsoleForm(visit.posted)
    if form.carries_out(lambda: enable_encryption_key(visit.actor, key)):
        return go(visit, _here(visit), saying="Encryption key enabled")
    return _sheet(visit, "_enable", form, title="Enable the encryption key")


@require_POST
@project_page
def check(visit: Visit) -> HttpResponse:
    """Ask the provider now."""
    guard(visit, _WRITE, Action.ENCRYPTION_KEY_CHECKED)
    checked = check_encryption_key(visit.actor, get_encryption_key(visit.actor, visit.here))
    saying = checked.failure or f"The key opened what it wrapped, in {checked.latency_ms} ms"
    return go(visit, _here(visit), saying=saying)


def _facts(kind: str, settings: dict[str, str]) -> dict[str, object]:
    """What the page says of a key, in words."""
    rows = [(word, settings[name]) for name, word in _WORDS.items() if name in settings]
    return {"provider": LABELS[KEY_FORMS[kind].kind], "settings": rows}


def _sheet(
    visit: Visit, name: str, form: ConsoleForm, *, title: str, **more: object
) -> HttpResponse:
    return render_sheet(
        visit, f"encryption/{name}.html", {"form": form, "here": _here(visit), **more},
        title=title, trail=(Crumb(_TITLE, _here(visit)),), is_invalid=bool(form.errors),
    )  # fmt: skip


def _here(visit: Visit) -> str:
    return project_url(visit.organization, visit.here, "encryption")
