"""Second factors of a person: authenticator app, passkeys, recovery codes."""

from datetime import timedelta

from allauth.mfa.adapter import get_adapter
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.second_factors import (
    Kind,
    factors_of,
    find_factor,
    name_of,
    new_totp_secret,
    unused_recovery_codes,
)
from console import passkeys
from console.account_page import Own, render_account
from console.auth import way_of
from console.confirm import freshly_confirmed
from console.errors import INVALID, form_status
from console.forms.accounts import AppForm, PasskeyForm
from console.visit import signed_in
from kit.errors import StonepineError
from orgs.queries import grants_of
from orgs.second_factors import (
    add_authenticator_app,
    add_passkey,
    remove_second_factor,
    renew_codes,
)
from orgs.ways_in import require_may_add_factor

_OFFERED_FOR = timedelta(minutes=15)
_GROUP = 4


@require_GET
@signed_in
def overview(request: HttpRequest) -> HttpResponse:
    """What the person has, and what could be added."""
    factors = factors_of(Own(request).user)
    kinds = {factor.type for factor in factors}
    context = {
        "factors": [
            (factor, name_of(factor)) for factor in factors if factor.type != Kind.RECOVERY_CODES
        ],
        "has_app": Kind.TOTP in kinds,
        "has_codes": Kind.RECOVERY_CODES in kinds,
        "codes_left": unused_recovery_codes(Own(request).user),
        "has_passkeys": passkeys.are_possible(request),
    }
    return render_account(request, "accounts/factors.html", context)


@never_cache
@sensitive_post_parameters("code", "secret")
@require_http_methods(["GET", "POST"])
@signed_in
@freshly_confirmed
def app_new(request: HttpRequest) -> HttpResponse:
    """A QR code to scan; the app is kept once it has shown a right code."""
    own, status = Own(request), 200
    require_may_add_factor(own.user, grants_of(own.user.pk), way_of(request))
    secret = _offered(own.user, request.POST.get("secret", "")) or new_totp_secret()
    form = AppForm(request.POST or None, initial={"secret": _offer(own.user, secret)})
    if form.is_valid():
        try:
            code = form.cleaned_data["code"]
            return _added(
                request, add_authenticator_app(own.actor, own.user, secret=secret, code=code)
            )
        except StonepineError as error:
            form.refuse(error)
            status = form_status(error)
    adapter = get_adapter()
    drawing = adapter.build_totp_svg(adapter.build_totp_url(own.user, secret))
    context = {
        "form": form,
        "offer": _offer(own.user, secret),
        "secret": " ".join(secret[i : i + _GROUP] for i in range(0, len(secret), _GROUP)),
        "drawing": mark_safe(drawing[drawing.index("<svg") :]),  # noqa: S308 - drawn by us
    }
    return render_account(request, "accounts/factor_app.html", context, status=status)


@never_cache
@sensitive_post_parameters("credential")
@require_http_methods(["GET", "POST"])
@signed_in
@freshly_confirmed
def passkey_new(request: HttpRequest) -> HttpResponse:
    own, form = Own(request), PasskeyForm(request.POST or None)
    require_may_add_factor(own.user, grants_of(own.user.pk), way_of(request))
    status = INVALID if form.errors else 200
    if form.is_valid():
        try:
            credential = passkeys.created(form.cleaned_data["credential"])
            name = form.cleaned_data["name"]
            codes = add_passkey(own.actor, own.user, credential=credential, name=name)
            return _added(request, codes)
        except StonepineError as error:
            form.refuse(error)
            status = form_status(error)
    is_possible = passkeys.are_possible(request)
    options = passkeys.creation_options(own.user) if is_possible else ""
    context = {"form": form, "options": options, "is_possible": is_possible}
    return render_account(request, "accounts/factor_passkey.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in
@freshly_confirmed
def codes_new(request: HttpRequest) -> HttpResponse:
    """New recovery codes, shown once in the answer itself."""
    own = Own(request)
    if request.method == "POST":
        return _codes_page(request, renew_codes(own.actor, own.user))
    return render_account(request, "accounts/codes_renew.html", {})


@require_http_methods(["GET", "POST"])
@signed_in
@freshly_confirmed
def remove(request: HttpRequest, factor_id: int) -> HttpResponse:
    own = Own(request)
    factor = find_factor(own.user, factor_id)
    if request.method == "POST":
        remove_second_factor(own.actor, own.user, factor_id=factor_id)
        messages.success(request, "Second factor removed")
        return redirect("console:account_factors")
    context = {"factor": factor, "name": name_of(factor)}
    return render_account(request, "accounts/factor_remove.html", context)


def _added(request: HttpRequest, codes: list[str] | None) -> HttpResponse:
    messages.success(request, "Second factor added")
    return _codes_page(request, codes) if codes else redirect("console:account_factors")


def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render_account(request, "accounts/codes.html", {"codes": codes})


def _offer(user: User, secret: str) -> str:
    """The secret as the form carries it: nothing is stored before the app has shown a code."""
    return signing.dumps(secret, salt=f"totp {user.pk}")


def _offered(user: User, offer: str) -> str | None:
    try:
        return str(signing.loads(offer, salt=f"totp {user.pk}", max_age=_OFFERED_FOR))
    except signing.BadSignature:
        return None
