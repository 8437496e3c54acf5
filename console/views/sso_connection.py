"""One connection: what to give the provider, what the provider gives, rules, tests, its states."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from access.permissions import Permission
from audit.actions import Action
from console.confirm import freshly_confirmed
from console.errors import INVALID, form_status
from console.forms.base import ConsoleForm
from console.forms.sso import (
    CertificateForm,
    MetadataForm,
    MetadataUrlForm,
    ProviderForm,
    RulesForm,
)
from console.navigation import Crumb
from console.render import go, render_page
from console.views.saml import leave_for, refused
from console.views.sso import TITLE, no_act
from console.visit import Visit, guard, organization_page
from kit import clock
from kit.errors import StonepineError
from sso.certificates import add_certificate, retire_certificate
from sso.connections import (
    activate_connection,
    delete_connection,
    disable_connection,
    set_provider,
    set_rules,
)
from sso.departures import depart_for_test
from sso.errors import SignOnRefused
from sso.key_pairs import begin_key_rotation, finish_key_rotation
from sso.metadata import read_provider_metadata
from sso.metadata_upkeep import set_metadata_url
from sso.models import SamlConnection
from sso.party import acs_url_of, entity_id_of, logout_urls_of
from sso.presets import PRESETS
from sso.queries import certificates_of, get_connection, get_test, key_pairs_of, tests_of

_NO_ACT = (Action.SSO_CONNECTION_UPDATED, no_act)
_ACTS: dict[str, tuple[Action, Callable[..., Any]]] = {
    "activate": (Action.SSO_CONNECTION_ACTIVATED, activate_connection),
    "disable": (Action.SSO_CONNECTION_DISABLED, disable_connection),
    "delete": (Action.SSO_CONNECTION_DELETED, delete_connection),
    "announce key": (Action.SSO_KEYS_ROTATED, begin_key_rotation),
    "use key": (Action.SSO_KEYS_ROTATED, finish_key_rotation),
}


@require_GET
@organization_page
@freshly_confirmed
def detail(visit: Visit, connection: UUID) -> HttpResponse:
    guard(visit, Permission.SSO_WRITE, Action.SSO_CONNECTION_UPDATED)
    return _page(visit, get_connection(visit.actor, visit.organization, connection))


@require_POST
@organization_page
@freshly_confirmed
def metadata_url(visit: Visit, connection: UUID) -> HttpResponse:
    found = _found(visit, connection, Action.SSO_CONNECTION_UPDATED)
    form = MetadataUrlForm(visit.request.POST)

    def act() -> None:
        set_metadata_url(visit.actor, found, url=form.cleaned_data["url"])

    return _submitted(visit, found, "url_form", form, act=act)


@require_POST
@organization_page
@freshly_confirmed
def metadata_xml(visit: Visit, connection: UUID) -> HttpResponse:
    found = _found(visit, connection, Action.SSO_CONNECTION_UPDATED)
    form = MetadataForm(visit.request.POST)

    def act() -> None:
        xml = form.cleaned_data["metadata"].strip().encode()
        provider = read_provider_metadata(xml, now=clock.now())
        set_provider(visit.actor, found, provider=provider)

    return _submitted(visit, found, "metadata_form", form, act=act)


@require_POST
@organization_page
@freshly_confirmed
def provider(visit: Visit, connection: UUID) -> HttpResponse:
    found = _found(visit, connection, Action.SSO_CONNECTION_UPDATED)
    form = ProviderForm(visit.request.POST)

    def act() -> None:
        set_provider(visit.actor, found, provider=form.provider())

    return _submitted(visit, found, "provider_form", form, act=act)


@require_POST
@organization_page
@freshly_confirmed
def rules(visit: Visit, connection: UUID) -> HttpResponse:
    found = _found(visit, connection, Action.SSO_CONNECTION_UPDATED)
    form = RulesForm(visit.request.POST)

    def act() -> None:
        set_rules(visit.actor, found, rules=form.rules())

    return _submitted(visit, found, "rules_form", form, act=act)


@require_POST
@organization_page
@freshly_confirmed
def certificate_new(visit: Visit, connection: UUID) -> HttpResponse:
    found = _found(visit, connection, Action.SSO_CERTIFICATE_ADDED)
    form = CertificateForm(visit.request.POST)

    def act() -> None:
        add_certificate(visit.actor, found, text=form.cleaned_data["certificate"])

    return _submitted(visit, found, "certificate_form", form, act=act)


@require_POST
@organization_page
@freshly_confirmed
def certificate_retire(visit: Visit, connection: UUID, certificate: UUID) -> HttpResponse:
    found = _found(visit, connection, Action.SSO_CERTIFICATE_RETIRED)
    return _act(visit, found, lambda: retire_certificate(visit.actor, found, certificate))


@require_POST
@organization_page
@freshly_confirmed
def connection_act(visit: Visit, connection: UUID) -> HttpResponse:
    """One of the page's buttons; `act` names it."""
    name = visit.request.POST.get("act", "")
    action, act = _ACTS.get(name, _NO_ACT)
    found = _found(visit, connection, action)
    if name != "delete":
        return _act(visit, found, lambda: act(visit.actor, found))
    home = reverse("console:sso", args=[visit.organization.slug])
    return _act(visit, found, lambda: act(visit.actor, found), onward=home)


@require_POST
@organization_page
def test(visit: Visit, connection: UUID) -> HttpResponse:
    """To the provider and back, without signing anybody in."""
    found = _found(visit, connection, Action.SSO_TESTED)
    try:
        departure = depart_for_test(found, visit.user)
    except SignOnRefused as error:
        return refused(visit.request, error)
    return leave_for(visit.request, departure, onward="/")


@require_GET
@organization_page
def tested(visit: Visit, connection: UUID, test: UUID) -> HttpResponse:
    """What arrived, and why it would be refused."""
    found = get_connection(visit.actor, visit.organization, connection)
    kept = get_test(visit.actor, found, test)
    context = {"connection": found, "test": kept, "facts": _facts(kept.arrived)}
    trail = (*_trail(visit), Crumb(found.name, _url(visit, found)), Crumb("Test"))
    return render_page(visit, "sso/test.html", context, trail=trail)


def _facts(arrived: dict[str, Any]) -> list[tuple[str, str]]:
    """All but the attributes, in words."""
    return [
        (name.replace("_", " "), ", ".join(value) if isinstance(value, list) else str(value))
        for name, value in arrived.items()
        if name != "attributes" and value != ""
    ]


def _found(visit: Visit, connection_id: UUID, action: Action) -> SamlConnection:
    guard(visit, Permission.SSO_WRITE, action)
    return get_connection(visit.actor, visit.organization, connection_id)


def _submitted(
    visit: Visit, connection: SamlConnection, name: str, form: ConsoleForm, *,
    act: Callable[[], object],
) -> HttpResponse:  # fmt: skip
    if not form.is_valid():
        return _page(visit, connection, status=INVALID, **{name: form})
    try:
        act()
    except StonepineError as error:
        form.refuse(error)
        return _page(visit, connection, status=form_status(error), **{name: form})
    return go(visit, _url(visit, connection), saying="Saved")


def _act(
    visit: Visit, connection: SamlConnection, act: Callable[[], object], *, onward: str = ""
) -> HttpResponse:
    try:
        act()
    except StonepineError as error:
        return _page(visit, connection, refusal=error.message, status=form_status(error))
    return go(visit, onward or _url(visit, connection), saying="Done")


def _url(visit: Visit, connection: SamlConnection) -> str:
    return reverse("console:sso_connection", args=[visit.organization.slug, connection.pk])


def _trail(visit: Visit) -> tuple[Crumb, ...]:
    return (Crumb(TITLE, reverse("console:sso", args=[visit.organization.slug])),)


def _page(
    visit: Visit, connection: SamlConnection, *, status: int = 200, **changed: Any
) -> HttpResponse:
    context = {
        "connection": connection,
        "preset": PRESETS[connection.preset],
        "acs_url": acs_url_of(connection),
        "entity_id": entity_id_of(connection),
        "slo_url": logout_urls_of(connection).own,
        "certificates": certificates_of(connection),
        "key_pairs": key_pairs_of(connection),
        "tests": tests_of(connection),
        "url_form": MetadataUrlForm(initial={"url": connection.metadata_url}),
        "metadata_form": MetadataForm(),
        "provider_form": ProviderForm(
            initial={
                "entity_id": connection.idp_entity_id,
                "sso_url": connection.sso_url,
                "slo_url": connection.slo_url,
            }
        ),
        "certificate_form": CertificateForm(),
        "rules_form": RulesForm.of(connection),
        "refusal": "",
        **changed,
    }
    trail = (*_trail(visit), Crumb(connection.name))
    return render_page(visit, "sso/connection.html", context, trail=trail, status=status)
