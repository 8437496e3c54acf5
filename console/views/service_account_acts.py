"""What happens to a service account later: its name, its secrets, its end."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.forms.base import ConsoleForm
from console.forms.service_accounts import RenameForm, SecretForm
from console.navigation import Crumb
from console.render import go, render_sheet
from console.views.service_accounts import shown_once, trail
from console.visit import Visit, guard, organization_page
from kit.errors import StonepineError
from orgs.account_secrets import get_secret
from orgs.directory import get_service_account
from orgs.models import ServiceAccount
from orgs.service_accounts import (
    add_secret,
    delete_service_account,
    rename_service_account,
    revoke_secret,
    rotate_secret,
)

_WRITE = Permission.SERVICE_ACCOUNT_WRITE


@require_http_methods(["GET", "POST"])
@organization_page
def rename(visit: Visit, service_account_id: UUID) -> HttpResponse:
    account = _subject(visit, Action.SERVICE_ACCOUNT_RENAMED, service_account_id)
    form = RenameForm(visit.posted, initial={"name": account.name})
    if form.is_valid():
        try:
            found = rename_service_account(visit.actor, account, name=form.cleaned_data["name"])
            return go(visit, _here(visit, found), saying="Name saved")
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "_rename", account, form, title=f"Rename {account.name}")


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def secret_new(visit: Visit, service_account_id: UUID) -> HttpResponse:
    """One more secret beside the others, so that a new one takes over without a gap."""
    account = _subject(visit, Action.SERVICE_ACCOUNT_SECRET_ADDED, service_account_id)
    form = SecretForm(visit.posted)
    if form.is_valid():
        try:
            _, plain = add_secret(visit.actor, account, expires_at=form.expires_at)
            return shown_once(visit, account, plain)
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "_secret_new", account, form, title=f"Add a secret to {account.name}")


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def secret_revoke(visit: Visit, service_account_id: UUID, secret_id: UUID) -> HttpResponse:
    account = _subject(visit, Action.SERVICE_ACCOUNT_SECRET_REVOKED, service_account_id)
    secret = get_secret(visit.actor, account, secret_id)
    if visit.request.method == "POST":
        revoke_secret(visit.actor, secret)
        return go(visit, _here(visit, account), saying=f"Secret {secret.shown} revoked")
    title = f"Revoke {secret.shown}"
    return _sheet(visit, "_secret_revoke", account, ConsoleForm(), title=title, secret=secret)


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def rotate(visit: Visit, service_account_id: UUID) -> HttpResponse:
    """A new secret in place of all others."""
    account = _subject(visit, Action.SERVICE_ACCOUNT_ROTATED, service_account_id)
    form = ConsoleForm(visit.posted)
    if form.is_valid():
        try:
            return shown_once(visit, account, rotate_secret(visit.actor, account))
        except StonepineError as error:
            form.refuse(error)
    return _sheet(visit, "_rotate", account, form, title=f"Rotate {account.name}")


@require_http_methods(["GET", "POST"])
@organization_page
@freshly_confirmed
def delete(visit: Visit, service_account_id: UUID) -> HttpResponse:
    account = _subject(visit, Action.SERVICE_ACCOUNT_DELETED, service_account_id)
    if visit.request.method == "POST":
        delete_service_account(visit.actor, account)
        return go(visit, trail(visit).url, saying=f"Service account {account.name} deleted")
    return _sheet(visit, "_delete", account, ConsoleForm(), title=f"Delete {account.name}")


def _subject(visit: Visit, action: Action, account_id: UUID) -> ServiceAccount:
    guard(visit, _WRITE, action, id=str(account_id))
    return get_service_account(visit.actor, visit.organization, account_id)


def _sheet(
    visit: Visit, name: str, account: ServiceAccount, form: ConsoleForm, *,
    title: str, **more: object,
) -> HttpResponse:  # fmt: skip
    return render_sheet(
        visit, f"service_accounts/{name}.html",
        {"account": account, "form": form, "here": _here(visit, account), **more},
        title=title, trail=(trail(visit), Crumb(account.name, _here(visit, account))),
        is_invalid=bool(form.errors),
    )  # fmt: skip


def _here(visit: Visit, account: ServiceAccount) -> str:
    return reverse("console:service_account", args=[visit.organization.slug, account.pk])
