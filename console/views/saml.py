"""The service provider's addresses: where browsers leave for their identity provider and arrive."""

from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.auth import begin_sign_on, is_ours, keep_briefly, safe_next
from console.errors import STATUS, error_page, form_status
from console.forms.sso import DiscoveryForm
from kit import clock
from kit.errors import NotFound, StonepineError
from sso.arrivals import receive
from sso.departures import Departure, depart
from sso.discovery import connection_of_address, connection_of_organization
from sso.errors import SignOnRefused
from sso.models import SamlConnection
from sso.published import published_metadata
from sso.queries import find_connection
from sso.request import PostForm
from sso.sign_on import finish as finish_sign_on

_BEGUN = "sign_ons_begun"
_MOST_BEGUN = 10
_TAKES_S = 15 * 60


@never_cache
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The domain of an address tells which identity provider to ask."""
    form, status = DiscoveryForm(request.POST or None), 200
    if form.is_valid():
        try:
            connection = connection_of_address(form.cleaned_data["email"])
            return _leave(request, _login_url(connection, safe_next(request)))
        except StonepineError as error:
            form.refuse(error)
            status = form_status(error)
    context = {"form": form, "next": safe_next(request)}
    return render(request, "sso/start.html", context, status=status)


@never_cache
@require_GET
def start_at(request: HttpRequest, organization: str) -> HttpResponse:
    """An organization's own address for signing in."""
    try:
        connection = connection_of_organization(organization)
    except StonepineError as error:
        return error_page(request, error)
    return redirect(_login_url(connection, safe_next(request)))


@require_GET
def metadata(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Ours, for the identity provider's administrator; signed by the current key."""
    try:
        connection = find_connection(connection_id)
    except StonepineError as error:
        return error_page(request, error)
    return HttpResponse(published_metadata(connection), content_type="application/samlmetadata+xml")


@never_cache
@require_GET
def login(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """To the identity provider, remembering in this browser what was asked."""
    try:
        departure = depart(find_connection(connection_id), must_ask_again="again" in request.GET)
    except StonepineError as error:
        return refused(request, error)
    return sent_away(request, departure, onward=safe_next(request))


@never_cache
@csrf_exempt
@sensitive_post_parameters("SAMLResponse")
@require_POST
def acs(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """The provider's form arrives, from another site: without the session's cookie."""
    try:
        connection = find_connection(connection_id)
        received = receive(connection, request.POST.get("SAMLResponse", ""))
    except StonepineError as error:
        return refused(request, error)
    if received.trial_id is not None:
        organization = connection.organization.slug
        page = resolve_url("console:sso_test", organization, connection.pk, received.trial_id)
        return _see(page)
    state = request.POST.get("RelayState", "")
    there = resolve_url("console:saml_finish", connection_id=connection.pk)
    asked = {"token": received.token, **({"next": state} if is_ours(state) else {})}
    return _see(f"{there}?{urlencode(asked)}")


@never_cache
@require_GET
def finish(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """The same browser, now with its session: in."""
    begun: dict[str, Any] = request.session.get(_BEGUN, {})
    try:
        find_connection(connection_id)
        signed = finish_sign_on(request.GET.get("token", ""), begun_here=tuple(begun))
    except StonepineError as error:
        return refused(request, error)
    onward = begun[signed.saml_id] if signed.saml_id else safe_next(request)
    request.session.pop(_BEGUN, None)
    return begin_sign_on(request, signed, onward=onward)


def sent_away(request: HttpRequest, departure: Departure, *, onward: str) -> HttpResponse:
    """The answer that takes the browser to the provider, by the binding it wants."""
    begun: dict[str, Any] = request.session.get(_BEGUN, {})
    begun[departure.saml_id] = onward
    request.session[_BEGUN] = dict(list(begun.items())[-_MOST_BEGUN:])
    keep_briefly(request)
    if isinstance(departure.to, PostForm):
        return _posting(request, departure.to)
    return HttpResponseRedirect(departure.to)


def leave_for(request: HttpRequest, departure: Departure, *, onward: str) -> HttpResponse:
    """Like `sent_away`, after a form of ours: our policy lets no form lead to another site, so a
    page goes there by itself."""
    answer = sent_away(request, departure, onward=onward)
    return _leave(request, answer.url) if isinstance(answer, HttpResponseRedirect) else answer


def refused(request: HttpRequest, error: StonepineError) -> HttpResponse:
    """Why not: with a code, the time and the request id for the administrator."""
    if isinstance(error, NotFound) or not isinstance(error, SignOnRefused):
        return error_page(request, error)
    context = {"fault": error.fault, "message": error.message, "now": clock.now()}
    return render(request, "sso/refused.html", context, status=STATUS[error.code])


def _login_url(connection: SamlConnection, onward: str) -> str:
    there = resolve_url("console:saml_login", connection_id=connection.pk)
    return f"{there}?{urlencode({'next': onward})}"


def _leave(request: HttpRequest, url: str) -> HttpResponse:
    return render(request, "sso/leaving.html", {"url": url})


def _posting(request: HttpRequest, form: PostForm) -> HttpResponse:
    parts = urlsplit(form.action)
    response = render(request, "sso/posting.html", {"form": form})
    response._csp_update = {"form-action": [f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined] # noqa: SLF001 - django-csp's own hook
    return response


def _see(url: str) -> HttpResponse:
    """303: whatever came, a page is asked for next."""
    response = redirect(url)
    response.status_code = 303
    response["Referrer-Policy"] = "no-referrer"
    return response
